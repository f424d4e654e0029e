//! The version check: change only what you saw, lose nothing.

use serde_json::{Value, json};

use super::{UNKNOWN, text};
use crate::support::Api;

#[tokio::test]
async fn a_stale_version_is_a_conflict_with_the_present_values_of_the_named_fields() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    let first = json!({ "id": id, "expectedVersion": 1, "company": "Acme", "tags": ["a"] });
    assert_eq!(api.edit(&ada, "updateLead", first).await["version"], 2);
    let second = json!({ "id": id, "expectedVersion": 1, "company": "Bolt", "phone": null });
    let refusal = api.refused(&ada, "updateLead", second, "CONFLICT").await;
    assert_eq!(refusal["extensions"]["currentVersion"], 2);
    let current = json!({ "company": "Acme", "phone": null });
    assert_eq!(refusal["extensions"]["current"], current);
    assert_eq!(refusal["message"], "the lead has version 2, not 1");
    let lead = api.read(&ada, &id).await;
    assert_eq!(
        (&lead["company"], &lead["version"]),
        (&json!("Acme"), &json!(2))
    );
}

/// Each change of one lead, and what a conflict tells of a new one.
fn changes() -> Vec<(&'static str, Value, Value)> {
    vec![
        (
            "updateLead",
            json!({ "status": "WON" }),
            json!({ "status": "NEW" }),
        ),
        (
            "archiveLead",
            json!({}),
            json!({ "status": "NEW", "tags": [], "archivedAt": null }),
        ),
        ("deleteLead", json!({}), json!({})),
        ("addTag", json!({ "tag": "a" }), json!({ "tags": [] })),
        ("removeTag", json!({ "tag": "a" }), json!({ "tags": [] })),
        (
            "recordCallAttempt",
            json!({}),
            json!({ "callAttempts": 0, "lastContactDate": null, "nextFollowUp": null }),
        ),
        (
            "updateScore",
            json!({ "score": 1 }),
            json!({ "leadScore": 50, "scoreIsManual": false }),
        ),
        (
            "rescoreLead",
            json!({}),
            json!({ "leadScore": 50, "scoreIsManual": false }),
        ),
        ("addNote", json!({ "content": "x" }), json!({})),
    ]
}

#[tokio::test]
async fn every_change_of_one_lead_compares_the_version() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (mutation, more, current) in changes() {
        let lead = api.lead(&ada, json!({})).await;
        for stale in [0, 2, -1, i32::MAX] {
            let mut input = super::with(json!({ "expectedVersion": stale }), more.clone());
            input["id"] = lead["id"].clone();
            let refusal = api.refused(&ada, mutation, input, "CONFLICT").await;
            assert_eq!(refusal["extensions"]["currentVersion"], 1, "{mutation}");
            assert_eq!(refusal["extensions"]["current"], current, "{mutation}");
        }
        assert_eq!(api.read(&ada, &text(&lead["id"])).await, lead);
        let mut input = super::with(json!({ "expectedVersion": 1 }), more);
        input["id"] = lead["id"].clone();
        api.change(&ada, mutation, input).await;
    }
}

#[tokio::test]
async fn restoring_compares_the_version() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    api.change(&ada, "archiveLead", json!({ "id": id })).await;
    let stale = json!({ "id": id, "expectedVersion": 1 });
    let refusal = api.refused(&ada, "restoreLead", stale, "CONFLICT").await;
    assert_eq!(refusal["extensions"]["currentVersion"], 2);
    assert_eq!(refusal["extensions"]["current"]["status"], "LOST");
    let fresh = json!({ "id": id, "expectedVersion": 2 });
    assert_eq!(api.edit(&ada, "restoreLead", fresh).await["version"], 3);
}

#[tokio::test]
async fn two_updates_of_different_fields_both_survive() {
    let api = Api::with_pool(4).await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    let fields = [
        ("company", json!("Acme")),
        ("phone", json!("+48601234567")),
        ("status", json!("WON")),
        ("tags", json!(["vip"])),
    ];
    let update = |(field, value): &(&str, Value)| {
        let mut input = json!({ "id": id });
        input[*field] = value.clone();
        let (api, ada) = (&api, &ada);
        async move { api.change(ada, "updateLead", input).await }
    };
    futures_util::future::join_all(fields.iter().map(update)).await;
    let lead = api.read(&ada, &id).await;
    for (field, value) in &fields {
        assert_eq!(&lead[*field], value);
    }
    assert_eq!(lead["version"], 5);
    assert_eq!(api.timeline(&ada, &id).await.len(), 5);
}

#[tokio::test]
async fn of_two_that_expect_one_version_one_wins_and_one_is_told() {
    let api = Api::with_pool(4).await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    let update = |company: &'static str| {
        let input = json!({ "id": id, "expectedVersion": 1, "company": company });
        let (api, ada) = (&api, &ada);
        async move {
            let variables = json!({ "input": input });
            let document = super::document("updateLead");
            let answer = api.ask(Some(ada), &document, variables).await;
            answer["errors"][0]["extensions"]["code"].clone()
        }
    };
    let answers = ["a", "b", "c", "d"].map(update);
    let codes = futures_util::future::join_all(answers).await;
    let conflicts = codes.iter().filter(|code| *code == "CONFLICT").count();
    let successes = codes.iter().filter(|code| code.is_null()).count();
    assert_eq!((successes, conflicts), (1, 3));
    assert_eq!(api.read(&ada, &id).await["version"], 2);
}

#[tokio::test]
async fn no_version_is_told_to_who_may_not_see_the_lead() {
    let team = super::Team::new().await;
    let id = team.lead_of(Some(&team.ann), "Kowalski").await;
    let stale = json!({ "id": id, "expectedVersion": 9, "company": "Acme" });
    let refusal = team
        .api
        .refused(&team.bea, "updateLead", stale, "PERMISSION_DENIED");
    let extensions = refusal.await["extensions"].clone();
    assert!(extensions.get("currentVersion").is_none());
    assert!(extensions.get("current").is_none());
    let unknown = json!({ "id": UNKNOWN, "expectedVersion": 1 });
    team.api
        .refused(&team.ada, "updateLead", unknown, "LEAD_NOT_FOUND")
        .await;
}
