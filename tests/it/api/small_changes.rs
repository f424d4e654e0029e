//! Tags, calls and scores by hand.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::text;
use crate::support::Api;

#[tokio::test]
async fn a_tag_is_added_in_its_normal_form_and_only_once() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({ "tags": ["first"] })).await;
    let tagged = api
        .edit(&ada, "addTag", json!({ "id": id, "tag": "  VIP 🦀 " }))
        .await;
    assert_eq!(tagged["tags"], json!(["first", "vip 🦀"]));
    assert_eq!(tagged["version"], 2);
    let again = api
        .edit(&ada, "addTag", json!({ "id": id, "tag": "vip 🦀" }))
        .await;
    assert_eq!(again, tagged);
}

#[tokio::test]
async fn a_tag_is_taken_away_however_it_is_written_and_a_missing_one_is_no_error() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({ "tags": ["first", "vip"] })).await;
    let input = json!({ "id": id, "tag": " ViP " });
    let removed = api.edit(&ada, "removeTag", input.clone()).await;
    assert_eq!(
        (&removed["tags"], &removed["version"]),
        (&json!(["first"]), &json!(2))
    );
    assert_eq!(api.edit(&ada, "removeTag", input).await, removed);
}

#[tokio::test]
async fn bad_tags_are_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    let long = "x".repeat(51);
    for mutation in ["addTag", "removeTag"] {
        for bad in ["", "  ", "a\0b", &long, "archived", " Archived"] {
            let input = json!({ "id": id, "tag": bad });
            assert_eq!(api.faults(&ada, mutation, input).await, ["tag"], "{bad:?}");
        }
    }
}

#[tokio::test]
async fn a_lead_has_at_most_fifty_tags_however_they_are_added() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let tags: Vec<String> = (0..50).map(|n| format!("t{n}")).collect();
    let id = api.lead_id(&ada, json!({ "tags": tags })).await;
    let input = json!({ "id": id, "tag": "one more" });
    assert_eq!(api.faults(&ada, "addTag", input).await, ["tag"]);
    let known = json!({ "id": id, "tag": "t7" });
    assert_eq!(api.edit(&ada, "addTag", known).await["version"], 1);
}

#[tokio::test]
async fn a_call_attempt_is_counted_with_its_time_its_note_and_the_next_follow_up() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let follow_up = "2150-01-02T03:04:05Z";
    let id = api
        .lead_id(&ada, json!({ "nextFollowUp": follow_up }))
        .await;
    let first = api
        .edit(&ada, "recordCallAttempt", json!({ "id": id }))
        .await;
    assert_eq!(first["callAttempts"], 1);
    assert_eq!(first["nextFollowUp"], "2150-01-02T03:04:05+00:00");
    let at: DateTime<Utc> = text(&first["lastContactDate"]).parse().unwrap();
    assert!((Utc::now() - at).abs() < TimeDelta::minutes(1));
    assert_eq!(first["daysSinceLastContact"], 0);
    let input = json!({ "id": id, "note": " No answer ", "nextFollowUp": "2151-01-01T00:00:00Z" });
    let second = api.edit(&ada, "recordCallAttempt", input).await;
    assert_eq!(second["callAttempts"], 2);
    assert_eq!(second["nextFollowUp"], "2151-01-01T00:00:00+00:00");
    let notes = api.timeline(&ada, &id).await;
    let kinds: Vec<_> = notes.iter().map(|note| text(&note["__typename"])).collect();
    assert_eq!(kinds, ["Note", "Change", "Change", "Change"]);
    assert_eq!(notes[0]["type"], "CALL");
    assert_eq!(notes[0]["content"], "No answer");
}

#[tokio::test]
async fn a_bad_call_attempt_is_refused_and_counts_nothing() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    let bad = json!({ "id": id, "note": "\0", "nextFollowUp": "2200-01-01T00:00:00Z" });
    assert_eq!(
        api.faults(&ada, "recordCallAttempt", bad).await,
        ["nextFollowUp", "note"]
    );
    let long = json!({ "id": id, "note": "x".repeat(10_001) });
    assert_eq!(api.faults(&ada, "recordCallAttempt", long).await, ["note"]);
    let lead = api.read(&ada, &id).await;
    assert_eq!(
        (&lead["callAttempts"], &lead["version"]),
        (&json!(0), &json!(1))
    );
    let blank = json!({ "id": id, "note": "  " });
    api.change(&ada, "recordCallAttempt", blank).await;
    assert_eq!(api.timeline(&ada, &id).await.len(), 2);
}

#[tokio::test]
async fn a_score_by_hand_lies_between_0_and_100() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    for score in [0, 71, 100] {
        let lead = api
            .edit(&ada, "updateScore", json!({ "id": id, "score": score }))
            .await;
        assert_eq!(lead["leadScore"], score);
        assert_eq!(lead["isHotLead"], score > 70);
        assert_eq!(lead["scoreIsManual"], true);
        let line = json!([{ "rule": { "id": "MANUAL", "name": "Set by hand" }, "points": score }]);
        assert_eq!(lead["scoreBreakdown"], line);
    }
    for bad in [-1, 101, i32::MAX, i32::MIN] {
        let input = json!({ "id": id, "score": bad });
        assert_eq!(api.faults(&ada, "updateScore", input).await, ["score"]);
    }
    for no_number in [json!(70.5), json!("70"), json!(3_000_000_000_i64)] {
        let input = json!({ "id": id, "score": no_number });
        api.refused(&ada, "updateScore", input, "GRAPHQL_VALIDATION_FAILED")
            .await;
    }
}

#[tokio::test]
async fn seventy_points_are_not_yet_hot() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let id = api.lead_id(&ada, json!({})).await;
    let lead = api
        .edit(&ada, "updateScore", json!({ "id": id, "score": 70 }))
        .await;
    assert_eq!(lead["isHotLead"], false);
}
