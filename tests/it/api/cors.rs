//! CORS: the origins whose pages may send requests, and how others are refused.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use serde_json::{Value, json};

use crm::http::BrowserHeaders;

use crate::support::{Api, ApiOptions};

const APP: &str = "https://app.example.com";

async fn api(browsers: BrowserHeaders) -> Api {
    Api::with(ApiOptions {
        browsers,
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

async fn preflight(api: &Api, origin: &str, asked: &str) -> (StatusCode, HeaderMap) {
    let (status, headers, _) = preflight_answer(api, origin, asked).await;
    (status, headers)
}

async fn preflight_answer(api: &Api, origin: &str, asked: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::options("/graphql")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", asked);
    api.send(request.body(Body::empty()).unwrap()).await
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
    for header in [
        "authorization",
        "content-type",
        "x-request-id",
        "traceparent",
        "apollographql-client-name",
        "apollographql-client-version",
    ] {
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
async fn a_refused_preflight_says_which_origin_and_what_to_set() {
    for browsers in [BrowserHeaders::default(), allowing(&[APP])] {
        let api = api(browsers).await;
        for (origin, shown) in [
            ("https://evil.example.com", "https://evil.example.com"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("<script>\u{9}x@y", "?script??x?y"),
        ] {
            let (status, headers, text) = preflight_answer(&api, origin, "content-type").await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{origin}");
            assert!(!headers.contains_key("access-control-allow-origin"));
            assert_eq!(headers["content-type"], "application/json; charset=utf-8");
            let answer: Value = serde_json::from_str(&text).unwrap();
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "ORIGIN_NOT_ALLOWED");
            assert_eq!(
                error["extensions"]["requestId"],
                headers["x-request-id"].to_str().unwrap()
            );
            let message = error["message"].as_str().unwrap();
            assert!(
                message.contains(shown) && message.contains("CRM_CORS_ORIGINS"),
                "{message}"
            );
            // The answer to the request itself is only not for the page to read.
            let headers = asked_from(&api, origin).await;
            assert!(!headers.contains_key("access-control-allow-origin"));
        }
    }
}

#[tokio::test]
async fn options_that_is_no_preflight_is_not_refused_by_its_origin() {
    let api = Api::new().await;
    let request = Request::options("/graphql").header("origin", APP);
    let (status, _, text) = api.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(text.contains("BAD_REQUEST"), "{text}");
}

#[tokio::test]
async fn pages_of_this_machine_may_ask_where_that_is_on() {
    let browsers = BrowserHeaders {
        loopback_origins: true,
        ..allowing(&[APP])
    };
    let api = api(browsers).await;
    for origin in [
        "http://localhost:5173",
        "https://127.0.0.1",
        "http://[::1]:3000",
        APP,
    ] {
        let (status, headers) = preflight(&api, origin, "authorization").await;
        assert_eq!(status, StatusCode::OK, "{origin}");
        assert_eq!(headers["access-control-allow-origin"], origin);
        let headers = asked_from(&api, origin).await;
        assert_eq!(headers["access-control-allow-origin"], origin);
    }
    for origin in ["http://localhost.example.com", "http://10.0.0.1", "null"] {
        let (status, _) = preflight(&api, origin, "authorization").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{origin}");
    }
}

#[tokio::test]
async fn the_operator_allows_further_request_headers() {
    let browsers = BrowserHeaders {
        request_headers: vec![HeaderName::from_static("x-tenant")],
        ..allowing(&[APP])
    };
    let api = api(browsers).await;
    let (_, headers) = preflight(&api, APP, "x-tenant").await;
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    for header in ["x-tenant", "authorization"] {
        assert!(allowed.split(',').any(|name| name == header), "{allowed}");
    }
}
