//! Requests that are rejected before GraphQL also answer with the codes of docs/guide/errors.md.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::Api;

#[tokio::test]
async fn what_the_edge_refuses_has_a_status_and_a_code() {
    let api = Api::new().await;
    let query = |text: &str| json!({ "query": text }).to_string();
    let too_large = query(&"a".repeat(1024 * 1024));
    let too_deep = query(&"{a".repeat(100));
    let too_dear = query(
        "{ users(first: 100) { nodes { leads(first: 100) { nodes { id email phone company status } } } } }",
    );
    let json = "application/json";
    for (media_type, body, status, code) in [
        ("text/plain", query("{ me { id } }"), 415, "BAD_REQUEST"),
        (json, "nonsense".to_owned(), 400, "BAD_REQUEST"),
        (json, too_large, 413, "BODY_TOO_LARGE"),
        (json, too_deep, 400, "DOCUMENT_TOO_LARGE"),
        (json, too_dear, 400, "COST_LIMIT_EXCEEDED"),
        (json, query("{ nope }"), 200, "GRAPHQL_VALIDATION_FAILED"),
        (json, query("{ me"), 200, "GRAPHQL_VALIDATION_FAILED"),
        (json, query("{ me { id } }"), 200, "UNAUTHENTICATED"),
    ] {
        // As every client sends it: with the length told before, so that it can be refused at once.
        let request = Request::post("/graphql")
            .header("content-type", media_type)
            .header("content-length", body.len());
        let (is, _, text) = api.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(is, StatusCode::from_u16(status).unwrap(), "{text}");
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(extensions["code"], code, "{text}");
        assert!(extensions["requestId"].is_string(), "{text}");
    }
}
