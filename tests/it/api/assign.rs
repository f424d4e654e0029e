//! `assignLeads`: who may hand over whose leads to whom.

use serde_json::{Value, json};

use super::{Team, UNKNOWN};
use crate::support::SignedIn;

fn codes(result: &Value) -> Vec<Value> {
    let rows = result["results"].as_array().unwrap().iter();
    rows.map(|row| row["error"]["code"].clone()).collect()
}

fn handed_to(to: Option<&SignedIn>) -> Value {
    match to {
        Some(to) => json!({ "userId": to.id }),
        None => json!({ "nobody": true }),
    }
}

/// The results for four leads, Ann's, Bea's, Mia's and an unassigned one, when `who` assigns them to `to`.
async fn assigned(team: &Team, who: &SignedIn, to: Option<&SignedIn>) -> Vec<Value> {
    let mut ids = Vec::new();
    for owner in [Some(&team.ann), Some(&team.bea), Some(&team.mia), None] {
        ids.push(team.lead_of(owner, "Kowalski").await);
    }
    let input = json!({ "leads": { "ids": ids }, "to": handed_to(to) });
    let result = team.api.change(who, "assignLeads", input).await;
    for (id, code) in ids.iter().zip(codes(&result)) {
        if code.is_null() {
            let assignee = team.api.read(&team.ada, id).await["assignedTo"]["id"].clone();
            assert_eq!(assignee, json!(to.map(|to| &to.id)));
        }
    }
    codes(&result)
}

#[tokio::test]
async fn administrators_assign_everything_and_managers_within_their_team() {
    let team = &Team::new().await;
    let (ok, denied) = (json!(null), json!("PERMISSION_DENIED"));
    for to in [Some(&team.ann), Some(&team.bea), Some(&team.ada), None] {
        assert_eq!(
            assigned(team, &team.ada, to).await,
            [(); 4].map(|()| ok.clone())
        );
    }
    let own_team = [ok.clone(), denied, ok.clone(), ok];
    for to in [Some(&team.ann), Some(&team.abe), Some(&team.mia), None] {
        assert_eq!(assigned(team, &team.mia, to).await, own_team);
    }
}

#[tokio::test]
async fn an_agent_cannot_assign_and_a_manager_not_to_another_team() {
    let team = Team::new().await;
    let Team {
        api,
        ada,
        mia,
        ann,
        abe,
        bea,
        ..
    } = &team;
    let id = team.lead_of(Some(ann), "Own").await;
    for to in [Some(ann), Some(abe), None] {
        let input = json!({ "leads": { "ids": [id] }, "to": handed_to(to) });
        api.refused(ann, "assignLeads", input, "PERMISSION_DENIED")
            .await;
    }
    for to in [&bea.id, &team.max.id, &ada.id] {
        let input = json!({ "leads": { "ids": [id] }, "to": { "userId": to } });
        api.refused(mia, "assignLeads", input, "PERMISSION_DENIED")
            .await;
    }
    let input = json!({ "leads": { "ids": [id] }, "to": { "userId": UNKNOWN } });
    api.refused(ada, "assignLeads", input, "USER_NOT_FOUND")
        .await;
    let input = json!({ "id": abe.id, "leads": { "keep": true } });
    api.change(ada, "deactivateUser", input).await;
    let input = json!({ "leads": { "ids": [id] }, "to": { "userId": abe.id } });
    let faults = api.faults(mia, "assignLeads", input).await;
    assert_eq!(faults, ["to.userId"]);
    for (to, fault) in [
        (json!({ "userId": "x" }), "to.userId"),
        (json!({ "nobody": false }), "to.nobody"),
    ] {
        let input = json!({ "leads": { "ids": [id] }, "to": to });
        assert_eq!(api.faults(mia, "assignLeads", input).await, [fault]);
    }
    for unclear in [
        json!(null),
        json!({}),
        json!({ "userId": null }),
        json!({ "nobody": null }),
        json!({ "userId": ann.id, "nobody": true }),
        json!(ann.id),
    ] {
        let input = json!({ "leads": { "ids": [id] }, "to": unclear });
        api.refused(mia, "assignLeads", input, "GRAPHQL_VALIDATION_FAILED")
            .await;
    }
    let silent = json!({ "leads": { "ids": [id] } });
    api.refused(mia, "assignLeads", silent, "GRAPHQL_VALIDATION_FAILED")
        .await;
    assert_eq!(api.read(ada, &id).await["version"], 1);
}
