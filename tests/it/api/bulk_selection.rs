//! Which leads a bulk change is for.

use serde_json::{Value, json};

use super::{Team, UNKNOWN, called, document, with};
use crate::support::{Api, ApiOptions};

const SELECTIONS: [(&str, &str); 5] = [
    ("bulkUpdateStatus", r#"{ "status": "WON" }"#),
    ("assignLeads", r#"{ "to": { "nobody": true } }"#),
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
        (json!({ "filter": by_filter, "search": " " }), 2),
        (
            json!({ "filter": { "archived": "INCLUDE" }, "search": "nowa" }),
            2,
        ),
        (json!({ "search": "nobody" }), 0),
        (
            json!({ "filter": { "archived": "ONLY", "tags": { "any": ["a"] } } }),
            0,
        ),
        (json!({ "filter": { "tags": { "any": [] } } }), 0),
        (json!({ "filter": { "ids": [] } }), 0),
    ] {
        let page = selection.clone();
        assert_eq!(api.leads(ann, page).await["totalCount"], total);
        let input = json!({ "leads": { "matching": selection }, "status": "WON", "dryRun": true });
        let result = api.change(ann, "bulkUpdateStatus", input).await;
        assert_eq!(
            (&result["total"], &result["failed"]),
            (&json!(total), &json!(0))
        );
    }
    let input = json!({ "status": "WON", "leads": { "matching": { "search": "nowa" } } });
    let result = api.change(ann, "bulkUpdateStatus", input).await;
    assert_eq!(result["succeeded"], 2);
    let won = json!({ "status": ["WON"] });
    assert_eq!(api.found(ada, won).await, ["Nowacki", "Nowak"]);
}

#[tokio::test]
async fn restoring_means_archived_leads_where_nothing_else_is_said() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for name in ["A", "B", "C"] {
        let id = api.lead_id(&ada, json!({ "lastName": name })).await;
        if name != "C" {
            api.change(&ada, "archiveLead", json!({ "id": id })).await;
        }
    }
    let sums = async |leads: Value, dry_run: bool| {
        let input = json!({ "leads": leads, "dryRun": dry_run });
        let result = api.change(&ada, "bulkRestore", input).await;
        [&result["total"], &result["succeeded"]].map(|sum| sum.as_u64().unwrap())
    };
    let by_search = json!({ "matching": { "search": "kowalski jan" } });
    assert_eq!(sums(by_search, true).await, [0, 0]);
    for (filter, expected) in [
        (json!({}), [2, 2]),
        (json!({ "archived": "ONLY" }), [2, 2]),
        (json!({ "archived": "EXCLUDE" }), [1, 0]),
        (json!({ "archived": "INCLUDE" }), [3, 2]),
    ] {
        let filter = with(filter, json!({ "email": { "isSet": true } }));
        let leads = json!({ "matching": { "filter": filter } });
        assert_eq!(sums(leads, true).await, expected, "{filter}");
    }
    assert_eq!(sums(json!({ "all": true }), false).await, [2, 2]);
    assert_eq!(api.found(&ada, json!({})).await, ["A", "B", "C"]);
}

#[tokio::test]
async fn the_leads_are_named_in_exactly_one_way() {
    let api = Api::new().await;
    let ada = api.admin().await;
    api.lead(&ada, json!({})).await;
    for (mutation, own) in SELECTIONS {
        for unclear in [
            json!({}),
            json!(null),
            json!({ "ids": null }),
            json!({ "ids": [null] }),
            json!({ "matching": null }),
            json!({ "all": null }),
            json!({ "ids": [UNKNOWN], "all": true }),
            json!({ "ids": [], "matching": { "search": "x" } }),
            json!({ "ids": [UNKNOWN], "all": null }),
            json!("all"),
        ] {
            let input = with(more(own), json!({ "leads": unclear }));
            api.refused(&ada, mutation, input, "GRAPHQL_VALIDATION_FAILED")
                .await;
        }
        for silent in [
            json!({}),
            json!({ "ids": [UNKNOWN] }),
            json!({ "filter": {} }),
        ] {
            let input = json!({ "input": with(more(own), silent) });
            let answer = api.ask(Some(&ada), &document(mutation), input).await;
            // One for `leads`, one for each field that is none.
            for error in answer["errors"].as_array().unwrap() {
                assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
            }
            assert!(answer["data"].is_null(), "{answer}");
        }
    }
    assert_eq!(api.leads(&ada, json!({})).await["totalCount"], 1);
}

#[tokio::test]
async fn a_selection_that_says_nothing_or_what_cannot_be_is_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    api.lead(&ada, json!({})).await;
    let matching = |by: Value| json!({ "matching": by });
    for (leads, faults) in [
        (json!({ "all": false }), vec!["all"]),
        (matching(json!({})), vec!["matching"]),
        (matching(json!({ "filter": {} })), vec!["matching"]),
        (matching(json!({ "search": " " })), vec!["matching"]),
        (
            matching(json!({ "filter": {}, "search": "" })),
            vec!["matching"],
        ),
        (
            matching(json!({ "filter": { "archived": "ONLY" } })),
            vec!["matching"],
        ),
        (
            matching(json!({ "filter": { "and": [{ "archived": "EXCLUDE" }] } })),
            vec!["matching"],
        ),
        (
            matching(json!({ "filter": { "not": { "archived": "ONLY" } } })),
            vec!["matching"],
        ),
        (
            matching(
                json!({ "filter": { "or": [{ "status": ["NEW"] }, { "archived": "EXCLUDE" }] } }),
            ),
            vec!["matching"],
        ),
        (
            matching(json!({ "filter": null, "search": null })),
            vec!["matching.filter", "matching.search"],
        ),
        (
            matching(json!({ "filter": null, "search": "jan" })),
            vec!["matching.filter"],
        ),
        (
            matching(json!({ "filter": { "company": { "equals": null } }, "search": "\0" })),
            vec!["matching.filter.company.equals", "matching.search"],
        ),
        (
            matching(json!({ "filter": { "and": [{ "assignedTo": ["x"] }, {}] } })),
            vec![
                "matching.filter.and.0.assignedTo.0",
                "matching.filter.and.1",
            ],
        ),
        (json!({ "ids": [UNKNOWN, "x"] }), vec!["ids.1"]),
    ] {
        let faults: Vec<String> = faults.iter().map(|f| format!("leads.{f}")).collect();
        for (mutation, own) in SELECTIONS {
            let input = with(more(own), json!({ "leads": leads }));
            let found = api.faults(&ada, mutation, input).await;
            assert_eq!(found, faults, "{mutation}: {leads}");
        }
    }
    assert_eq!(api.leads(&ada, json!({})).await["totalCount"], 1);
}

#[tokio::test]
async fn no_ids_are_no_rows() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (mutation, own) in SELECTIONS {
        let input = with(more(own), json!({ "leads": { "ids": [] } }));
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
    let all = json!({ "leads": { "all": true } });
    let input = with(json!({ "status": "WON" }), all.clone());
    let result = api.change(&ada, "bulkUpdateStatus", input).await;
    assert_eq!(result["succeeded"], 3);
    api.lead(&ada, json!({ "lastName": "D" })).await;
    for (mutation, own) in SELECTIONS {
        let ids = with(
            more(own),
            json!({ "leads": { "ids": [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN] } }),
        );
        let refusal = api.refused(&ada, mutation, ids, "INVALID_DATA").await;
        let message = "input.leads.ids selects 4 leads, the limit is 3";
        assert_eq!(refusal["message"], message, "{mutation}");
        if mutation == "bulkRestore" {
            continue;
        }
        for dry_run in [false, true] {
            let filter = with(with(more(own), all.clone()), json!({ "dryRun": dry_run }));
            let refusal = api.refused(&ada, mutation, filter, "INVALID_DATA").await;
            let message = "input.leads selects 4 leads, the limit is 3";
            assert_eq!(refusal["message"], message, "{mutation}");
        }
    }
    assert_eq!(api.found(&ada, json!({ "status": ["NEW"] })).await, ["D"]);
}

#[tokio::test]
async fn all_and_matching_select_only_what_the_actor_may_see() {
    let team = Team::new().await;
    for owner in [Some(&team.ann), Some(&team.bea), Some(&team.mia), None] {
        for is_archived in [false, true] {
            let id = team.lead_of(owner, "Kowalski").await;
            if is_archived {
                let id = json!({ "id": id });
                team.api.change(&team.ada, "archiveLead", id).await;
            }
        }
    }
    let everybodys = json!({ "lastContactDate": { "isSet": false } });
    for (who, total) in [
        (&team.ada, 4),
        (&team.mia, 3),
        (&team.max, 2),
        (&team.ann, 1),
        (&team.abe, 0),
    ] {
        for (mutation, own) in SELECTIONS {
            for leads in [
                json!({ "all": true }),
                json!({ "matching": { "search": "kowalski" } }),
                json!({ "matching": { "filter": everybodys } }),
            ] {
                let input = with(more(own), json!({ "leads": leads, "dryRun": true }));
                if mutation == "assignLeads" && total < 2 {
                    let code = "PERMISSION_DENIED";
                    team.api.refused(who, mutation, input, code).await;
                    continue;
                }
                let result = team.api.change(who, mutation, input).await;
                assert_eq!(result["succeeded"], total, "{mutation} of {leads}");
                assert_eq!(result["total"], total, "{mutation} of {leads}");
            }
        }
    }
}

#[tokio::test]
async fn all_is_changed_for_real_and_no_more_than_that() {
    let team = Team::new().await;
    let Team {
        api, ada, ann, bea, ..
    } = &team;
    let mut ids = Vec::new();
    for owner in [Some(ann), Some(bea), None] {
        ids.push(team.lead_of(owner, "Kowalski").await);
    }
    let all = json!({ "leads": { "all": true } });
    let archived = api.change(ann, "bulkArchive", all.clone()).await;
    assert_eq!(archived["succeeded"], 1);
    let is_archived = async |at: usize| api.read(ada, &ids[at]).await["isArchived"] == true;
    assert!(is_archived(0).await && !is_archived(1).await && !is_archived(2).await);
    assert_eq!(
        api.change(bea, "bulkRestore", all.clone()).await["total"],
        0
    );
    assert!(is_archived(0).await);
    assert_eq!(api.change(ada, "bulkRestore", all).await["succeeded"], 1);
    assert!(!is_archived(0).await);
}

#[tokio::test]
async fn malformed_ids_are_named_together_up_to_a_hundred_of_them() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let ids = json!({ "ids": [UNKNOWN, "no", "", UNKNOWN] });
    let input = json!({ "leads": ids, "to": { "userId": "nobody" } });
    let named = api.faults(&ada, "assignLeads", input).await;
    assert_eq!(named, ["leads.ids.1", "leads.ids.2", "to.userId"]);
    let input = json!({ "leads": { "ids": vec!["no"; 1_000] }, "status": "WON" });
    let named = api.faults(&ada, "bulkUpdateStatus", input).await;
    assert_eq!(named.len(), 100);
}
