//! `deactivateUser`: what becomes of the leads of somebody who goes.

use serde_json::json;

use super::{Team, UNKNOWN, text};

#[tokio::test]
async fn who_goes_keeps_their_leads_if_so_said() {
    let Team { api, ada, ann, .. } = &Team::new().await;
    let lead = api.lead(ann, json!({})).await;
    let input = json!({ "id": ann.id, "leads": { "keep": true } });
    let user = api.change(ada, "deactivateUser", input.clone()).await["user"].clone();
    assert_eq!(user["isActive"], false);
    assert_eq!(api.read(ada, &text(&lead["id"])).await, lead);
    let again = api.change(ada, "deactivateUser", input).await["user"].clone();
    assert_eq!(again["isActive"], false);
}

#[tokio::test]
async fn all_leads_of_who_goes_are_handed_over_if_so_said() {
    let team = Team::new().await;
    let Team {
        api,
        ada,
        ann,
        abe,
        bea,
        ..
    } = &team;
    let one = api.lead_id(ann, json!({})).await;
    let two = api.lead_id(ann, json!({})).await;
    api.change(ann, "archiveLead", json!({ "id": two })).await;
    let other = api.lead_id(abe, json!({})).await;
    let input = json!({ "id": ann.id, "leads": { "assignTo": bea.id } });
    api.change(ada, "deactivateUser", input).await;
    for (id, version) in [(&one, 2), (&two, 3)] {
        let lead = api.read(bea, id).await;
        assert_eq!(lead["assignedTo"]["id"], json!(bea.id));
        assert_eq!(lead["version"], version);
    }
    assert_eq!(api.read(abe, &other).await["version"], 1);
    let input = json!({ "id": bea.id, "leads": { "unassign": true } });
    api.change(ada, "deactivateUser", input).await;
    assert_eq!(api.read(ada, &one).await["assignedTo"], json!(null));
}

#[tokio::test]
async fn leads_are_handed_over_to_another_active_user_only() {
    let Team {
        api, ada, ann, abe, ..
    } = &Team::new().await;
    let lead = api.lead(ann, json!({})).await;
    let gone = json!({ "id": abe.id, "leads": { "keep": true } });
    api.change(ada, "deactivateUser", gone).await;
    let reassign = |to: &str| json!({ "id": ann.id, "leads": { "assignTo": to } });
    for heir in [ann.id.as_str(), &abe.id, "x"] {
        let faults = api.faults(ada, "deactivateUser", reassign(heir)).await;
        assert_eq!(faults, ["leads.assignTo"], "{heir}");
    }
    api.refused(ada, "deactivateUser", reassign(UNKNOWN), "USER_NOT_FOUND")
        .await;
    for member in ["keep", "unassign"] {
        let input = json!({ "id": ann.id, "leads": { member: false } });
        let faults = api.faults(ada, "deactivateUser", input).await;
        assert_eq!(faults, [format!("leads.{member}")]);
    }
    for unclear in [
        json!("KEEP"),
        json!(null),
        json!({}),
        json!({ "assignTo": null }),
        json!({ "keep": null }),
        json!({ "keep": true, "unassign": true }),
        json!({ "keep": true, "assignTo": ada.id }),
        json!({ "reassignTo": ada.id }),
    ] {
        let input = json!({ "id": ann.id, "leads": unclear });
        let code = "GRAPHQL_VALIDATION_FAILED";
        api.refused(ada, "deactivateUser", input, code).await;
    }
    let silent = json!({ "id": ann.id });
    api.refused(ada, "deactivateUser", silent, "GRAPHQL_VALIDATION_FAILED")
        .await;
    assert_eq!(api.read(ann, &text(&lead["id"])).await, lead);
}
