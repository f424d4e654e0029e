//! Pages of a list of leads.

use serde_json::{Value, json};

use super::called;
use crate::support::{Api, SignedIn};

async fn letters(api: &Api, who: &SignedIn) {
    let leads = json!({ "leads": called(&["A", "B", "C", "D", "E"]) });
    api.change(who, "createLeads", leads).await;
}

fn by_name(arguments: Value) -> Value {
    super::with(json!({ "orderBy": { "field": "LAST_NAME" } }), arguments)
}

/// The page's names, whether there is one before it and one after it, and the total.
fn summary(page: &Value) -> (String, bool, bool, i64) {
    let info = &page["pageInfo"];
    (
        super::strings(&page["nodes"], "lastName").concat(),
        info["hasPreviousPage"].as_bool().unwrap(),
        info["hasNextPage"].as_bool().unwrap(),
        page["totalCount"].as_i64().unwrap(),
    )
}

#[tokio::test]
async fn a_page_knows_its_neighbours_its_cursors_and_the_total() {
    let api = Api::new().await;
    let ada = api.admin().await;
    letters(&api, &ada).await;
    let whole = api.leads(&ada, by_name(json!({}))).await;
    assert_eq!(summary(&whole), ("ABCDE".into(), false, false, 5));
    let cursors = super::strings(&whole["edges"], "cursor");
    assert_eq!(whole["pageInfo"]["startCursor"], json!(cursors[0]));
    assert_eq!(whole["pageInfo"]["endCursor"], json!(cursors[4]));
    assert_eq!(whole["edges"][1]["node"]["lastName"], "B");
    for (arguments, expected) in [
        (json!({ "first": 2 }), ("AB", false, true)),
        (json!({ "first": 5 }), ("ABCDE", false, false)),
        (
            json!({ "first": 2, "after": cursors[1] }),
            ("CD", true, true),
        ),
        (json!({ "after": cursors[2] }), ("DE", true, false)),
        (
            json!({ "first": 2, "after": cursors[4] }),
            ("", true, false),
        ),
        (json!({ "last": 2 }), ("DE", true, false)),
        (
            json!({ "last": 2, "before": cursors[3] }),
            ("BC", true, true),
        ),
        (json!({ "before": cursors[1] }), ("A", false, true)),
        (
            json!({ "last": 2, "before": cursors[0] }),
            ("", false, true),
        ),
        (json!({ "first": 2, "offset": 1 }), ("BC", true, true)),
        (json!({ "offset": 4 }), ("E", true, false)),
        (json!({ "offset": 5 }), ("", true, false)),
        (json!({ "offset": i32::MAX }), ("", true, false)),
        (json!({ "offset": 0 }), ("ABCDE", false, false)),
    ] {
        let page = api.leads(&ada, by_name(arguments.clone())).await;
        let (names, before, after) = expected;
        assert_eq!(
            summary(&page),
            (names.into(), before, after, 5),
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn a_page_has_25_leads_unless_said_otherwise_and_at_most_100() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let leads = json!({ "leads": called(&["A"; 101]) });
    api.change(&ada, "createLeads", leads).await;
    for (arguments, size) in [
        (json!({}), 25),
        (json!({ "first": null }), 25),
        (json!({ "first": 1 }), 1),
        (json!({ "first": 100 }), 100),
        (json!({ "last": 100 }), 100),
    ] {
        let page = api.leads(&ada, arguments).await;
        assert_eq!(page["nodes"].as_array().unwrap().len(), size);
        assert_eq!(page["totalCount"], 101);
    }
}

#[tokio::test]
async fn an_empty_list_is_a_page_without_cursors() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let page = api.leads(&ada, json!({})).await;
    assert_eq!(summary(&page), (String::new(), false, false, 0));
    assert_eq!(page["pageInfo"]["startCursor"], json!(null));
    assert_eq!(page["pageInfo"]["endCursor"], json!(null));
}

#[tokio::test]
async fn sizes_that_cannot_be_and_arguments_that_contradict_each_other_are_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    letters(&api, &ada).await;
    let page = api.leads(&ada, json!({ "first": 1 })).await;
    let cursor = page["pageInfo"]["endCursor"].clone();
    for (arguments, field) in [
        (json!({ "first": 0 }), "first"),
        (json!({ "first": -1 }), "first"),
        (json!({ "first": 101 }), "first"),
        (json!({ "first": i32::MAX }), "first"),
        (json!({ "first": i32::MIN }), "first"),
        (json!({ "last": 0 }), "last"),
        (json!({ "last": -1 }), "last"),
        (json!({ "last": 101 }), "last"),
        (json!({ "offset": -1 }), "offset"),
        (json!({ "first": 1, "last": 1 }), "last"),
        (json!({ "after": cursor, "before": cursor }), "before"),
        (json!({ "after": cursor, "last": 1 }), "after"),
        (json!({ "before": cursor, "first": 1 }), "before"),
        (json!({ "after": cursor, "offset": 1 }), "offset"),
        (json!({ "last": 1, "offset": 1 }), "offset"),
    ] {
        let faults = api.leads_faults(&ada, arguments.clone()).await;
        assert_eq!(faults, [field], "{arguments}");
    }
    for too_large in [
        json!({ "first": 3_000_000_000_i64 }),
        json!({ "offset": 1.5 }),
    ] {
        let query = "query ($first: Int, $offset: Int) {
            leads(first: $first, offset: $offset) { totalCount } }";
        api.refusal(Some(&ada), query, too_large, "GRAPHQL_VALIDATION_FAILED")
            .await;
    }
}

#[tokio::test]
async fn broken_and_forged_cursors_are_refused() {
    let api = Api::new().await;
    let ada = api.admin().await;
    letters(&api, &ada).await;
    let id = super::UNKNOWN;
    let key = |key: Value| encoded(&json!({ "key": key, "id": id }).to_string());
    for bad in [
        String::new(),
        " ".into(),
        "x".into(),
        "🦀".into(),
        "\0".into(),
        "A".repeat(100_000),
        encoded(""),
        encoded("null"),
        encoded("{}"),
        encoded("[1,2]"),
        key(json!({ "Time": "yesterday" })),
        key(json!({ "Time": "-200000-01-01T00:00:00Z" })),
        key(json!({ "Time": "+262000-01-01T00:00:00Z" })),
        key(json!({ "Integer": 1 })),
        key(json!("Null")),
    ] {
        for place in ["after", "before"] {
            let mut arguments = json!({});
            arguments[place] = json!(bad);
            let faults = api.leads_faults(&ada, arguments).await;
            assert_eq!(faults, [place], "{bad}");
        }
    }
    let nul = key(json!({ "Text": "\0" }));
    let arguments = by_name(json!({ "after": nul }));
    assert_eq!(api.leads_faults(&ada, arguments).await, ["after"]);
    // What was never handed out but could have been is a place in the list.
    let between = key(json!({ "Text": "bzz" }));
    let arguments = by_name(json!({ "after": between }));
    assert_eq!(api.names(&ada, arguments).await, ["C", "D", "E"]);
}

#[tokio::test]
async fn a_cursor_shows_nobody_more_than_they_may_see() {
    let team = super::Team::new().await;
    for (owner, name) in [
        (&team.ann, "A"),
        (&team.bea, "B"),
        (&team.ann, "C"),
        (&team.bea, "D"),
    ] {
        team.lead_of(Some(owner), name).await;
    }
    let all = team.api.leads(&team.ada, by_name(json!({}))).await;
    let second = all["edges"][1]["cursor"].clone();
    let arguments = by_name(json!({ "after": second }));
    let page = team.api.leads(&team.ann, arguments).await;
    assert_eq!(summary(&page), ("C".into(), true, false, 2));
}

fn encoded(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
