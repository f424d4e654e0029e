//! The security headers of every answer.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crm::http::BrowserHeaders;
use crm::http::graphiql::Assets;

use crate::support::{Api, ApiOptions};

async fn api(browsers: BrowserHeaders) -> Api {
    let reason = "a test".to_owned();
    Api::with(ApiOptions {
        browsers,
        graphiql: Some(Assets::Fallback { reason }.into()),
        ..ApiOptions::default()
    })
    .await
}

/// One of each kind of answer.
fn requests() -> Vec<Request<Body>> {
    let operation = |body: String| {
        let request = Request::post("/graphql").header("content-type", "application/json");
        request.body(Body::from(body)).unwrap()
    };
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    vec![
        operation(json!({ "query": "{ __typename }" }).to_string()),
        operation(json!({ "query": "{ me { id } }" }).to_string()),
        operation("nonsense".to_owned()),
        operation("x".repeat(2 * 1024 * 1024)),
        get("/graphql"),
        get("/healthz"),
        get("/readyz"),
        get("/nothing"),
        get("/graphiql"),
        get("/graphiql/assets/style.css"),
        get("/graphiql/assets/nothing.js"),
    ]
}

#[tokio::test]
async fn every_answer_says_what_it_may_be_used_for() {
    let api = api(BrowserHeaders::default()).await;
    for request in requests() {
        let path = request.uri().path().to_owned();
        let (status, headers, _) = api.send(request).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value, "{status} {path}");
        }
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; "),
            "{path}: {policy}"
        );
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        let kept = headers["cache-control"].to_str().unwrap();
        let is_own_file = path == "/graphiql/assets/style.css";
        assert_eq!(kept, if is_own_file { "no-cache" } else { "no-store" });
        assert!(!headers.contains_key("strict-transport-security"));
        assert!(!headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn https_only_is_said_where_the_operator_wants_it() {
    let browsers = BrowserHeaders {
        https_only_seconds: 31_536_000,
        ..BrowserHeaders::default()
    };
    let api = api(browsers).await;
    for request in requests() {
        let (_, headers, _) = api.send(request).await;
        assert_eq!(headers["strict-transport-security"], "max-age=31536000");
    }
}
