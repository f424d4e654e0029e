//! Notes on a lead.

use serde_json::json;

use super::{Team, UNKNOWN};
use crate::support::Api;

#[tokio::test]
async fn every_type_of_note_is_kept_with_its_author_and_text() {
    let Team { api, ann, .. } = &Team::new().await;
    let id = api.lead_id(ann, json!({})).await;
    for kind in ["NOTE", "CALL", "EMAIL", "MEETING"] {
        let content = format!("  {kind} 🦀 \"quoted\" \\ %_\nsecond line ");
        let input = json!({ "id": id, "content": content, "type": kind });
        let note = api.change(ann, "addNote", input).await["note"].clone();
        assert_eq!(note["type"], kind);
        assert_eq!(note["content"], json!(content.trim()));
        assert_eq!(note["by"], json!({ "id": ann.id }));
        assert_eq!(note["lead"], json!({ "id": id }));
        assert_eq!(note["earlierVersion"], json!(null));
    }
    let plain = json!({ "id": id, "content": "x" });
    let note = api.change(ann, "addNote", plain).await["note"].clone();
    assert_eq!(note["type"], "NOTE");
    assert_eq!(api.read(ann, &id).await["version"], 1);
}

#[tokio::test]
async fn bad_notes_are_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    for (bad, faults) in [
        (json!({ "content": "" }), vec!["content"]),
        (json!({ "content": " \n " }), vec!["content"]),
        (json!({ "content": "a\0b" }), vec!["content"]),
        (json!({ "content": "x".repeat(10_001) }), vec!["content"]),
    ] {
        let input = super::with(json!({ "id": id }), bad);
        assert_eq!(api.faults(&ada, "addNote", input).await, faults);
    }
    let change = json!({ "id": id, "content": "x", "type": "CHANGE" });
    api.refused(&ada, "addNote", change, "GRAPHQL_VALIDATION_FAILED")
        .await;
    let longest = json!({ "id": id, "content": "🦀".repeat(10_000) });
    api.change(&ada, "addNote", longest).await;
    assert_eq!(api.timeline(&ada, &id).await.len(), 2);
}

#[tokio::test]
async fn an_edited_note_takes_the_former_ones_place_and_keeps_its_text() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    let input = json!({ "id": id, "content": "first", "type": "MEETING" });
    let first = api.change(&ada, "addNote", input).await["note"].clone();
    let input = json!({ "id": first["id"], "content": "second" });
    let second = api.change(&ada, "editNote", input).await["note"].clone();
    let input = json!({ "id": second["id"], "content": "third" });
    let third = api.change(&ada, "editNote", input).await["note"].clone();
    assert_eq!(
        (&third["type"], &third["content"]),
        (&json!("MEETING"), &json!("third"))
    );
    assert_eq!(
        third["earlierVersion"],
        json!({ "id": second["id"], "content": "second", "earlierVersion": { "content": "first" } })
    );
    let notes = api.timeline(&ada, &id).await;
    assert_eq!(notes.len(), 2);
    assert_eq!(notes[0]["content"], "third");
    assert_eq!(notes[1]["__typename"], "Change");
    for note in [first, second] {
        let input = json!({ "id": note["id"], "content": "fourth" });
        api.refused(&ada, "editNote", input, "CONFLICT").await;
    }
}

#[tokio::test]
async fn a_note_is_edited_by_its_author_only_and_only_while_the_lead_is_theirs_to_see() {
    let Team {
        api,
        ada,
        mia,
        ann,
        bea,
        ..
    } = &Team::new().await;
    let id = api.lead_id(ann, json!({})).await;
    let input = json!({ "id": id, "content": "Ann's" });
    let note = api.change(ann, "addNote", input).await["note"]["id"].clone();
    let edit = json!({ "id": note, "content": "changed" });
    for who in [ada, mia, bea] {
        api.refused(who, "editNote", edit.clone(), "PERMISSION_DENIED")
            .await;
    }
    let hand_over = json!({ "leads": { "ids": [id] }, "to": { "userId": bea.id } });
    api.change(ada, "assignLeads", hand_over).await;
    for who in [ann, bea] {
        api.refused(who, "editNote", edit.clone(), "PERMISSION_DENIED")
            .await;
    }
}

#[tokio::test]
async fn recorded_changes_cannot_be_edited_and_unknown_notes_are_not_found() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    let change = api.timeline(&ada, &id).await[0]["id"].clone();
    let input = json!({ "id": change, "content": "x" });
    api.refused(&ada, "editNote", input, "PERMISSION_DENIED")
        .await;
    let input = json!({ "id": UNKNOWN, "content": "x" });
    api.refused(&ada, "editNote", input, "NOTE_NOT_FOUND").await;
    let input = json!({ "id": "x", "content": "x" });
    assert_eq!(api.faults(&ada, "editNote", input).await, ["id"]);
    let note = json!({ "id": id, "content": "x" });
    let note = api.change(&ada, "addNote", note).await["note"]["id"].clone();
    for bad in ["", "\0", " "] {
        let input = json!({ "id": note, "content": bad });
        assert_eq!(api.faults(&ada, "editNote", input).await, ["content"]);
    }
}

#[tokio::test]
async fn the_log_takes_no_update_at_all() {
    let api = Api::new().await;
    let ada = api.admin().await;
    api.lead(&ada, json!({})).await;
    let mut connection = api.db().connection().await.unwrap();
    let update = "UPDATE lead_notes SET content = 'never happened'";
    let refused = diesel_async::SimpleAsyncConnection::batch_execute(&mut *connection, update);
    let refusal = refused.await.unwrap_err().to_string();
    assert!(refusal.contains("append-only"), "{refusal}");
}
