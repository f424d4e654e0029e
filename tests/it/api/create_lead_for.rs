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

#[tokio::test]
async fn leads_of_another_system_keep_their_age_but_not_by_an_agent() {
    let Team {
        api, ann, mia, ada, ..
    } = &Team::new().await;
    let then = json!({ "createdAt": "2019-05-06T07:08:09.123456+02:00" });
    for who in [mia, ada] {
        let lead = api.lead(who, then.clone()).await;
        assert_eq!(lead["createdAt"], "2019-05-06T05:08:09.123456+00:00");
        assert!(lead["daysSinceCreated"].as_i64().unwrap() > 2_700, "{lead}");
        let rows = api
            .change(
                who,
                "createLeads",
                json!({ "leads": [jan(then.clone()), jan(json!({}))] }),
            )
            .await;
        assert_eq!(rows["succeeded"], 2);
    }
    let old = json!({ "createdAt": { "to": "2019-12-31T00:00:00Z" } });
    assert_eq!(api.found(ada, old).await.len(), 4);
    let entry = &api
        .timeline(ada, &api.lead_id(ada, then.clone()).await)
        .await[0];
    assert!(
        entry["at"].as_str().unwrap() > "2026",
        "the timeline says when it was entered: {entry}"
    );

    api.refused(ann, "createLead", jan(then.clone()), "PERMISSION_DENIED")
        .await;
    let rows = json!({ "leads": [jan(then), jan(json!({ "createdAt": null }))] });
    let rows = api.change(ann, "createLeads", rows).await;
    assert_eq!(
        (&rows["succeeded"], &rows["failed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(rows["results"][0]["error"]["code"], "PERMISSION_DENIED");
    for bad in ["2999-01-01T00:00:00Z", "1899-12-31T23:59:59Z"] {
        let input = jan(json!({ "createdAt": bad }));
        assert_eq!(api.faults(mia, "createLead", input).await, ["createdAt"]);
    }
    // A client's clock that is ahead.
    let soon = chrono::Utc::now() + chrono::TimeDelta::minutes(3);
    let lead = api.lead(mia, json!({ "createdAt": soon })).await;
    assert_eq!(lead["daysSinceCreated"], 0);
}
