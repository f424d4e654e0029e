//! Trusted documents: where the operator names them, nothing else is answered.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crm::graphql::{self, Limits, Settings};

use crate::support::{Api, ApiOptions, SignedIn};

const ME: &str = "# Who am I?\nquery Me {\n  me { id }\n}\n";
const LEADS: &str = "query Count($search: String) { leads(search: $search) { ...count } }
    query All { leads { totalCount } }
    fragment count on LeadConnection { totalCount }";

async fn api() -> (Api, SignedIn) {
    let documents = [("me.graphql", ME), ("leads.graphql", LEADS)];
    let options = ApiOptions {
        trusted: documents
            .map(|(file, text)| (file.to_owned(), text.to_owned()))
            .to_vec(),
        ..ApiOptions::default()
    };
    let api = Api::with(options).await;
    let ada = api.admin().await;
    (api, ada)
}

async fn post(api: &Api, who: &SignedIn, body: Value) -> (StatusCode, Value) {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", who.token));
    let request = request.body(Body::from(body.to_string())).unwrap();
    let (status, _, text) = api.send(request).await;
    (status, serde_json::from_str(&text).unwrap())
}

fn named(text: &str) -> Value {
    let hash = digest(&SHA256, text.as_bytes());
    let hash: String = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

#[tokio::test]
async fn a_trusted_document_is_answered_by_its_text_and_by_its_name() {
    let (api, ada) = api().await;
    for body in [
        json!({ "query": ME }),
        json!({ "query": "query Me{me{id}}" }),
        json!({ "query": "query Me, { me { id, } } # mine" }),
        json!({ "extensions": named(ME) }),
        json!({ "extensions": named(ME.trim()) }),
        json!({ "query": ME, "extensions": named(ME) }),
    ] {
        let (_, answer) = post(&api, &ada, body.clone()).await;
        assert_eq!(answer["data"]["me"]["id"], ada.id, "{body}: {answer}");
    }
    for (operation, variables) in [("Count", json!({ "search": "x" })), ("All", json!({}))] {
        let body = json!({ "query": LEADS, "operationName": operation, "variables": variables });
        let (_, answer) = post(&api, &ada, body).await;
        assert_eq!(answer["data"]["leads"]["totalCount"], 0, "{answer}");
    }
}

#[tokio::test]
async fn nothing_else_is_answered_whoever_asks() {
    let (api, ada) = api().await;
    for body in [
        json!({ "query": "{ me { id } }" }),
        json!({ "query": "query Me { me { id fullName } }" }),
        json!({ "query": "query Me { me { i d } }" }),
        json!({ "query": "{ __schema { queryType { name } } }" }),
        json!({ "query": "query All { leads { totalCount } }" }),
        json!({ "query": format!("{ME} {ME}") }),
        json!({ "query": "{{{" }),
        json!({ "extensions": named("{ me { id } }") }),
        json!({ "query": "{ me { id } }", "extensions": named("{ me { id } }") }),
    ] {
        let (status, answer) = post(&api, &ada, body.clone()).await;
        assert_eq!(status, StatusCode::OK);
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(code, "DOCUMENT_NOT_TRUSTED", "{body}");
        assert!(answer.get("data").is_none());
    }
    // Another document under a trusted one's name.
    let body = json!({ "query": "{ me { id } }", "extensions": named(ME) });
    let (status, answer) = post(&api, &ada, body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST");
}

#[tokio::test]
async fn a_document_that_could_never_be_answered_is_an_error_with_its_place() {
    let api = Api::new().await;
    let settings = Settings {
        public_url: crate::support::PUBLIC_URL.to_owned(),
        bulk_limit: 1,
        sign_in: crate::support::lasting(chrono::TimeDelta::hours(1)),
        limits: Limits::default(),
        request_timeout: std::time::Duration::from_secs(30),
        introspection_for_all: true,
    };
    let mut graphql = graphql::Api::new(api.pool().clone(), settings);
    for (text, expected) in [
        ("query A {\n  me { id\n", "a.graphql:3:1: "),
        (
            "query A {\n  me { nothing } }",
            "a.graphql:2:8: Cannot query field \"nothing\" on type \"User\".",
        ),
        (
            "query A($id: ID!) {\n  me { id } }",
            "a.graphql:1:9: Variable \"$id\" is never used in operation \"A\".",
        ),
        (
            "{ me { ...a } } fragment a on User { ...a }",
            "a.graphql: the fragment a spreads itself",
        ),
        (
            &"{a".repeat(70),
            "a.graphql: too large: 65 levels of nesting",
        ),
        ("", "a.graphql:1:1: "),
    ] {
        let documents = vec![("a.graphql".to_owned(), text.to_owned())];
        let fault = graphql.trust(documents).unwrap_err().to_string();
        assert!(fault.starts_with(expected), "{fault}");
    }
}
