//! Arguments and variables that do not fit their types: nothing runs, not even what stands before.

use serde_json::{Value, json};

use super::UNKNOWN;
use crate::support::{Api, SignedIn};

/// The whole request is refused: there is no data, and no lead.
async fn refused(api: &Api, who: &SignedIn, query: &str, variables: Value) {
    let answer = api.ask(Some(who), query, variables).await;
    assert!(answer.get("data").is_none(), "{query}: {answer}");
    let errors = answer["errors"].as_array().unwrap();
    assert!(!errors.is_empty(), "{query}");
    for error in errors {
        let code = &error["extensions"]["code"];
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{query}: {answer}");
        assert!(error.get("path").is_none(), "{query}: {answer}");
    }
    assert_eq!(api.count("SELECT count(*) FROM leads").await, 0);
}

#[tokio::test]
async fn a_value_that_does_not_fit_its_type_is_refused_before_anything_runs() {
    let api = Api::new().await;
    let ada = api.admin().await;
    for second in [
        "updateScore(input: {id: 1, score: 12959100449}) { lead { id } }",
        "updateScore(input: {id: 1, score: -2147483649}) { lead { id } }",
        "updateScore(input: {id: 1, score: 1.5}) { lead { id } }",
        "updateLead(input: {id: 1, nextFollowUp: \"tomorrow\"}) { lead { id } }",
        "updateLead(input: {id: 1, nextFollowUp: 5}) { lead { id } }",
        "archiveLead(input: {id: 1}) { lead { notes(first: 2147483648) { nodes { id } } } }",
    ] {
        let first = "createLead(input: {firstName: \"A\", lastName: \"B\", email: \"a@b.com\"}) {
            lead { id } }";
        refused(
            &api,
            &ada,
            &format!("mutation {{ {first} {second} }}"),
            json!({}),
        )
        .await;
    }
    // The field is never reached: there is no such user.
    let query = format!(
        "{{ node(id: {UNKNOWN:?}) {{ ... on User {{ leads(offset: 3000000000) {{ totalCount }} }} }} }}"
    );
    refused(&api, &ada, &query, json!({})).await;
}

#[tokio::test]
async fn a_variable_that_does_not_fit_or_is_missing_is_refused_before_anything_runs() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let score = "mutation ($score: Int!) {
        createLead(input: {firstName: \"A\", lastName: \"B\", email: \"a@b.com\"}) { lead { id } }
        updateScore(input: {id: 1, score: $score}) { lead { id } } }";
    for variables in [
        json!({}),
        json!({ "score": null }),
        json!({ "score": 12_959_100_449_i64 }),
        json!({ "score": "1" }),
    ] {
        refused(&api, &ada, score, variables).await;
    }
    let page = "query ($filter: LeadFilter) { me { id } leads(filter: $filter) { totalCount } }";
    for filter in [json!(5), json!([]), json!({ "createdAt": { "from": "x" } })] {
        refused(&api, &ada, page, json!({ "filter": filter })).await;
    }
    refused(
        &api,
        &ada,
        "{ me { id } leads(filter: 5) { totalCount } }",
        json!({}),
    )
    .await;
    // What need not be given may be missing.
    let page = api.data(&ada, page, json!({})).await;
    assert_eq!(page["leads"]["totalCount"], 0);
    let with_default = "query ($first: Int! = 1) { leads(first: $first) { totalCount } }";
    assert_eq!(
        api.data(&ada, with_default, json!({})).await["leads"]["totalCount"],
        0
    );
}

#[tokio::test]
async fn a_change_whose_input_is_no_object_is_refused_with_the_one_before_it() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let fields = "{ a: createLead(input: {firstName: \"A\", lastName: \"B\", email: \"a@b.com\"}) {
        lead { lastName } } b: archiveLead(input: 5) { lead { id } } }";
    for operation in ["mutation", "mutation Named"] {
        let change = format!("{operation} {fields}");
        refused(&api, &ada, &change, json!({})).await;
    }
}

#[tokio::test]
async fn a_document_that_was_answered_before_is_held_to_the_same_rules() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let plain = "{ leads(first: 1) { totalCount nodes { id } } }";
    let with_variable = "query ($first: Int, $by: [LeadSource!]) {
        leads(first: $first, filter: {source: $by}) { nodes { id } } }";
    let answer = api.data(&ada, plain, json!({})).await;
    for _ in 0..3 {
        assert_eq!(api.data(&ada, plain, json!({})).await, answer);
        api.data(&ada, with_variable, json!({ "first": 1, "by": ["OTHER"] }))
            .await;
        for wrong in [
            json!({ "first": "1" }),
            json!({ "first": 1.5 }),
            json!({ "by": ["NOWHERE"] }),
        ] {
            refused(&api, &ada, with_variable, wrong).await;
        }
        refused(&api, &ada, "{ leads(first: 1) { noField } }", json!({})).await;
        let first = plain.replace("first: 1", "first: \"1\"");
        refused(&api, &ada, &first, json!({})).await;
    }
}
