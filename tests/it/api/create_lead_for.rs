//! `createLead`: for whom somebody may create leads.

use serde_json::{Value, json};

use super::{Team, UNKNOWN, jan};

#[tokio::test]
async fn what_an_agent_creates_is_the_agents_own_and_only_theirs() {
    let Team {
        api, ann, abe, mia, ..
    } = &Team::new().await;
    for input in [
        json!({}),
        json!({ "assignedTo": null }),
        json!({ "assignedTo": ann.id }),
    ] {
        let lead = api.lead(ann, input).await;
        assert_eq!(lead["assignedTo"]["id"], json!(ann.id));
    }
    for other in [&abe.id, &mia.id, UNKNOWN] {
        let input = jan(json!({ "assignedTo": other }));
        api.refused(ann, "createLead", input, "PERMISSION_DENIED")
            .await;
    }
}

#[tokio::test]
async fn a_manager_creates_leads_for_the_team_or_for_nobody() {
    let Team {
        api,
        ann,
        mia,
        bea,
        max,
        ada,
        ..
    } = &Team::new().await;
    for assignee in [json!(ann.id), json!(mia.id), json!(null)] {
        let lead = api.lead(mia, json!({ "assignedTo": assignee })).await;
        let assigned: Value = lead["assignedTo"]["id"].clone();
        assert_eq!(assigned, assignee);
    }
    for other in [&bea.id, &max.id, &ada.id] {
        let input = jan(json!({ "assignedTo": other }));
        api.refused(mia, "createLead", input, "PERMISSION_DENIED")
            .await;
    }
}

#[tokio::test]
async fn an_administrator_creates_leads_for_everybody_who_is_active() {
    let team = Team::new().await;
    let Team { api, ada, ben, .. } = &team;
    for (_, user) in team.everybody() {
        let lead = api.lead(ada, json!({ "assignedTo": user.id })).await;
        assert_eq!(lead["assignedTo"]["id"], json!(user.id));
    }
    let input = jan(json!({ "assignedTo": UNKNOWN }));
    api.refused(ada, "createLead", input, "USER_NOT_FOUND")
        .await;
    let input = json!({ "id": ben.id, "leads": { "keep": true } });
    api.change(ada, "deactivateUser", input).await;
    let input = jan(json!({ "assignedTo": ben.id }));
    assert_eq!(api.faults(ada, "createLead", input).await, ["assignedTo"]);
}
