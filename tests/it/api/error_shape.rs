//! Failing answers have the shape that the schema promises.

use serde_json::json;

use super::{Team, UNKNOWN};
use crate::support::Api;

#[tokio::test]
async fn a_root_field_that_fails_is_null_beside_one_that_succeeds() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let query = format!(
        "{{ me {{ id }} broken: lead(id: {UNKNOWN:?}) {{ id }} users(first: 0) {{ totalCount }} }}"
    );
    let answer = api.ask(Some(&ada), &query, json!({})).await;
    let data = json!({ "me": { "id": ada.id }, "broken": null, "users": null });
    assert_eq!(answer["data"], data);
    let errors = answer["errors"].as_array().unwrap();
    let summary = |error: &serde_json::Value| {
        let code = error["extensions"]["code"].clone();
        (
            error["path"].clone(),
            code,
            error["locations"][0]["line"].clone(),
        )
    };
    let mut found: Vec<_> = errors.iter().map(summary).collect();
    found.sort_by_key(|(path, ..)| path.to_string());
    assert_eq!(
        found,
        [
            (json!(["broken"]), json!("LEAD_NOT_FOUND"), json!(1)),
            (json!(["users"]), json!("INVALID_DATA"), json!(1)),
        ]
    );
}

#[tokio::test]
async fn a_mutation_that_fails_is_null_and_the_next_one_runs_all_the_same() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let change = format!(
        "mutation {{ a: archiveLead(input: {{ id: {UNKNOWN:?} }}) {{ lead {{ id }} }}
            b: createLead(input: {{ firstName: \"A\", lastName: \"B\", email: \"a@b.com\" }}) {{
                lead {{ lastName }} }} }}"
    );
    let answer = api.ask(Some(&ada), &change, json!({})).await;
    let data = json!({ "a": null, "b": { "lead": { "lastName": "B" } } });
    assert_eq!(answer["data"], data);
    assert_eq!(answer["errors"][0]["path"], json!(["a"]));
}

#[tokio::test]
async fn a_nested_field_that_fails_is_null_and_its_parent_stays() {
    let Team { api, ann, .. } = &Team::new().await;
    api.lead(ann, json!({})).await;
    let query = "{ leads { nodes { lastName notes(first: 0) { nodes { id } } } }
        me { fullName leads(first: 101) { totalCount } } }";
    let answer = api.ask(Some(ann), query, json!({})).await;
    assert_eq!(
        answer["data"],
        json!({ "leads": { "nodes": [{ "lastName": "Kowalski", "notes": null }] },
            "me": { "fullName": "Ann Agent", "leads": null } })
    );
    let errors = answer["errors"].as_array().unwrap();
    let mut paths: Vec<_> = errors
        .iter()
        .map(|error| error["path"].to_string())
        .collect();
    paths.sort();
    assert_eq!(
        paths,
        [r#"["leads","nodes",0,"notes"]"#, r#"["me","leads"]"#]
    );
}

#[tokio::test]
async fn a_request_that_is_no_good_has_no_data_and_a_code_and_changes_nothing() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for query in [
        "{ nothing }",
        "{ me { nothing } }",
        "{ me }",
        "{ me { id",
        "",
        "{ lead { id } }",
        "{ lead(id: 1, x: 2) { id } }",
        "mutation { createLead { lead { id } } }",
        "mutation { createLead(input: { firstName: 1 }) { lead { id } } }",
        "mutation { createLead(input: { firstName: \"A\", lastName: \"B\", email: \"a@b.com\",
            leadScore: 100 }) { lead { id } } }",
        "subscription { me { id } }",
        "query A { me { id } } query B { me { id } }",
    ] {
        let answer = api.ask(Some(&ada), query, json!({})).await;
        assert!(answer["data"].is_null(), "{query}: {answer}");
        let errors = answer["errors"].as_array().unwrap();
        for error in errors {
            let code = &error["extensions"]["code"];
            assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{query}");
            assert!(error["extensions"]["requestId"].is_string());
        }
    }
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 0);
}

#[tokio::test]
async fn no_word_of_the_database_reaches_a_client() {
    let api = Api::new().await;
    let ada = api.admin().await;
    api.sql("ALTER TABLE leads RENAME TO hidden_leads").await;
    let error = api
        .refusal(
            Some(&ada),
            "{ leads { totalCount } }",
            json!({}),
            "DATABASE_ERROR",
        )
        .await;
    assert_eq!(error["message"], "the database refused the operation");
    assert!(!error.to_string().contains("relation"), "{error}");
    let change = super::jan(json!({}));
    let error = api
        .refused(&ada, "createLead", change, "DATABASE_ERROR")
        .await;
    assert_eq!(error["message"], "the database refused the operation");
    api.sql("ALTER TABLE hidden_leads RENAME TO leads").await;
    api.lead(&ada, json!({})).await;
}
