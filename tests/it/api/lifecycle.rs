//! Archiving, restoring, and deleting for good.

use serde_json::{Value, json};

use super::{Team, UNKNOWN, text};
use crate::support::{Api, SignedIn};

async fn archive(api: &Api, who: &SignedIn, id: &str) -> Value {
    api.edit(who, "archiveLead", json!({ "id": id })).await
}

#[tokio::test]
async fn archiving_marks_the_lead_and_restoring_puts_back_status_and_tags() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let input = json!({ "status": "NEGOTIATION", "tags": ["vip", "hot"], "company": "Acme" });
    let before = api.lead(&ada, input).await;
    let id = text(&before["id"]);
    let archived = archive(&api, &ada, &id).await;
    assert_eq!(archived["status"], "LOST");
    assert_eq!(archived["tags"], json!(["vip", "hot", "archived"]));
    assert_eq!(archived["isArchived"], true);
    assert_eq!(archived["statusBeforeArchive"], "NEGOTIATION");
    assert_eq!(archived["leadScore"], before["leadScore"]);
    assert_eq!(
        archived["archivedAt"].as_str().unwrap()[..4],
        archived["updatedAt"].as_str().unwrap()[..4]
    );
    assert_eq!(archived["version"], 2);
    let restored = api.edit(&ada, "restoreLead", json!({ "id": id })).await;
    let follow = json!({ "version": 3, "updatedAt": restored["updatedAt"] });
    assert_eq!(restored, super::with(before, follow));
}

#[tokio::test]
async fn a_lead_that_was_lost_is_lost_again_after_restoring() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({ "status": "LOST" })).await;
    archive(&api, &ada, &id).await;
    let restored = api.edit(&ada, "restoreLead", json!({ "id": id })).await;
    assert_eq!(
        (&restored["status"], &restored["tags"]),
        (&json!("LOST"), &json!([]))
    );
}

#[tokio::test]
async fn what_is_archived_is_not_archived_again_and_what_is_not_is_not_restored() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    let input = json!({ "id": id });
    api.refused(&ada, "restoreLead", input.clone(), "CONFLICT")
        .await;
    archive(&api, &ada, &id).await;
    api.refused(&ada, "archiveLead", input, "CONFLICT").await;
}

#[tokio::test]
async fn an_archived_lead_is_noted_on_but_not_changed() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    archive(&api, &ada, &id).await;
    for (mutation, more) in [
        ("updateLead", json!({ "company": "Acme" })),
        ("addTag", json!({ "tag": "vip" })),
        ("removeTag", json!({ "tag": "vip" })),
        ("recordCallAttempt", json!({ "note": "called" })),
        ("updateScore", json!({ "score": 1 })),
        ("rescoreLead", json!({})),
    ] {
        let input = super::with(json!({ "id": id }), more);
        let refusal = api.refused(&ada, mutation, input, "CONFLICT").await;
        let message = "the lead is archived: restore it first";
        assert_eq!(refusal["message"], message, "{mutation}");
    }
    let note = json!({ "id": id, "content": "asked about us again" });
    api.change(&ada, "addNote", note).await;
    assert_eq!(api.read(&ada, &id).await["version"], 2);
    assert_eq!(api.timeline(&ada, &id).await.len(), 3);
}

#[tokio::test]
async fn archived_leads_leave_lists_counts_statistics_and_duplicates_unless_asked_for() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let email = json!({ "lastName": "Gone", "email": "x@acme.example" });
    let gone = api.lead_id(&ada, email.clone()).await;
    api.lead(&ada, json!({ "lastName": "Here" })).await;
    archive(&api, &ada, &gone).await;
    let total = async |filter: Value| {
        let query = "query ($f: LeadFilter) { leadStatistics(filter: $f) { totalLeads
            leadsByStatus { status count } } leads(filter: $f) { totalCount } }";
        let data = api.data(&ada, query, json!({ "f": filter })).await;
        let statistics = data["leadStatistics"]["totalLeads"].clone();
        assert_eq!(data["leads"]["totalCount"], statistics);
        statistics
    };
    for (archived, names, count) in [
        (json!({}), vec!["Here"], 1),
        (json!({ "archived": "EXCLUDE" }), vec!["Here"], 1),
        (json!({ "archived": "ONLY" }), vec!["Gone"], 1),
        (json!({ "archived": "INCLUDE" }), vec!["Gone", "Here"], 2),
        (json!({ "tags": { "all": ["archived"] } }), vec![], 0),
        (json!({ "status": ["LOST"] }), vec![], 0),
    ] {
        assert_eq!(api.found(&ada, archived.clone()).await, names, "{archived}");
        assert_eq!(total(archived).await, count);
    }
    assert!(
        api.names(&ada, json!({ "search": "Gone" }))
            .await
            .is_empty()
    );
    let duplicates = "query ($all: Boolean!) {
        duplicateLeads(email: \"X@acme.example\", includeArchived: $all) { id } }";
    let found = api.data(&ada, duplicates, json!({ "all": false })).await;
    assert_eq!(found["duplicateLeads"], json!([]));
    let found = api.data(&ada, duplicates, json!({ "all": true })).await;
    assert_eq!(found["duplicateLeads"], json!([{ "id": gone }]));
    assert_eq!(api.read(&ada, &gone).await["lastName"], "Gone");
}

#[tokio::test]
async fn a_deleted_lead_is_answered_by_its_id_and_is_gone_with_its_notes() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = api.lead(&ada, json!({ "tags": ["vip"] })).await;
    let id = text(&lead["id"]);
    let note = json!({ "id": id, "content": "first" });
    let note = api.change(&ada, "addNote", note).await["note"]["id"].clone();
    let edit = json!({ "id": note, "content": "second" });
    let newer = api.change(&ada, "editNote", edit).await["note"]["id"].clone();
    let other = api.lead_id(&ada, json!({})).await;
    let deleted = api.change(&ada, "deleteLead", json!({ "id": id })).await;
    assert_eq!(deleted, json!({ "deletedLeadId": id }));
    let read = "query ($id: ID!) { lead(id: $id) { id } }";
    api.refusal(Some(&ada), read, json!({ "id": id }), "LEAD_NOT_FOUND")
        .await;
    for id in [json!(id), note, newer] {
        let query = "query ($id: ID!) { node(id: $id) { id } }";
        let node = api.data(&ada, query, json!({ "id": id })).await;
        assert_eq!(node, json!({ "node": null }));
    }
    let input = json!({ "id": id });
    api.refused(&ada, "deleteLead", input, "LEAD_NOT_FOUND")
        .await;
    assert_eq!(api.timeline(&ada, &other).await.len(), 1);
    assert_eq!(api.count("SELECT count(*) FROM lead_notes").await, 1);
}

#[tokio::test]
async fn an_archived_lead_can_be_deleted() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    archive(&api, &ada, &id).await;
    api.change(&ada, "deleteLead", json!({ "id": id })).await;
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 0);
}

#[tokio::test]
async fn a_users_row_cannot_go_while_leads_or_notes_refer_to_it() {
    let Team {
        api, ada, ann, abe, ..
    } = &Team::new().await;
    let id = api.lead_id(ann, json!({})).await;
    let hand_over = json!({ "leads": { "ids": [id] }, "to": { "userId": abe.id } });
    api.change(ada, "assignLeads", hand_over).await;
    for user in [ann, abe] {
        // Ann wrote in the timeline, Abe has the lead.
        let statement = format!("DELETE FROM users WHERE id = '{}'", user.id);
        let mut connection = api.db().connection().await.unwrap();
        let deleted =
            diesel_async::SimpleAsyncConnection::batch_execute(&mut *connection, &statement);
        let refusal = deleted.await.unwrap_err().to_string();
        assert!(
            refusal.contains("violates foreign key constraint"),
            "{refusal}"
        );
    }
    api.refused(
        ada,
        "deleteLead",
        json!({ "id": UNKNOWN }),
        "LEAD_NOT_FOUND",
    )
    .await;
}
