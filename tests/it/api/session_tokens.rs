//! The format of a token, and the cost of an invalid one.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::connection::InstrumentationEvent;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crm::db::Party;
use crm::service::users::UserRole;
use crm::service::{OpaqueToken, TokenKind, TokenLookups};

use super::api_keys::key_of;
use super::text;
use crate::support::program::eventually;
use crate::support::{Api, PASSWORD};

const ME: &str = "{ me { id } }";
const WAITING: &str = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = \
    (SELECT oid FROM pg_database WHERE datname = current_database())";

/// A token that nobody has.
fn invented(prefix: &str, number: u64) -> String {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn token(number: u64) -> OpaqueToken {
    OpaqueToken::parse(&invented("crm_session_", number)).unwrap()
}

/// The status and code of an answer to a token.
async fn answer(api: &Api, token: &str) -> (StatusCode, Value) {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    let body = Body::from(json!({ "query": ME }).to_string());
    let (status, _, text) = api.send(request.body(body).unwrap()).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    (status, answer["errors"][0]["extensions"]["code"].clone())
}

fn refused() -> (StatusCode, Value) {
    (StatusCode::OK, json!("UNAUTHENTICATED"))
}

fn unavailable() -> (StatusCode, Value) {
    (StatusCode::SERVICE_UNAVAILABLE, json!("UNAVAILABLE"))
}

#[tokio::test]
async fn a_token_is_a_prefix_and_32_random_bytes() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let mut seen = HashSet::new();
    for _ in 0..3 {
        let token = api.sign_in(&ann.email, PASSWORD).await.token;
        let random = token.strip_prefix("crm_session_").expect("the prefix");
        assert_eq!(URL_SAFE_NO_PAD.decode(random).unwrap().len(), 32);
        let parsed = OpaqueToken::parse(&token).unwrap();
        assert_eq!(parsed.kind(), TokenKind::Session);
        assert!(!format!("{parsed:?}").contains(random));
        assert!(seen.insert(token));
    }
}

#[tokio::test]
async fn whatever_is_not_the_token_to_a_letter_is_refused() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let random = ann.token.strip_prefix("crm_session_").unwrap();
    for other in [
        format!("crm_key_{random}"),
        format!("crm_{random}"),
        format!("CRM_SESSION_{random}"),
        format!("crm_session_ {random}"),
        random.to_owned(),
        format!("{}A", ann.token),
        format!("{}=", ann.token),
        ann.token[..ann.token.len() - 1].to_owned(),
        ann.token.to_lowercase(),
        format!("{}{}", ann.token, "A".repeat(9_000)),
        "crm_session_".to_owned(),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.".to_owned(),
    ] {
        assert_eq!(answer(&api, &other).await, refused(), "{other}");
    }
    api.data(&ann, ME, json!({})).await;
}

#[tokio::test]
async fn what_cannot_be_a_token_costs_no_connection_and_an_invented_one_a_look_up_a_second() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    for prefix in ["crm_session_", "crm_key_"] {
        let (one, other) = (invented(prefix, 1), invented(prefix, 2));
        assert_eq!(answer(&api, &one).await, refused());
        let began = Instant::now();
        let the_only_one = api.db().connection().await.unwrap();
        for token in [one.as_str(), "a.b.c", "", "crm_session_x", "crm_key_x"] {
            assert_eq!(answer(&api, token).await, refused());
        }
        assert!(began.elapsed() < Duration::from_secs(1), "too slow to tell");
        assert_eq!(answer(&api, &other).await, unavailable());
        // It is asked again after a second: what could not be told is not remembered either.
        sleep(Duration::from_millis(1_050).saturating_sub(began.elapsed())).await;
        assert_eq!(answer(&api, &one).await, unavailable());
        assert_eq!(answer(&api, &ann.token).await, unavailable());
        drop(the_only_one);
        for token in [&one, &other] {
            assert_eq!(answer(&api, token).await, refused());
        }
    }
    api.data(&ann, ME, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_unknown_tokens_of_whatever_kind_are_looked_up_at_a_time_and_known_ones_beside_them() {
    let api = Api::with_pool(8).await;
    let ada = api.admin().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    let key = api
        .change(&ada, "createApiKey", key_of(&ann, "AGENT"))
        .await;
    let key = text(&key["secret"]);
    let unknown = [ann.token.clone(), key.clone()];
    let known = ada.token.clone();
    let mut held = api.db().connection().await.unwrap();
    let lock = "BEGIN; LOCK TABLE sessions, api_keys IN ACCESS EXCLUSIVE MODE";
    held.batch_execute(lock).await.unwrap();
    let invented = (0..4).flat_map(|n| [invented("crm_session_", n), invented("crm_key_", n)]);
    let shown: Vec<String> = invented.chain(unknown).collect();
    let all = join_all(shown.iter().map(|token| answer(&api, token)));
    let look = async {
        eventually("two wait", async || api.count(WAITING).await == 2).await;
        sleep(Duration::from_millis(200)).await;
        assert_eq!(api.count(WAITING).await, 2);
        // A user who is known as of before is looked up at once.
        api.sql("UPDATE auth_revision SET revision = revision + 1")
            .await;
        let third = async {
            eventually("a third", async || api.count(WAITING).await == 3).await;
            held.batch_execute("COMMIT").await.unwrap();
        };
        let (answered, ()) = tokio::join!(answer(&api, &known), third);
        assert_eq!(answered, (StatusCode::OK, Value::Null));
    };
    let (answers, ()) = tokio::join!(all, look);
    for (shown, answer) in shown.iter().zip(answers) {
        let is_good = *shown == ann.token || *shown == key;
        let expected = match is_good {
            true => (StatusCode::OK, Value::Null),
            false => refused(),
        };
        assert_eq!(answer, expected, "{shown}");
    }
}

/// The number of statements that look a session up.
async fn look_ups(api: &Api, ask: impl AsyncFnOnce()) -> usize {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    let mut connection = api.db().connection().await.unwrap();
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let is_one = query.to_string().contains("\"sessions\" INNER");
            count.fetch_add(usize::from(is_one), Ordering::Relaxed);
        }
    });
    drop(connection);
    ask().await;
    seen.load(Ordering::Relaxed)
}

#[tokio::test]
async fn what_comes_with_one_token_at_the_same_time_is_looked_up_once_for_all_that_wait() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    for (token, code) in [
        (ann.token.clone(), Value::Null),
        (invented("crm_session_", 1), json!("UNAUTHENTICATED")),
    ] {
        let looked_up = look_ups(&api, async || {
            let all = (0..20).map(|_| answer(&api, &token));
            let expected = (StatusCode::OK, code.clone());
            assert_eq!(join_all(all).await, vec![expected; 20]);
        });
        // The two that had their turns at first.
        assert!((1..=2).contains(&looked_up.await));
    }
}

#[tokio::test]
async fn a_token_that_ended_is_no_known_one_and_costs_a_look_up_a_second() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    api.data(&ann, "mutation { logout { loggedOut } }", json!({}))
        .await;
    let looked_up = look_ups(&api, async || {
        for _ in 0..5 {
            assert_eq!(answer(&api, &ann.token).await, refused());
        }
    });
    assert_eq!(looked_up.await, 1);
}

#[tokio::test]
async fn whoever_waits_for_a_look_up_is_served_in_turn_by_address() {
    let lookups = TokenLookups::default();
    let deadline = Instant::now() + Duration::from_secs(5);
    let party = |last: u8| Party::at(Some(IpAddr::from([198, 51, 100, last])));
    let turn = async |last: u8| lookups.turn(party(last), deadline).await.unwrap();
    let (first, second) = (turn(1).await, turn(1).await);
    let mut flood: Vec<_> = (0..50).map(|_| Box::pin(turn(1))).collect();
    for waiting in &mut flood {
        assert!(waiting.now_or_never().is_none());
    }
    let mut one = Box::pin(turn(2));
    let mut other = Box::pin(turn(3));
    assert!((&mut one).now_or_never().is_none() && (&mut other).now_or_never().is_none());
    drop(first);
    let one = (&mut one).now_or_never().expect("the next turn");
    assert!((&mut other).now_or_never().is_none());
    drop(second);
    let other = (&mut other).now_or_never().expect("the next turn");
    drop((one, other));
    for waiting in flood {
        drop(waiting.await);
    }
}

#[tokio::test]
async fn refused_tokens_are_remembered_in_bounded_number() {
    let lookups = TokenLookups::default();
    assert!(!lookups.was_refused(&token(1)));
    let many = 30_000;
    for number in 0..many {
        lookups.refuse(&token(number));
    }
    lookups.refuse(&token(many));
    assert!(lookups.was_refused(&token(many)));
    let remembered = (0..many).filter(|number| lookups.was_refused(&token(*number)));
    assert!(remembered.count() <= 10_000);
}
