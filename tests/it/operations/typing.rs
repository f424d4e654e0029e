//! `search` with typing mistakes in names.

use serde_json::{Value, json};

use super::{Team, called};
use crate::support::{Api, SignedIn};

fn by_name(search: &str) -> Value {
    json!({ "search": search, "orderBy": { "field": "LAST_NAME" } })
}

async fn leads_called(api: &Api, ada: &SignedIn, names: &[&str]) {
    let leads = json!({ "leads": called(names) });
    api.change(ada, "createLeads", leads).await;
}

#[tokio::test]
async fn a_name_is_found_in_spite_of_typing_mistakes_after_a_restore() {
    let api = Api::new().await;
    let ada = api.admin().await;
    leads_called(&api, &ada, &["Kowalski"]).await;
    // A dump is read with no schema to search.
    let restore = "BEGIN; DELETE FROM name_words; SET LOCAL search_path = ''; \
                   INSERT INTO public.name_words (word) VALUES ('kowalski'); COMMIT";
    api.sql(restore).await;
    let found = api.names(&ada, by_name("Kowalsky")).await;
    assert_eq!(found, ["Kowalski"]);
}

#[tokio::test]
async fn a_name_is_found_in_spite_of_typing_mistakes() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for (first, last) in [
        ("John", "Kowalski"),
        ("Jürgen", "Müller-Lüdenscheidt"),
        ("Zoë", "O'Neill"),
        ("Иван", "Достоевский"),
        ("Ann", "Li"),
    ] {
        let lead = json!({ "firstName": first, "lastName": last, "email": "x@y.example" });
        api.lead(&ada, lead).await;
    }
    for (search, expected) in [
        // A letter changed, left out, added, swapped with its neighbour, two mistakes.
        ("Kowalsky", vec!["Kowalski"]),
        ("kowaski", vec!["Kowalski"]),
        ("kowallski", vec!["Kowalski"]),
        ("KOWLASKI", vec!["Kowalski"]),
        ("kawolski", vec!["Kowalski"]),
        ("xxwalski", vec!["Kowalski"]),
        ("kowalsxx", vec!["Kowalski"]),
        ("xowalskx", vec!["Kowalski"]),
        ("Jonh", vec!["Kowalski"]),
        ("ojhn", vec!["Kowalski"]),
        // Words of double names and behind an apostrophe count for themselves, without accents.
        ("Muler", vec!["Müller-Lüdenscheidt"]),
        ("Ludenscheid", vec!["Müller-Lüdenscheidt"]),
        ("Lüdenschiedt", vec!["Müller-Lüdenscheidt"]),
        ("niell", vec!["O'Neill"]),
        ("Ивна", vec!["Достоевский"]),
        ("достаевскии", vec!["Достоевский"]),
        // Together with words that are right, and with other mistakes.
        ("jonh kowalsky", vec!["Kowalski"]),
        ("john kowalsky x@y", vec!["Kowalski"]),
        ("kowalsky ann", vec![]),
        // Three mistakes, two in a short word, and words that are too short.
        ("kowxxxki", vec![]),
        ("jxxn", vec![]),
        ("Anm", vec![]),
        // Only names, and only words of letters.
        ("exampel", vec![]),
        ("x@y.exampel", vec![]),
        ("kowalsk1", vec![]),
    ] {
        assert_eq!(api.names(&ada, by_name(search)).await, expected, "{search}");
    }
}

#[tokio::test]
async fn mistyped_names_come_after_all_that_match_each_lead_once_on_pages_both_ways() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let names = [
        "Kowalsky",
        "Zowalski",
        "Awalski",
        "Kowalska",
        "Kowalski",
        "Nowak",
        "Bowalski",
        "Kowalskich",
    ];
    leads_called(&api, &ada, &names).await;
    let expected = [
        // They have the word, in their order; the last two letters more are part of the name.
        "Kowalski",
        "Kowalskich", // And these do not.
        "Awalski",
        "Bowalski",
        "Kowalska",
        "Kowalsky",
        "Zowalski",
    ];
    for field in ["LAST_NAME", "COMPANY"] {
        let list = |arguments: Value| {
            let order = json!({ "search": "kowalski", "orderBy": { "field": field } });
            super::with(order, arguments)
        };
        let whole = api.leads(&ada, list(json!({}))).await;
        let mut found = super::strings(&whole["nodes"], "lastName");
        assert_eq!(whole["totalCount"], 2);
        if field == "LAST_NAME" {
            assert_eq!(found, expected);
        }
        let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
        let mut at = Value::Null;
        loop {
            let page = api
                .leads(&ada, list(json!({ "first": 3, "after": at })))
                .await;
            forwards.extend(super::strings(&page["nodes"], "lastName"));
            at = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(forwards, found);
        at = Value::Null;
        loop {
            let page = api
                .leads(&ada, list(json!({ "last": 3, "before": at })))
                .await;
            let names = super::strings(&page["nodes"], "lastName");
            backwards.extend(names.into_iter().rev());
            at = page["pageInfo"]["startCursor"].clone();
            if page["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
        }
        for offset in 0..9 {
            let page = list(json!({ "first": 2, "offset": offset }));
            let rest = found.get(offset..).unwrap_or_default();
            assert_eq!(
                api.names(&ada, page).await,
                rest[..rest.len().min(2)],
                "{offset}"
            );
        }
        found.reverse();
        assert_eq!(backwards, found);
    }
}

#[tokio::test]
async fn a_name_that_changes_is_found_by_mistakes_in_the_new_one() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let lead = api.lead_id(&ada, json!({ "lastName": "Before" })).await;
    let change = json!({ "id": lead, "lastName": "Afterwards" });
    api.change(&ada, "updateLead", change).await;
    assert_eq!(api.names(&ada, by_name("befroe")).await, [""; 0]);
    assert_eq!(api.names(&ada, by_name("aftrewards")).await, ["Afterwards"]);
}

#[tokio::test]
async fn bulk_changes_and_statistics_keep_to_what_matches() {
    let api = Api::new().await;
    let ada = api.admin().await;
    leads_called(&api, &ada, &["Kowalski", "Kowalsky"]).await;
    assert_eq!(
        api.names(&ada, by_name("kowalsky")).await,
        ["Kowalsky", "Kowalski"]
    );
    let query = "{ leadStatistics(search: \"kowalsky\") { totalLeads leadsByStatus { count } } }";
    let statistics = api.data(&ada, query, json!({})).await;
    assert_eq!(statistics["leadStatistics"]["totalLeads"], 1);
    let query = "mutation { bulkArchive(input: { leads: { matching: { search: \"kowalsky\" } } }) { total succeeded } }";
    let bulk = api.data(&ada, query, json!({})).await;
    assert_eq!(bulk["bulkArchive"], json!({ "total": 1, "succeeded": 1 }));
    // The one that matched is archived; the other never was selected.
    assert_eq!(api.names(&ada, by_name("kowalsky")).await, ["Kowalski"]);
}

#[tokio::test]
async fn mistyped_names_are_found_only_among_what_the_viewer_may_see_and_the_filter_lets_through() {
    let team = Team::new().await;
    for (owner, name) in [
        (Some(&team.ann), "Kowalski"),
        (Some(&team.bea), "Kowalska"),
        (None, "Kovalski"),
    ] {
        team.lead_of(owner, name).await;
    }
    let api = &team.api;
    assert_eq!(
        api.names(&team.ann, by_name("kowalsky")).await,
        ["Kowalski"]
    );
    assert_eq!(
        api.names(&team.bea, by_name("kowalsky")).await,
        ["Kowalska"]
    );
    assert_eq!(
        api.names(&team.ada, by_name("kowalsky")).await,
        ["Kovalski", "Kowalska", "Kowalski"]
    );
    let free = json!({ "search": "kowalsky", "filter": { "unassigned": true } });
    assert_eq!(api.names(&team.ada, free).await, ["Kovalski"]);
}

#[tokio::test]
async fn a_cursor_behind_mistyped_names_is_none_of_a_search_without_them() {
    let api = Api::new().await;
    let ada = api.admin().await;
    leads_called(&api, &ada, &["Kowalski"]).await;
    let page = api.leads(&ada, by_name("kowalsky")).await;
    let cursor = page["pageInfo"]["endCursor"].clone();
    for search in ["", "601", "x@y.example"] {
        for argument in ["after", "before"] {
            let arguments = super::with(by_name(search), json!({ argument: cursor }));
            assert_eq!(api.leads_faults(&ada, arguments).await, [argument]);
        }
    }
}
