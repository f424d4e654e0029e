//! Automatic persisted queries, as Apollo's clients speak them.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::support::{Api, SignedIn};

async fn post(api: &Api, who: &SignedIn, body: Value) -> (StatusCode, Value) {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", who.token));
    let request = request.body(Body::from(body.to_string())).unwrap();
    let (status, _, text) = api.send(request).await;
    (status, serde_json::from_str(&text).unwrap())
}

fn named(query: Option<&str>, hash: &str, variables: Value) -> Value {
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    match query {
        Some(query) => json!({ "query": query, "variables": variables, "extensions": extensions }),
        None => json!({ "variables": variables, "extensions": extensions }),
    }
}

fn code(answer: &(StatusCode, Value)) -> &Value {
    &answer.1["errors"][0]["extensions"]["code"]
}

#[tokio::test]
async fn a_query_is_named_by_its_hash_once_it_was_sent_with_it() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let query = "query ($first: Int) { users(first: $first) { nodes { id } } }";
    let hash: String = digest(&SHA256, query.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let first = post(&api, &ada, named(None, &hash, json!({ "first": 1 }))).await;
    assert_eq!(first.0, StatusCode::OK);
    assert_eq!(code(&first), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(first.1["errors"][0]["message"], "PersistedQueryNotFound");
    let sent = post(&api, &ada, named(Some(query), &hash, json!({ "first": 1 }))).await;
    let again = post(&api, &ada, named(None, &hash, json!({ "first": 1 }))).await;
    assert_eq!(sent.1["data"]["users"]["nodes"][0]["id"], ada.id);
    assert_eq!(again.1, sent.1);
    // The document is remembered, not what was said of its variables.
    let wrong = post(&api, &ada, named(None, &hash, json!({ "first": "one" }))).await;
    assert_eq!(code(&wrong), "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn a_query_under_a_false_name_is_refused_and_not_remembered() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let hash = "0".repeat(64);
    for (query, hash) in [
        (Some("{ me { id } }"), hash.as_str()),
        (Some("{ me { id } }"), "nonsense"),
        (None, "nonsense"),
    ] {
        let answer = post(&api, &ada, named(query, hash, json!({}))).await;
        assert_eq!(answer.0, StatusCode::BAD_REQUEST);
        assert_eq!(code(&answer), "BAD_REQUEST");
    }
    let answer = post(&api, &ada, named(None, &hash, json!({}))).await;
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_FOUND");
    let neither = post(&api, &ada, json!({ "variables": {} })).await;
    assert_eq!(neither.0, StatusCode::BAD_REQUEST);
}
