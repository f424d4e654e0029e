//! The steps before GraphQL: content types, sizes, nesting, request ids, introspection.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crm::service::users::UserRole;

use crate::support::{Api, ApiOptions};

const JSON: &str = "application/json";

pub(super) async fn post(
    api: &Api,
    content_type: Option<&str>,
    body: String,
) -> (StatusCode, Value) {
    let mut request = Request::post("/graphql");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let (status, headers, text) = api.send(request.body(Body::from(body)).unwrap()).await;
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text}"));
    assert!(headers["content-type"].to_str().unwrap().contains("json"));
    if status != StatusCode::OK {
        let error = &body["errors"][0];
        assert!(body.get("data").is_none_or(Value::is_null), "{body}");
        assert_eq!(
            error["extensions"]["requestId"],
            headers["x-request-id"].to_str().unwrap()
        );
    }
    (status, body)
}

fn asked(query: &str) -> String {
    json!({ "query": query }).to_string()
}

#[tokio::test]
async fn only_json_is_taken() {
    let api = Api::new().await;
    for other in [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/graphql"),
        Some("application/jsonp"),
        Some("text/plain; application/json"),
        Some("application/json; charset=iso-8859-1"),
        Some("application/json; charset=\"UTF-16\""),
        Some("application/json; charset=utf-8x"),
    ] {
        let (status, body) = post(&api, other, asked("{ __typename }")).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{other:?}");
        assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    }
    for json in [
        JSON,
        "APPLICATION/JSON",
        "application/json;",
        "application/json; charset=utf-8",
        "application/json; charset=utf8",
        "application/json;Charset=\"UTF8\"",
        "application/json ; foo=bar; CHARSET = 'Utf-8'",
        "application/json; charset=unicode-1-1-utf-8",
        "application/json; charset=",
    ] {
        let (status, body) = post(&api, Some(json), asked("{ __typename }")).await;
        assert_eq!(
            (status, &body["data"]["__typename"]),
            (StatusCode::OK, &json!("Query"))
        );
    }
}

#[tokio::test]
async fn a_mutation_is_not_run_by_get() {
    let api = Api::new().await;
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let request = Request::builder()
            .method(method)
            .uri("/graphql?query=mutation{logout{loggedOut}}");
        let request = request.body(Body::empty()).unwrap();
        let (status, headers, text) = api.send(request).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(headers["allow"], "POST");
        assert_eq!(headers["content-type"], "application/json; charset=utf-8");
        let answer: Value = serde_json::from_str(&text).unwrap();
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_REQUEST");
        assert!(error["extensions"]["requestId"].is_string() && answer.get("data").is_none());
        let message = error["message"].as_str().unwrap();
        for remedy in ["preferGetMethod: false", "CRM_ALLOW_GET=true"] {
            assert_eq!(
                message.contains(remedy),
                method == "GET",
                "{method}: {message}"
            );
        }
    }
}

#[tokio::test]
async fn a_mutation_is_not_run_by_get_where_queries_are_whatever_its_name() {
    let api = Api::with(ApiOptions {
        allow_get: true,
        ..ApiOptions::default()
    })
    .await;
    for (operation, status) in [
        ("query=query%20One{__typename}", 200),
        ("query=mutation{logout{loggedOut}}", 405),
        ("query=mutation%20One{logout{loggedOut}}", 405),
        (
            "query=mutation%20One{logout{loggedOut}}&operationName=One",
            405,
        ),
        (
            "query=query%20One{__typename}%20mutation%20Two{logout{loggedOut}}&operationName=Two",
            405,
        ),
    ] {
        let request = Request::get(format!("/graphql?{operation}"));
        let (is, _, text) = api.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(is.as_u16(), status, "{operation}: {text}");
    }
}

#[tokio::test]
async fn what_nests_too_deep_or_doubles_is_refused_and_the_server_lives() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let nested = |open: &str, close: &str| format!("{}{}", open.repeat(9_000), close.repeat(9_000));
    let value = format!(
        "{{ leads(filter: {}) {{ totalCount }} }}",
        nested("{not:", "}")
    );
    let list = format!("{{ lead(id: {}) {{ id }} }}", nested("[", "]"));
    let unclosed = "{a".repeat(20_000);
    let fragments = (0..40).map(|n| format!("fragment F{n} on Query {{ ...F{0} ...F{0} }}", n + 1));
    let doubling = format!(
        "{{ ...F0 }} {} fragment F40 on Query {{ __typename }}",
        fragments.collect::<Vec<_>>().join(" ")
    );
    let long = format!("{{ __typename }} # {}", "x".repeat(70_000));
    for bad in [nested("{a", "}"), value, list, unclosed, doubling, long] {
        let began = std::time::Instant::now();
        let (status, body) = post(&api, Some(JSON), asked(&bad)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(
            body["errors"][0]["extensions"]["code"],
            "DOCUMENT_TOO_LARGE"
        );
        assert!(began.elapsed().as_secs() < 2);
    }
    let manager = "manager { ".repeat(30);
    let depth = format!("{{ me {{ {manager} id {} }} }}", "}".repeat(30));
    let (status, body) = post(&api, Some(JSON), asked(&depth)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let extensions = &body["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "DOCUMENT_TOO_LARGE");
    assert_eq!(
        (
            &extensions["limit"],
            &extensions["found"],
            &extensions["most"]
        ),
        (&json!("depth"), &json!(32), &json!(20))
    );
    let cycle = "{ me { ...A } } fragment A on User { ...B } fragment B on User { ...A }";
    let error = api.refusal(Some(&ada), cycle, json!({}), "GRAPHQL_VALIDATION_FAILED");
    assert!(super::text(&error.await["message"]).ends_with("spreads itself"));
    api.data(&ada, "{ me { id } }", json!({})).await;
}

#[tokio::test]
async fn every_answer_carries_its_request_id_and_a_given_one_is_kept() {
    let api = Api::new().await;
    let send = async |id: Option<&str>| {
        let mut request = Request::post("/graphql").header("content-type", JSON);
        if let Some(id) = id {
            request = request.header("x-request-id", id);
        }
        let body = Body::from(asked("{ me { id } }"));
        let (_, headers, text) = api.send(request.body(body).unwrap()).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        let id = headers["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(answer["errors"][0]["extensions"]["requestId"], json!(id));
        id
    };
    assert_ne!(send(None).await, send(None).await);
    assert_eq!(send(Some("from-the-proxy_1")).await, "from-the-proxy_1");
    let long = "x".repeat(65);
    for replaced in ["", long.as_str()] {
        let id = send(Some(replaced)).await;
        assert!(id != replaced && uuid::Uuid::parse_str(&id).is_ok(), "{id}");
    }
}

#[tokio::test]
async fn introspection_is_for_administrators_where_it_is_not_for_all() {
    let options = ApiOptions {
        introspection_for_all: false,
        ..ApiOptions::default()
    };
    let api = Api::with(options).await;
    let ada = api.admin().await;
    let mia = api.user("Mia", UserRole::Manager, None).await;
    let schema = "{ __schema { queryType { name } } __type(name: \"Lead\") { name } }";
    let data = api.data(&ada, schema, json!({})).await;
    let all =
        json!({ "__schema": { "queryType": { "name": "Query" } }, "__type": { "name": "Lead" } });
    assert_eq!(data, all);
    for who in [None, Some(&mia)] {
        let answer = api.ask(who, schema, json!({})).await;
        assert_eq!(answer["data"], json!({ "__schema": null, "__type": null }));
        for (index, field) in ["__schema", "__type"].into_iter().enumerate() {
            let error = &answer["errors"][index];
            assert_eq!(error["path"], json!([field]));
            assert_eq!(error["extensions"]["code"], "PERMISSION_DENIED");
        }
        let hidden = "{ ...a ... { b: __schema @skip(if: true) { description } } }
            fragment a on Query { a: __type(name: \"Lead\") { name } }";
        let answer = api.ask(who, hidden, json!({})).await;
        assert_eq!(answer["data"], json!({ "a": null }));
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
        assert_eq!(answer["errors"][0]["path"], json!(["a"]));
        let typename = api.ask(who, "{ __typename }", json!({})).await;
        assert_eq!(typename["data"]["__typename"], "Query");
    }
    api.data(&mia, "{ me { __typename id } }", json!({})).await;
}

#[tokio::test]
async fn the_server_says_that_it_is_alive_and_ready_without_a_token() {
    let api = Api::new().await;
    for path in ["/healthz", "/readyz"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (status, headers, _) = api.send(request).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
    let request = Request::get("/nothing").body(Body::empty()).unwrap();
    assert_eq!(api.send(request).await.0, StatusCode::NOT_FOUND);
}
