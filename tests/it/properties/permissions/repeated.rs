//! A repeated idempotency key asks permission again: it is no way round to a lead that was taken away
//! since.

use serde_json::{Value, json};

use crm::service::users::UserRole;

use crate::support::Api;

const NOTE: &str = "mutation ($id: ID!) {
    addTag(input: { id: $id, tag: \"mine\", idempotencyKey: \"tag\" }) {
        lead { id tags notes { nodes { id } } } }
    addNote(input: { id: $id, content: \"mine\", idempotencyKey: \"note\" }) {
        note { content lead { id } } }
    bulkTag(input: { leads: { ids: [$id] }, add: [\"x\"], idempotencyKey: \"bulk\" }) {
        succeeded results { lead { id } } } }";

#[tokio::test]
async fn a_repeated_key_shows_nothing_new_of_a_lead_that_was_taken_away() {
    let api = Api::new().await;
    let admin = api.admin().await;
    let agent = api.user("Anna Agent", UserRole::Agent, None).await;
    let create =
        "mutation { createLead(input: { firstName: \"A\", lastName: \"B\", email: \"a@b.com\" }) {
        lead { id } } }";
    let id = api.data(&agent, create, Value::Null).await["createLead"]["lead"]["id"].clone();
    let first = api.data(&agent, NOTE, json!({ "id": id })).await;
    assert_eq!(first["addNote"]["note"]["lead"]["id"], id);
    assert_eq!(first["bulkTag"]["results"][0]["lead"]["id"], id);
    let take = "mutation ($id: ID!) { assignLeads(input: { leads: { ids: [$id] }, to: { nobody: true } }) { succeeded } }";
    api.data(&admin, take, json!({ "id": id })).await;

    let again = api.data(&agent, NOTE, json!({ "id": id })).await;
    assert_eq!(again["addTag"], json!({ "lead": null }));
    assert_eq!(again["addNote"], json!({ "note": null }));
    assert_eq!(
        again["bulkTag"],
        json!({ "succeeded": 1, "results": [{ "lead": null }] })
    );
}
