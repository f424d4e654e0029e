//! Headers for browsers: the security headers of every answer, and CORS for other sites.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use serde_json::json;

use crm::http::BrowserHeaders;
use crm::http::graphiql::Assets;

use crate::support::{Api, ApiOptions};

const APP: &str = "https://app.example.com";

async fn api(browsers: BrowserHeaders) -> Api {
    let reason = "a test".to_owned();
    Api::with(ApiOptions {
        browsers,
        graphiql: Some(Assets::Fallback { reason }.into()),
        ..ApiOptions::default()
    })
    .await
}

fn allowing(origins: &[&'static str]) -> BrowserHeaders {
    let origins = origins
        .iter()
        .map(|origin| HeaderValue::from_static(origin));
    BrowserHeaders {
        origins: origins.collect(),
        ..BrowserHeaders::default()
    }
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

async fn preflight(api: &Api, origin: &str, asked: &str) -> (StatusCode, HeaderMap) {
    let request = Request::options("/graphql")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", asked);
    let (status, headers, _) = api.send(request.body(Body::empty()).unwrap()).await;
    (status, headers)
}

async fn asked_from(api: &Api, origin: &str) -> HeaderMap {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("origin", origin);
    let body = Body::from(json!({ "query": "{ __typename }" }).to_string());
    let (status, headers, _) = api.send(request.body(body).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    headers
}

#[tokio::test]
async fn a_listed_origin_may_ask_and_no_other() {
    let api = api(allowing(&["http://localhost:3000", APP])).await;
    let (status, headers) = preflight(&api, APP, "authorization,content-type").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["access-control-allow-origin"], APP);
    let methods = headers["access-control-allow-methods"].to_str().unwrap();
    assert!(methods.contains("POST"), "{methods}");
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    for header in ["authorization", "content-type", "x-request-id"] {
        assert!(allowed.split(',').any(|name| name == header), "{allowed}");
    }
    assert_eq!(headers["access-control-max-age"], "3600");
    let headers = asked_from(&api, APP).await;
    assert_eq!(headers["access-control-allow-origin"], APP);
    let exposed = headers["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("x-request-id"), "{exposed}");
    for origin in [
        "https://evil.example.com",
        "https://app.example.com.evil.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "null",
    ] {
        let (_, asked) = preflight(&api, origin, "content-type").await;
        for headers in [asked, asked_from(&api, origin).await] {
            let allowed = headers.get("access-control-allow-origin");
            assert!(allowed.is_none(), "{origin}: {allowed:?}");
        }
    }
    for origin in [APP, "https://evil.example.com"] {
        let headers = asked_from(&api, origin).await;
        let vary = headers.get_all("vary").iter();
        let vary: String = vary.map(|value| value.to_str().unwrap()).collect();
        assert!(vary.contains("origin"), "{vary}");
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn without_a_list_no_other_site_may_ask() {
    let api = api(BrowserHeaders::default()).await;
    let (status, headers) = preflight(&api, APP, "content-type").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(!headers.contains_key("access-control-allow-origin"));
    let headers = asked_from(&api, APP).await;
    assert!(!headers.contains_key("access-control-allow-origin"));
}
