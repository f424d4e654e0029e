//! The tags of leads with their counts: order, prefix, spelling, and whose leads count.

use serde_json::{Value, json};

use super::Team;
use crate::support::{Api, SignedIn};

const TAGS: &str = "query ($prefix: String, $first: Int) {
    leadTags(prefix: $prefix, first: $first) { tag count { value isExact } } }";

/// The tags and counts that somebody is answered with, all of them exact.
async fn tags(api: &Api, who: &SignedIn, variables: Value) -> Vec<(String, i64)> {
    let data = api.data(who, TAGS, variables).await;
    let rows = data["leadTags"].as_array().unwrap().iter();
    rows.map(|row| {
        assert_eq!(row["count"]["isExact"], true);
        let value = row["count"]["value"].as_i64().unwrap();
        (super::text(&row["tag"]), value)
    })
    .collect()
}

async fn tagged(api: &Api, who: &SignedIn, tags: &[&str]) -> String {
    let lead = json!({ "lastName": "Nowak", "tags": tags });
    api.lead_id(who, lead).await
}

fn counted(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    let expected = expected.iter();
    expected
        .map(|(tag, count)| ((*tag).to_owned(), *count))
        .collect()
}

#[tokio::test]
async fn the_most_frequent_tags_come_first_and_equally_frequent_ones_by_name() {
    let api = Api::new().await;
    let ada = api.admin().await;
    assert_eq!(tags(&api, &ada, json!({})).await, []);
    tagged(&api, &ada, &["vip", "zürich"]).await;
    tagged(&api, &ada, &["VIP", "Export", "zurich"]).await;
    tagged(&api, &ada, &["vip", "zürich", "basel"]).await;
    tagged(&api, &ada, &[]).await;
    let all = [("vip", 3), ("zürich", 3), ("basel", 1), ("export", 1)];
    assert_eq!(tags(&api, &ada, json!({})).await, counted(&all));
    assert_eq!(
        tags(&api, &ada, json!({ "first": 3 })).await,
        counted(&all[..3])
    );
    for (prefix, expected) in [
        ("Zur", &all[1..2]),
        (" ZÜR", &all[1..2]),
        ("e", &all[3..]),
        ("xport", &[]),
        ("%", &[]),
        ("_", &[]),
        ("\\", &[]),
        ("", &all[..]),
        (" ", &all[..]),
    ] {
        let found = tags(&api, &ada, json!({ "prefix": prefix })).await;
        assert_eq!(found, counted(expected), "{prefix:?}");
    }
}

#[tokio::test]
async fn twenty_are_listed_unless_more_are_asked_for() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for part in ["a", "b", "c"] {
        let names: Vec<String> = (0..40).map(|n| format!("{part}{n:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        tagged(&api, &ada, &names).await;
    }
    assert_eq!(tags(&api, &ada, json!({})).await.len(), 20);
    let most = tags(&api, &ada, json!({ "first": 100 })).await;
    assert_eq!(most.len(), 100);
    assert!(most.is_sorted());
}

#[tokio::test]
async fn each_viewer_has_the_tags_of_the_leads_that_they_see() {
    let team = Team::new().await;
    let api = &team.api;
    for (owner, tag) in [
        (Some(&team.ann), "of-ann"),
        (Some(&team.mia), "of-mia"),
        (Some(&team.bea), "of-bea"),
        (None, "of-nobody"),
    ] {
        let lead = team.lead_of(owner, "Nowak").await;
        let add = json!({ "id": lead, "tags": [tag, "all"] });
        api.change(&team.ada, "updateLead", add).await;
    }
    let archived = team.lead_of(Some(&team.ann), "Gone").await;
    let add = json!({ "id": archived, "tags": ["old"] });
    api.change(&team.ada, "updateLead", add).await;
    api.change(&team.ada, "archiveLead", json!({ "id": archived }))
        .await;
    for (who, expected) in [
        (
            &team.ada,
            &[
                ("all", 4),
                ("of-ann", 1),
                ("of-bea", 1),
                ("of-mia", 1),
                ("of-nobody", 1),
            ][..],
        ),
        (
            &team.mia,
            &[("all", 3), ("of-ann", 1), ("of-mia", 1), ("of-nobody", 1)],
        ),
        (&team.ann, &[("all", 1), ("of-ann", 1)]),
        (&team.bea, &[("all", 1), ("of-bea", 1)]),
    ] {
        assert_eq!(tags(api, who, json!({})).await, counted(expected));
    }
    api.refusal(None, TAGS, json!({}), "UNAUTHENTICATED").await;
}

#[tokio::test]
async fn what_is_no_beginning_of_a_tag_is_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (variables, field, fault) in [
        (
            json!({ "first": 0 }),
            "first",
            "must lie between 1 and 100, is 0",
        ),
        (
            json!({ "first": 101 }),
            "first",
            "must lie between 1 and 100, is 101",
        ),
        (
            json!({ "prefix": "a\0" }),
            "prefix",
            "must not contain control characters",
        ),
        (
            json!({ "prefix": "é".repeat(51) }),
            "prefix",
            "must have at most 50 characters, has 51",
        ),
    ] {
        let error = api
            .refusal(Some(&ada), TAGS, variables, "INVALID_DATA")
            .await;
        assert_eq!(
            error["extensions"]["fields"],
            json!([{ "field": field, "message": fault }])
        );
    }
    let longest = json!({ "prefix": "é".repeat(50) });
    assert_eq!(tags(&api, &ada, longest).await, []);
}
