//! Signing in under attack: so many tries in a minute, however they are packed.

use serde_json::{Value, json};

use crm::service::users::UserRole;

use crate::support::{Api, PASSWORD};

const LOGIN: &str = "mutation ($email: String!, $password: String!) {
    login(input: { email: $email, password: $password }) { user { id } } }";

/// The code that signing in is refused with; none if it succeeds.
async fn refusal(api: &Api, email: &str, password: &str) -> Option<String> {
    let credentials = json!({ "email": email, "password": password });
    let answer = api.ask(None, LOGIN, credentials).await;
    let code = &answer["errors"][0]["extensions"]["code"];
    code.as_str().map(str::to_owned)
}

fn codes(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().unwrap();
    let codes = errors
        .iter()
        .map(|error| error["extensions"]["code"].as_str());
    codes.map(Option::unwrap).collect()
}

#[tokio::test]
async fn an_account_has_five_tries_a_minute_known_or_not_and_aliases_count_each() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    for email in [ann.email.as_str(), "nobody@example.com"] {
        let login =
            format!("login(input: {{ email: {email:?}, password: \"wrong\" }}) {{ token }}");
        let aliases: Vec<String> = (0..8).map(|n| format!("a{n}: {login}")).collect();
        let document = format!("mutation {{ {} }}", aliases.join(" "));
        let answer = api.ask(None, &document, json!({})).await;
        let expected = [["UNAUTHENTICATED"; 5].as_slice(), &["RATE_LIMITED"; 3]].concat();
        assert_eq!(codes(&answer), expected);
    }
    let right = refusal(&api, &ann.email.to_uppercase(), PASSWORD).await;
    assert_eq!(right.as_deref(), Some("RATE_LIMITED"));
    // Others do not suffer.
    let bea = api.user("Bea", UserRole::Agent, None).await;
    assert_eq!(refusal(&api, &bea.email, PASSWORD).await, None);
}

#[tokio::test]
async fn a_right_password_costs_no_try() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    for _ in 0..4 {
        let wrong = refusal(&api, &ann.email, "wrong").await;
        assert_eq!(wrong.as_deref(), Some("UNAUTHENTICATED"));
    }
    for _ in 0..3 {
        assert_eq!(refusal(&api, &ann.email, PASSWORD).await, None);
    }
    let wrong = refusal(&api, &ann.email, "wrong").await;
    assert_eq!(wrong.as_deref(), Some("UNAUTHENTICATED"));
    let right = refusal(&api, &ann.email, PASSWORD).await;
    assert_eq!(right.as_deref(), Some("RATE_LIMITED"));
}

#[tokio::test]
async fn tries_come_back_a_minute_after_each_of_them() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    for _ in 0..6 {
        refusal(&api, &ann.email, "wrong").await;
    }
    // Two of the five lie a minute back.
    api.sql(
        "UPDATE sign_in_tries SET tries = tries[1:3] || \
         ARRAY(SELECT try - interval '1 minute' FROM unnest(tries[4:]) AS try)",
    )
    .await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(refusal(&api, &ann.email, "wrong").await.unwrap());
    }
    assert_eq!(
        answers,
        ["UNAUTHENTICATED", "UNAUTHENTICATED", "RATE_LIMITED"]
    );
}

#[tokio::test]
async fn tries_at_the_same_time_are_counted_like_any_others() {
    let api = Api::with_pool(8).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let tries = (0..20).map(|_| refusal(&api, &ann.email, "wrong"));
    let answers = futures_util::future::join_all(tries).await;
    let looked_at = answers
        .iter()
        .filter(|code| code.as_deref() == Some("UNAUTHENTICATED"));
    assert_eq!(looked_at.count(), 5, "{answers:?}");
}

#[tokio::test]
async fn tries_that_no_longer_count_are_forgotten() {
    let api = Api::new().await;
    api.user("Ann", UserRole::Agent, None).await;
    refusal(&api, "ann@example.com", "wrong").await;
    refusal(&api, "bea@example.com", "wrong").await;
    api.sql(
        "UPDATE sign_in_tries SET tries = ARRAY[now() - interval '2 minutes'] \
         WHERE key = (SELECT min(key::text)::bytea FROM sign_in_tries)",
    )
    .await;
    crm::service::sessions::forget_expired(api.db(), chrono::Utc::now())
        .await
        .unwrap();
    assert_eq!(api.count("SELECT count(*) FROM sign_in_tries").await, 1);
}
