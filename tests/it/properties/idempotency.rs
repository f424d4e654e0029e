//! The same idempotency key, many times at once: one effect and the same answer for all.

use crm::service::leads::{LeadFilter, LeadPatch, NewLead};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::Api;

use super::other_copy::{Copy, code, number, patient};

const CREATE: &str = "mutation ($input: CreateLeadInput!) { createLead(input: $input) {
    lead { id version fullName conversionProbability customFields createdAt updatedAt
        notes { nodes { id } } } } }";
const UPDATE: &str =
    "mutation ($input: UpdateLeadInput!) { updateLead(input: $input) { lead { version } } }";
const BULK: &str = "mutation ($input: BulkTagInput!) { bulkTag(input: $input) {
    total succeeded failed results { index id error { code } } } }";

async fn fifty(copy: &Copy, query: &'static str, input: &Value) -> Vec<Value> {
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        tasks.spawn(copy.clone().ask(query, json!({ "input": input })));
    }
    let mut answers = tasks.join_all().await;
    for answer in &mut answers {
        // Each request has an id of its own; all else must be the same.
        if let Some(extensions) = answer.pointer_mut("/errors/0/extensions") {
            extensions["requestId"].take();
        }
    }
    answers
}

async fn copy() -> (Api, Copy) {
    let api = Api::with_pool(1).await;
    let admin = api.admin().await;
    let copy = Copy::of(&api, &admin, &patient(12)).await;
    (api, copy)
}

async fn count(copy: &Copy, what: &str) -> i64 {
    number(
        &mut copy.db.connection().await.unwrap(),
        &format!("(select count(*) from {what})"),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_fifty_times_at_once_has_one_effect_and_fifty_equal_answers() {
    let (_api, copy) = copy().await;
    // Numbers that a careless way through JSON changes in the last digit.
    let custom = json!({ "rate": 0.1234567890123456, "big": 9007199254740993_i64, "e": 1.7976931348623157e299 });
    let input = json!({
        "firstName": "Only", "lastName": "One", "email": "only@acme.com", "idempotencyKey": "k",
        "conversionProbability": 0.6180339887498949, "customFields": custom,
    });
    let answers = fifty(&copy, CREATE, &input).await;
    assert!(answers[0].get("errors").is_none(), "{:#}", answers[0]);
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    assert_eq!(count(&copy, "leads").await, 1);
    assert_eq!(count(&copy, "lead_notes").await, 1);
    let id = &answers[0]["data"]["createLead"]["lead"]["id"];
    let query = "query ($id: ID!) { lead(id: $id) { conversionProbability customFields } }";
    let stored = copy.data(query, json!({ "id": id })).await["lead"].clone();
    assert_eq!(
        stored["conversionProbability"],
        input["conversionProbability"]
    );
    assert_eq!(stored["customFields"], input["customFields"]);

    let input = json!({ "leads": { "ids": [id, uuid::Uuid::now_v7()] }, "add": ["x"], "idempotencyKey": "b" });
    let answers = fifty(&copy, BULK, &input).await;
    assert_eq!(
        answers[0]["data"]["bulkTag"]["succeeded"], 1,
        "{:#}",
        answers[0]
    );
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    assert_eq!(count(&copy, "lead_notes").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_fails_fails_alike_for_all_and_leaves_the_key_free() {
    let (_api, copy) = copy().await;
    let id = copy.lead("First").await;
    let stale = json!({ "id": id, "company": "Acme", "expectedVersion": 7, "idempotencyKey": "k" });
    let answers = fifty(&copy, UPDATE, &stale).await;
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    assert_eq!(code(&answers[0]), Some("CONFLICT"));
    assert_eq!(count(&copy, "idempotency_keys").await, 0);
    let fresh = json!({ "id": id, "company": "Acme", "expectedVersion": 1, "idempotencyKey": "k" });
    let answers = fifty(&copy, UPDATE, &fresh).await;
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    assert_eq!(answers[0]["data"]["updateLead"]["lead"]["version"], 2);
    let answer = copy.clone().ask(UPDATE, json!({ "input": stale })).await;
    assert_eq!(code(&answer), Some("IDEMPOTENCY_CONFLICT"));
}

/// The names of what is written of a request that gives nothing.
fn written(nothing: impl Serialize) -> Vec<String> {
    let nothing = serde_json::to_value(nothing).unwrap();
    let mut names: Vec<String> = nothing.as_object().unwrap().keys().cloned().collect();
    names.sort();
    names
}

/// Otherwise a request that an older copy of the program has answered would be another one after the upgrade:
/// sent again with its key it would be refused.
#[test]
fn a_field_that_came_later_is_no_part_of_a_request_that_does_not_give_it() {
    let of = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let new = "assigned_to company conversion_probability custom_fields email first_name \
        last_contact_date last_name next_follow_up phone source status tags";
    assert_eq!(written(NewLead::default()), of(new));
    let patch = "company conversionProbability customFields email firstName lastContactDate lastName \
        nextFollowUp phone source status tags";
    assert_eq!(written(LeadPatch::default()), of(patch));
    let filter = "and archived assigned_to company conversion_probability_max \
        conversion_probability_min created_at custom_fields email ids is_hot_lead last_contact_date \
        lead_score_max lead_score_min next_follow_up not or phone search source status tags_all tags_any \
        tags_none unassigned updated_at";
    assert_eq!(written(LeadFilter::default()), of(filter));
}
