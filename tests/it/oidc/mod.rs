//! Tokens of an outside identity provider.

mod https;
mod keys;
mod nameless;
mod provider;
mod tokens;
mod users;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crm::http::Provider;

use crate::support::{Api, ApiOptions};

use provider::{AUDIENCE, Key, Local, token};

async fn api(provider: Option<Provider>) -> Api {
    Api::with(ApiOptions {
        provider,
        ..ApiOptions::default()
    })
    .await
}

/// The user that the API finds for a token, or the code of its refusal.
async fn who(api: &Api, token: &str) -> Result<String, String> {
    let (status, body) = ask(api, token).await;
    let code = body["errors"][0]["extensions"]["code"].as_str();
    let expected = match code {
        Some("UNAVAILABLE") => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    assert_eq!(status, expected, "{body}");
    match code {
        Some(code) => Err(code.to_owned()),
        None => Ok(body["data"]["me"]["id"].as_str().unwrap().to_owned()),
    }
}

async fn ask(api: &Api, token: &str) -> (StatusCode, Value) {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    let body = json!({ "query": "{ me { id } }" }).to_string();
    let (status, _, text) = api.send(request.body(Body::from(body)).unwrap()).await;
    (status, serde_json::from_str(&text).unwrap())
}

fn refused() -> Result<String, String> {
    Err("UNAUTHENTICATED".to_owned())
}

fn unavailable() -> Result<String, String> {
    Err("UNAVAILABLE".to_owned())
}
