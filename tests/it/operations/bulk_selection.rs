//! Which leads a bulk change is for.

use serde_json::{Value, json};

use super::{Team, UNKNOWN, called, with};
use crate::support::{Api, ApiOptions};

const SELECTIONS: [(&str, &str); 5] = [
    ("bulkUpdateStatus", r#"{ "status": "WON" }"#),
    ("assignLeads", "{}"),
    ("bulkTag", r#"{ "add": ["vip"] }"#),
    ("bulkArchive", "{}"),
    ("bulkRestore", "{}"),
];

fn more(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn a_filter_and_a_search_select_what_the_list_would_show() {
    let Team {
        api, ada, ann, bea, ..
    } = &Team::new().await;
    for (who, name, tags) in [
        (ann, "Nowak", json!(["a"])),
        (ann, "Nowacki", json!(["b"])),
        (ann, "Kowalski", json!(["a"])),
        (bea, "Nowak", json!(["a"])),
    ] {
        api.lead(who, json!({ "lastName": name, "tags": tags }))
            .await;
    }
    let by_filter = json!({ "tags": { "any": ["A"] } });
    for (selection, total) in [
        (json!({ "filter": by_filter }), 2),
        (json!({ "search": "nowa" }), 2),
        (json!({ "filter": by_filter, "search": "nowa" }), 1),
        (json!({ "filter": {} }), 3),
        (json!({ "search": "" }), 3),
        (json!({ "filter": null, "search": "nobody" }), 0),
        (json!({ "filter": { "archived": "ONLY" } }), 0),
    ] {
        let page = selection.clone();
        assert_eq!(api.leads(ann, page).await["totalCount"], total);
        let input = with(json!({ "status": "WON", "dryRun": true }), selection);
        let result = api.change(ann, "bulkUpdateStatus", input).await;
        assert_eq!(
            (&result["total"], &result["failed"]),
            (&json!(total), &json!(0))
        );
    }
    let input = json!({ "status": "WON", "search": "nowa" });
    let result = api.change(ann, "bulkUpdateStatus", input).await;
    assert_eq!(result["succeeded"], 2);
    let won = json!({ "status": ["WON"] });
    assert_eq!(api.found(ada, won).await, ["Nowacki", "Nowak"]);
}

#[tokio::test]
async fn restoring_by_filter_needs_one_that_asks_for_archived_leads() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for name in ["A", "B"] {
        let id = api.lead_id(&ada, json!({ "lastName": name })).await;
        api.change(&ada, "archiveLead", json!({ "id": id })).await;
    }
    let unasked = json!({ "search": "" });
    assert_eq!(api.change(&ada, "bulkRestore", unasked).await["total"], 0);
    let asked = json!({ "filter": { "archived": "ONLY" }, "search": "A" });
    let result = api.change(&ada, "bulkRestore", asked).await;
    assert_eq!(
        (&result["total"], &result["succeeded"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(api.found(&ada, json!({})).await, ["A", "B"]);
}

#[tokio::test]
async fn ids_or_else_a_filter_must_be_given() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (mutation, own) in SELECTIONS {
        for selection in [
            json!({}),
            json!({ "ids": null, "filter": null }),
            json!({ "ids": [], "filter": {} }),
            json!({ "ids": [UNKNOWN], "search": "x" }),
        ] {
            let input = with(more(own), selection);
            assert_eq!(api.faults(&ada, mutation, input).await, ["ids"]);
        }
        let bad_id = with(more(own), json!({ "ids": [UNKNOWN, "x"] }));
        assert_eq!(api.faults(&ada, mutation, bad_id).await, ["ids.1"]);
        let bad_search = with(more(own), json!({ "search": "\0" }));
        assert_eq!(api.faults(&ada, mutation, bad_search).await, ["search"]);
        let bad_filter = with(more(own), json!({ "filter": { "assignedTo": ["x"] } }));
        let faults = api.faults(&ada, mutation, bad_filter).await;
        assert_eq!(faults, ["filter.assignedTo"]);
    }
}

#[tokio::test]
async fn no_ids_are_no_rows() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (mutation, own) in SELECTIONS {
        let input = with(more(own), json!({ "ids": [] }));
        let result = api.change(&ada, mutation, input).await;
        let nothing = json!({ "total": 0, "succeeded": 0, "failed": 0, "dryRun": false,
            "results": [] });
        assert_eq!(result, nothing, "{mutation}");
    }
}

#[tokio::test]
async fn a_selection_above_the_limit_is_refused_with_its_size_and_the_limit() {
    let options = ApiOptions {
        bulk_limit: 3,
        ..ApiOptions::default()
    };
    let api = Api::with(options).await;
    let ada = api.admin().await;
    let leads = json!({ "leads": called(&["A", "B", "C"]) });
    api.change(&ada, "createLeads", leads).await;
    let all = json!({ "filter": {} });
    let input = with(json!({ "status": "WON" }), all.clone());
    let result = api.change(&ada, "bulkUpdateStatus", input).await;
    assert_eq!(result["succeeded"], 3);
    api.lead(&ada, json!({ "lastName": "D" })).await;
    for (mutation, own) in SELECTIONS {
        let ids = with(
            more(own),
            json!({ "ids": [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN] }),
        );
        let refusal = api.refused(&ada, mutation, ids, "INVALID_DATA").await;
        let message = "ids selects 4 leads, the limit is 3";
        assert_eq!(refusal["message"], message, "{mutation}");
        if mutation == "bulkRestore" {
            continue;
        }
        for dry_run in [false, true] {
            let filter = with(with(more(own), all.clone()), json!({ "dryRun": dry_run }));
            let refusal = api.refused(&ada, mutation, filter, "INVALID_DATA").await;
            let message = "filter selects 4 leads, the limit is 3";
            assert_eq!(refusal["message"], message, "{mutation}");
        }
    }
    assert_eq!(api.found(&ada, json!({ "status": ["NEW"] })).await, ["D"]);
}

#[tokio::test]
async fn a_filter_selects_only_what_the_actor_may_see() {
    let team = Team::new().await;
    for owner in [Some(&team.ann), Some(&team.bea), Some(&team.mia), None] {
        team.lead_of(owner, "Kowalski").await;
    }
    for (who, total) in [
        (&team.ada, 4),
        (&team.mia, 3),
        (&team.max, 2),
        (&team.ann, 1),
        (&team.abe, 0),
    ] {
        for (mutation, own) in SELECTIONS {
            if mutation == "bulkRestore" || (mutation == "assignLeads" && total < 2) {
                continue;
            }
            let input = with(more(own), json!({ "filter": {}, "dryRun": true }));
            let result = team.api.change(who, mutation, input).await;
            assert_eq!(result["succeeded"], total, "{mutation}");
            assert_eq!(result["total"], total);
        }
    }
}

#[tokio::test]
async fn malformed_ids_are_named_together_up_to_a_hundred_of_them() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let input = json!({ "ids": [UNKNOWN, "no", "", UNKNOWN], "userId": "nobody" });
    let named = api.faults(&ada, "assignLeads", input).await;
    assert_eq!(named, ["ids.1", "ids.2", "userId"]);
    let input = json!({ "ids": vec!["no"; 1_000], "status": "WON" });
    let named = api.faults(&ada, "bulkUpdateStatus", input).await;
    assert_eq!(named.len(), 100);
}
