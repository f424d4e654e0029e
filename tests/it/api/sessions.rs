//! Signing in and out, and what a token is worth.

use axum::body::Body;
use axum::http::Request;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crm::service::users::UserRole;

use super::text;
use crate::support::{Api, PASSWORD, SignedIn};

const ME: &str = "{ me { id } }";
const LOGIN: &str = "mutation ($email: String!, $password: String!) {
    login(input: { email: $email, password: $password }) { token expiresAt user { id role } } }";

async fn login(api: &Api, email: &str, password: &str) -> Value {
    let credentials = json!({ "email": email, "password": password });
    api.ask(None, LOGIN, credentials).await
}

async fn is_refused(api: &Api, who: &SignedIn) {
    api.refusal(Some(who), ME, json!({}), "UNAUTHENTICATED")
        .await;
}

#[tokio::test]
async fn login_answers_with_a_token_its_expiry_and_the_user() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let session = login(&api, &ann.email, PASSWORD).await["data"]["login"].clone();
    assert_eq!(session["user"], json!({ "id": ann.id, "role": "AGENT" }));
    let token = text(&session["token"]);
    assert_ne!(token, ann.token);
    let expires: DateTime<Utc> = text(&session["expiresAt"]).parse().unwrap();
    let remaining = expires - Utc::now();
    assert!(remaining <= TimeDelta::hours(1) && remaining > TimeDelta::minutes(59));
    let again = SignedIn { token, ..ann };
    assert_eq!(
        api.data(&again, ME, json!({})).await["me"]["id"],
        json!(again.id)
    );
}

#[tokio::test]
async fn the_email_is_compared_without_case_and_surrounding_spaces() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let session = login(&api, " ANN@Example.COM ", PASSWORD).await;
    assert_eq!(session["data"]["login"]["user"]["id"], json!(ann.id));
}

#[tokio::test]
async fn every_failed_login_is_refused_in_the_same_words() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let gone = api.user("Gone", UserRole::Agent, None).await;
    let input = json!({ "id": gone.id, "leads": { "keep": true } });
    api.change(&ada, "deactivateUser", input).await;
    let long = "x".repeat(10_000);
    let mut messages = Vec::new();
    for (email, password) in [
        (ann.email.as_str(), "correct horse batterz"),
        ("nobody@example.com", PASSWORD),
        (&gone.email, PASSWORD),
        (&ann.email, ""),
        ("", ""),
        ("ann\0@example.com", PASSWORD),
        ("🦀@example.com", "🦀"),
        (&ann.email, &long),
        ("' OR 1=1 --", PASSWORD),
    ] {
        let refused = login(&api, email, password).await;
        assert_eq!(refused["data"], json!({ "login": null }));
        assert_eq!(
            refused["errors"][0]["extensions"]["code"],
            "UNAUTHENTICATED"
        );
        messages.push(text(&refused["errors"][0]["message"]));
    }
    messages.dedup();
    assert_eq!(messages, ["the e-mail address or the password is wrong"]);
}

#[tokio::test]
async fn logout_revokes_its_own_token_and_no_other() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let session = login(&api, &ann.email, PASSWORD).await["data"]["login"].clone();
    let other = SignedIn {
        token: text(&session["token"]),
        ..ann.clone()
    };
    let logout = "mutation { logout { loggedOut } }";
    let answer = api.data(&ann, logout, json!({})).await;
    assert_eq!(answer, json!({ "logout": { "loggedOut": true } }));
    is_refused(&api, &ann).await;
    api.refusal(Some(&ann), logout, json!({}), "UNAUTHENTICATED")
        .await;
    api.data(&other, ME, json!({})).await;
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    api.data(&ann, ME, json!({})).await;
    api.sql(
        "UPDATE sessions SET created_at = now() - interval '2 hours', \
             expires_at = now() - interval '1 millisecond'",
    )
    .await;
    is_refused(&api, &ann).await;
}

#[tokio::test]
async fn a_demotion_counts_on_the_next_request() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let eve = api.user("Eve", UserRole::Admin, None).await;
    let domains = "{ freeEmailDomains }";
    api.data(&eve, domains, json!({})).await;
    let input = json!({ "id": eve.id, "role": "AGENT" });
    api.change(&ada, "updateUser", input).await;
    api.refusal(Some(&eve), domains, json!({}), "PERMISSION_DENIED")
        .await;
    let role = api.data(&eve, "{ me { role } }", json!({})).await;
    assert_eq!(role["me"]["role"], "AGENT");
}

#[tokio::test]
async fn a_deactivated_user_is_out_on_the_next_request_and_needs_to_sign_in_after() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let input = json!({ "id": ann.id, "leads": { "keep": true } });
    api.change(&ada, "deactivateUser", input).await;
    is_refused(&api, &ann).await;
    let input = json!({ "id": ann.id, "isActive": true });
    api.change(&ada, "updateUser", input).await;
    is_refused(&api, &ann).await;
    let session = login(&api, &ann.email, PASSWORD).await;
    assert_eq!(session["data"]["login"]["user"]["id"], json!(ann.id));
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_and_is_the_only_one_that_works() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let input = json!({ "id": ann.id, "password": "another password" });
    api.change(&ada, "updateUser", input).await;
    is_refused(&api, &ann).await;
    assert!(login(&api, &ann.email, PASSWORD).await["data"]["login"].is_null());
    let session = login(&api, &ann.email, "another password").await;
    assert_eq!(session["data"]["login"]["user"]["id"], json!(ann.id));
}

#[tokio::test]
async fn whatever_is_no_token_is_refused_but_keeps_nobody_from_signing_in() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let unknown = format!("Bearer crm_session_{}", "A".repeat(43));
    let long = format!("Bearer crm_session_{}", "A".repeat(5_000));
    let basic = format!("Basic {}", ann.token);
    let lower = format!("Bearer {}", ann.token.to_lowercase());
    let bare = ann.token.as_str();
    for header in [
        "", "Bearer", "Bearer ", "Bearer x", &unknown, &long, &basic, &lower, bare,
    ] {
        let ask = async |query: &str, variables: Value| {
            let body = json!({ "query": query, "variables": variables }).to_string();
            let request = Request::post("/graphql")
                .header("content-type", "application/json")
                .header("authorization", header);
            let (_, _, text) = api.send(request.body(Body::from(body)).unwrap()).await;
            serde_json::from_str::<Value>(&text).unwrap()
        };
        let me = ask(ME, json!({})).await;
        assert_eq!(
            me["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
            "{header}: {me}"
        );
        let credentials = json!({ "email": ann.email, "password": PASSWORD });
        let session = ask(LOGIN, credentials).await;
        assert_eq!(session["data"]["login"]["user"]["id"], json!(ann.id));
    }
    let lower_scheme = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("bearer {}", ann.token));
    let body = Body::from(json!({ "query": ME }).to_string());
    let (_, _, text) = api.send(lower_scheme.body(body).unwrap()).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["data"], json!({ "me": { "id": ann.id } }));
}

#[tokio::test]
async fn the_database_knows_a_token_by_its_hash_only_and_a_password_by_argon2id() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let by_hash = format!(
        "SELECT count(*) FROM sessions WHERE token_hash = sha256('{}')",
        ann.token
    );
    assert_eq!(api.count(&by_hash).await, 1);
    let argon2id =
        "SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'";
    assert_eq!(api.count(argon2id).await, 1);
}
