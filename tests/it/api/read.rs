//! `me`, `lead`, `node`.

use serde_json::{Value, json};

use super::{Team, UNKNOWN};
use crate::support::Api;

const NODE: &str = "query ($id: ID!) { node(id: $id) { __typename id ... on Lead { lastName }
    ... on User { fullName } ... on Note { content }
    ... on Change { changes { field } } } }";

#[tokio::test]
async fn me_is_who_is_signed_in() {
    let Team { api, mia, ann, .. } = &Team::new().await;
    let me = "{ me { id email fullName role isActive createdAt manager { id manager { id } } } }";
    let data = api.data(ann, me, json!({})).await["me"].clone();
    let created_at = data["createdAt"].clone();
    assert_eq!(
        data,
        json!({ "id": ann.id, "email": "ann.agent@example.com", "fullName": "Ann Agent",
            "role": "AGENT", "isActive": true, "createdAt": created_at,
            "manager": { "id": mia.id, "manager": null } })
    );
}

#[tokio::test]
async fn one_lead_is_read_by_those_who_may_see_it() {
    let team = Team::new().await;
    let id = team.lead_of(Some(&team.ann), "Anns").await;
    let nobodys = team.lead_of(None, "Nobodys").await;
    let query = "query ($id: ID!) { lead(id: $id) { lastName } }";
    for (lead, may) in [
        (&id, vec!["ada", "mia", "ann"]),
        (&nobodys, vec!["ada", "mia", "max"]),
    ] {
        for (name, who) in team.everybody() {
            for query in [
                query,
                "query ($id: ID!) { node(id: $id) { ... on Lead { lastName } } }",
            ] {
                let variables = json!({ "id": lead });
                if may.contains(&name) {
                    team.api.data(who, query, variables).await;
                } else {
                    team.api
                        .refusal(Some(who), query, variables, "PERMISSION_DENIED")
                        .await;
                }
            }
        }
    }
    for (bad, code) in [
        (UNKNOWN, "LEAD_NOT_FOUND"),
        ("", "INVALID_DATA"),
        ("1", "INVALID_DATA"),
        ("\0", "INVALID_DATA"),
        (&team.ann.id, "LEAD_NOT_FOUND"),
    ] {
        let variables = json!({ "id": bad });
        team.api
            .refusal(Some(&team.ann), query, variables, code)
            .await;
    }
}

#[tokio::test]
async fn node_finds_leads_users_notes_and_changes() {
    let Team { api, ann, bea, .. } = &Team::new().await;
    let lead = api.lead_id(ann, json!({})).await;
    let note = json!({ "id": lead, "content": "hello" });
    let note = api.change(ann, "addNote", note).await["note"]["id"].clone();
    let tag = json!({ "id": lead, "tag": "vip" });
    api.change(ann, "addTag", tag).await;
    let change = api.timeline(ann, &lead).await[0]["id"].clone();
    for (id, expected) in [
        (
            change,
            json!({ "__typename": "Change", "changes": [{ "field": "tags" }] }),
        ),
        (
            json!(lead),
            json!({ "__typename": "Lead", "lastName": "Kowalski" }),
        ),
        (
            json!(ann.id),
            json!({ "__typename": "User", "fullName": "Ann Agent" }),
        ),
        (
            note.clone(),
            json!({ "__typename": "Note", "content": "hello" }),
        ),
    ] {
        let data = api.data(ann, NODE, json!({ "id": id })).await;
        assert_eq!(data["node"], super::with(expected, json!({ "id": id })));
        api.refusal(Some(bea), NODE, json!({ "id": id }), "PERMISSION_DENIED")
            .await;
    }
    let nothing = api.data(ann, NODE, json!({ "id": UNKNOWN })).await;
    assert_eq!(nothing, json!({ "node": null }));
    api.refusal(Some(ann), NODE, json!({ "id": "x" }), "INVALID_DATA")
        .await;
}

#[tokio::test]
async fn the_assignee_of_a_lead_is_null_if_nobody_has_it() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    assert_eq!(api.read(&ada, &id).await["assignedTo"], Value::Null);
}
