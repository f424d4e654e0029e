//! The same key again: no second effect, and the answer of what was done.

use serde_json::{Value, json};

use super::{Team, document, jan};
use crate::support::{Api, SignedIn};

const LEADS: &str = "SELECT count(*) FROM leads";

async fn twice(api: &Api, who: &SignedIn, mutation: &str, input: Value) -> Value {
    let input = super::with(input, json!({ "idempotencyKey": format!("🦀 {mutation}") }));
    let first = api.change(who, mutation, input.clone()).await;
    assert_eq!(api.change(who, mutation, input).await, first, "{mutation}");
    first
}

#[tokio::test]
async fn every_change_of_a_lead_is_done_once_for_a_key() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = twice(&api, &ada, "createLead", jan(json!({}))).await["lead"]["id"].clone();
    assert_eq!(api.count(LEADS).await, 1);
    for (mutation, more, version) in [
        ("recordCallAttempt", json!({ "note": "x" }), 2),
        ("updateLead", json!({ "company": "Acme" }), 3),
        ("addTag", json!({ "tag": "a" }), 4),
        ("removeTag", json!({ "tag": "a" }), 5),
        ("updateScore", json!({ "score": 1 }), 6),
        ("rescoreLead", json!({}), 7),
        ("archiveLead", json!({}), 8),
        ("restoreLead", json!({}), 9),
    ] {
        let input = super::with(json!({ "id": id }), more);
        let lead = twice(&api, &ada, mutation, input).await["lead"].clone();
        assert_eq!(lead["version"], version, "{mutation}");
    }
    let lead = id.as_str().unwrap();
    assert_eq!(api.read(&ada, lead).await["callAttempts"], 1);
    let note = json!({ "id": id, "content": "x" });
    let note = twice(&api, &ada, "addNote", note).await["note"]["id"].clone();
    twice(
        &api,
        &ada,
        "editNote",
        json!({ "id": note, "content": "y" }),
    )
    .await;
    // Nine changes, the note of the call, the note, its newer version.
    let entries = api.count("SELECT count(*) FROM lead_notes").await;
    assert_eq!(entries, 12);
    twice(&api, &ada, "deleteLead", json!({ "id": id })).await;
    assert_eq!(api.count(LEADS).await, 0);
}

#[tokio::test]
async fn every_bulk_change_is_done_once_for_a_key() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let leads = json!({ "leads": [jan(json!({})), jan(json!({ "email": "x" }))] });
    let created = twice(&api, &ada, "createLeads", leads).await;
    assert_eq!(created["succeeded"], 1);
    assert_eq!(api.count(LEADS).await, 1);
    let ids = json!([created["results"][0]["id"], super::UNKNOWN]);
    for (mutation, more) in [
        ("bulkUpdateStatus", json!({ "status": "WON" })),
        ("assignLeads", json!({ "to": { "userId": ada.id } })),
        ("bulkTag", json!({ "add": ["a"] })),
        ("bulkArchive", json!({})),
        ("bulkRestore", json!({})),
    ] {
        let input = super::with(json!({ "leads": { "ids": ids } }), more);
        let result = twice(&api, &ada, mutation, input).await;
        assert_eq!(
            (&result["succeeded"], &result["failed"]),
            (&json!(1), &json!(1))
        );
    }
    assert_eq!(api.count("SELECT count(*) FROM lead_notes").await, 6);
}

#[tokio::test]
async fn every_change_of_users_is_done_once_for_a_key() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let user = json!({ "email": "new@example.com", "fullName": "New", "role": "AGENT" });
    let user = api.change(&ada, "inviteUser", user).await["user"].clone();
    let update = json!({ "id": user["id"], "fullName": "Newer", "password": "another one" });
    twice(&api, &ada, "updateUser", update).await;
    let deactivate = json!({ "id": user["id"], "leads": { "unassign": true } });
    twice(&api, &ada, "deactivateUser", deactivate).await;
    let domains = json!({ "add": ["a.example"] });
    twice(&api, &ada, "updateFreeEmailDomains", domains).await;
    let users = api.count("SELECT count(*) FROM users").await;
    assert_eq!(users, 2);
}

#[tokio::test]
async fn a_key_that_was_used_for_something_else_is_a_conflict_of_its_own_code() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let key = json!({ "idempotencyKey": "key" });
    let first = api.lead(&ada, key.clone()).await;
    let other_body = jan(json!({ "idempotencyKey": "key", "firstName": "Anna" }));
    api.refused(&ada, "createLead", other_body, "IDEMPOTENCY_CONFLICT")
        .await;
    let other_operation = super::with(json!({ "id": first["id"] }), key.clone());
    for mutation in ["archiveLead", "rescoreLead", "deleteLead"] {
        let input = other_operation.clone();
        api.refused(&ada, mutation, input, "IDEMPOTENCY_CONFLICT")
            .await;
    }
    assert_eq!(api.lead(&ada, key).await, first);
    assert_eq!(api.count(LEADS).await, 1);
}

#[tokio::test]
async fn a_change_and_its_contrary_are_not_the_same_request() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (mutation, contrary, more) in [
        ("archiveLead", "restoreLead", json!({})),
        ("addTag", "removeTag", json!({ "tag": "a" })),
        ("bulkArchive", "bulkRestore", json!({})),
    ] {
        let id = api.lead_id(&ada, json!({})).await;
        let lead = match mutation {
            "bulkArchive" => json!({ "leads": { "ids": [id] } }),
            _ => json!({ "id": id }),
        };
        let input = super::with(
            lead,
            super::with(more, json!({ "idempotencyKey": mutation })),
        );
        api.change(&ada, mutation, input.clone()).await;
        api.refused(&ada, contrary, input, "IDEMPOTENCY_CONFLICT")
            .await;
    }
}

#[tokio::test]
async fn a_key_belongs_to_who_made_it_up() {
    let Team { api, ann, abe, .. } = &Team::new().await;
    let key = json!({ "idempotencyKey": "key" });
    let anns = api.lead(ann, key.clone()).await;
    let abes = api.lead(abe, key).await;
    assert_ne!(anns["id"], abes["id"]);
    assert_eq!(abes["assignedTo"]["id"], json!(abe.id));
}

#[tokio::test]
async fn a_failed_attempt_is_not_remembered() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let bad = jan(json!({ "idempotencyKey": "key", "email": "x" }));
    for _ in 0..2 {
        api.refused(&ada, "createLead", bad.clone(), "INVALID_DATA")
            .await;
    }
    let lead = api.lead(&ada, json!({ "idempotencyKey": "key" })).await;
    assert_eq!(lead["version"], 1);
    assert_eq!(api.count(LEADS).await, 1);
}

#[tokio::test]
async fn what_is_said_and_what_is_left_to_the_default_is_the_same_request() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let key = json!({ "idempotencyKey": "key" });
    let first = api.lead(&ada, key.clone()).await;
    let defaults = json!({ "source": "OTHER", "status": "NEW", "tags": [] });
    assert_eq!(api.lead(&ada, super::with(defaults, key)).await, first);
}

#[tokio::test]
async fn a_repeated_key_answers_with_the_lead_as_it_is_now() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let first = api.lead(&ada, json!({ "idempotencyKey": "key" })).await;
    let update = json!({ "id": first["id"], "firstName": "Anna" });
    let now = api.edit(&ada, "updateLead", update).await;
    assert_eq!(now["version"], 2);
    assert_eq!(
        api.lead(&ada, json!({ "idempotencyKey": "key" })).await,
        now
    );
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let first = api.lead(&ada, json!({ "idempotencyKey": "key" })).await;
    let age = |hours: u32| {
        format!("UPDATE idempotency_keys SET created_at = now() - interval '{hours} hours'")
    };
    api.sql(&age(23)).await;
    assert_eq!(
        api.lead(&ada, json!({ "idempotencyKey": "key" })).await,
        first
    );
    api.sql(&age(25)).await;
    let second = api.lead(&ada, json!({ "idempotencyKey": "key" })).await;
    assert_ne!(second["id"], first["id"]);
    api.sql(&age(25)).await;
    let now = chrono::Utc::now();
    let forgotten = crm::service::idempotency::forget_expired(api.db(), now).await;
    assert_eq!(forgotten.unwrap(), 1);
}

#[tokio::test]
async fn a_key_has_1_to_200_characters() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for bad in ["", &"x".repeat(201), "a\0b"] {
        let input = jan(json!({ "idempotencyKey": bad }));
        let faults = api.faults(&ada, "createLead", input).await;
        assert_eq!(faults, ["idempotencyKey"]);
    }
    for good in ["🦀".repeat(200), " ".to_owned(), "%_\\'".to_owned()] {
        api.lead(&ada, json!({ "idempotencyKey": good })).await;
    }
    assert_eq!(api.count(LEADS).await, 3);
}

#[tokio::test]
async fn one_key_at_the_same_time_has_one_effect() {
    let api = Api::with_pool(4).await;
    let ada = api.admin().await;
    let input = json!({ "input": jan(json!({ "idempotencyKey": "key" })) });
    let create = document("createLead");
    let ask = || api.data(&ada, &create, input.clone());
    let answers = futures_util::future::join_all((0..8).map(|_| ask())).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(api.count(LEADS).await, 1);
}
