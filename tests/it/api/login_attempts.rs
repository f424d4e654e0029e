//! Signing in under attack: so many failures in a minute, however they are packed.

use serde_json::{Value, json};

use crm::service::sessions;
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
async fn an_account_has_five_failures_a_minute_known_or_not_and_aliases_count_each() {
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
async fn a_right_password_costs_nothing() {
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
async fn places_come_back_a_minute_after_each_failure() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    for _ in 0..6 {
        refusal(&api, &ann.email, "wrong").await;
    }
    // Two of the five lie a minute back.
    api.sql(
        "UPDATE login_attempts SET failed = failed[1:3] || \
         ARRAY(SELECT f - interval '1 minute' FROM unnest(failed[4:]) AS f)",
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
async fn guesses_at_the_same_time_are_counted_like_any_others() {
    let api = Api::with_pool(8).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let guesses = (0..20).map(|_| refusal(&api, &ann.email, "wrong"));
    let answers = futures_util::future::join_all(guesses).await;
    let looked_at = answers
        .iter()
        .filter(|code| code.as_deref() == Some("UNAUTHENTICATED"));
    assert_eq!(looked_at.count(), 5, "{answers:?}");
}

#[tokio::test]
async fn right_passwords_at_the_same_time_wait_for_each_other_and_none_is_refused() {
    let api = Api::with_pool(8).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let attempts = (0..12).map(|_| refusal(&api, &ann.email, PASSWORD));
    let answers = futures_util::future::join_all(attempts).await;
    assert_eq!(answers, vec![None; 12]);
}

#[tokio::test]
async fn an_attempt_that_nobody_ended_counts_as_failed_after_ten_seconds() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    assert_eq!(refusal(&api, &ann.email, PASSWORD).await, None);
    api.sql(
        "UPDATE login_attempts SET pending = \
         ARRAY(SELECT now() - interval '11 seconds' - n * interval '1 ms' FROM generate_series(1, 5) AS n)",
    )
    .await;
    let right = refusal(&api, &ann.email, PASSWORD).await;
    assert_eq!(right.as_deref(), Some("RATE_LIMITED"));
}

/// The code that signing in from an address is refused with.
async fn from(api: &Api, address: &str, email: &str, password: &str) -> Option<&'static str> {
    let address = Some(address.parse().unwrap());
    let lifetime = chrono::TimeDelta::hours(1);
    let session = sessions::login(
        api.db(),
        email,
        password,
        address,
        crate::support::lasting(lifetime),
    )
    .await;
    session.err().map(|error| error.code())
}

const OFFICE: &str = "198.51.100.1";
const HOME: &str = "2001:db8:1:2:3::4";
const ATTACKER: &str = "203.0.113.66";

#[tokio::test]
async fn nobody_elsewhere_keeps_an_owner_out_of_an_address_of_theirs() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    assert_eq!(from(&api, OFFICE, &ann.email, PASSWORD).await, None);
    for address in [ATTACKER, "203.0.113.67", ATTACKER, HOME, ATTACKER] {
        let wrong = from(&api, address, &ann.email, "wrong").await;
        assert_eq!(wrong, Some("UNAUTHENTICATED"));
    }
    // All other addresses share one count, a new one of the owner's too.
    for address in [ATTACKER, HOME, "192.0.2.1"] {
        let right = from(&api, address, &ann.email, PASSWORD).await;
        assert_eq!(right, Some("RATE_LIMITED"), "{address}");
    }
    assert_eq!(from(&api, OFFICE, &ann.email, PASSWORD).await, None);
    for _ in 0..5 {
        let wrong = from(&api, OFFICE, &ann.email, "wrong").await;
        assert_eq!(wrong, Some("UNAUTHENTICATED"));
    }
    let right = from(&api, OFFICE, &ann.email, PASSWORD).await;
    assert_eq!(right, Some("RATE_LIMITED"));
}

#[tokio::test]
async fn an_address_has_twenty_failures_a_minute_but_for_accounts_that_it_belongs_to() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    assert_eq!(from(&api, OFFICE, &ann.email, PASSWORD).await, None);
    for n in 0..20 {
        let wrong = from(&api, OFFICE, &format!("nobody{n}@example.com"), "wrong").await;
        assert_eq!(wrong, Some("UNAUTHENTICATED"));
    }
    let other = from(&api, OFFICE, "nobody20@example.com", "wrong").await;
    assert_eq!(other, Some("RATE_LIMITED"));
    assert_eq!(from(&api, OFFICE, &ann.email, PASSWORD).await, None);
}

#[tokio::test]
async fn an_address_is_an_owners_for_thirty_days() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    assert_eq!(from(&api, OFFICE, &ann.email, PASSWORD).await, None);
    api.sql("UPDATE login_addresses SET last_login_at = now() - interval '30 days'")
        .await;
    for _ in 0..5 {
        from(&api, ATTACKER, &ann.email, "wrong").await;
    }
    let right = from(&api, OFFICE, &ann.email, PASSWORD).await;
    assert_eq!(right, Some("RATE_LIMITED"));
    sessions::forget_expired(api.db(), chrono::Utc::now())
        .await
        .unwrap();
    assert_eq!(api.count("SELECT count(*) FROM login_addresses").await, 0);
}

#[tokio::test]
async fn attempts_that_no_longer_count_are_forgotten() {
    let api = Api::new().await;
    api.user("Ann", UserRole::Agent, None).await;
    refusal(&api, "ann@example.com", "wrong").await;
    refusal(&api, "bea@example.com", "wrong").await;
    api.sql(
        "UPDATE login_attempts SET failed = ARRAY[now() - interval '2 minutes'] \
         WHERE key = (SELECT min(key::text)::bytea FROM login_attempts)",
    )
    .await;
    sessions::forget_expired(api.db(), chrono::Utc::now())
        .await
        .unwrap();
    assert_eq!(
        api.count("SELECT count(*) FROM login_attempts WHERE failed <> '{}'")
            .await,
        1
    );
}
