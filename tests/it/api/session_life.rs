//! The lifetime of a session: prolonged by its use, written now and then, thirty days at most.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::json;

use crm::service::sessions::{self, AuthCache, LONGEST_LIFE};
use crm::service::users::UserRole;
use crm::service::{OpaqueToken, sha256};

use super::text;
use crate::support::{Api, ApiOptions, PASSWORD, SignedIn, ask_on};

const ME: &str = "{ me { id } }";
const HOUR: TimeDelta = TimeDelta::hours(1);

/// A time of somebody's only session.
async fn time(api: &Api, column: &str) -> DateTime<Utc> {
    let mut conn = api.db().connection().await.unwrap();
    let micros =
        format!("(SELECT (extract(epoch FROM {column}) * 1000000)::bigint::text FROM sessions)");
    let micros = ask_on(&mut conn, &micros).await;
    DateTime::from_timestamp_micros(micros.parse().unwrap()).unwrap()
}

/// Puts the session's times back or forth, by intervals from now.
async fn set(api: &Api, created: &str, used: &str, expires: &str) {
    api.sql(&format!(
        "UPDATE sessions SET created_at = now() + interval '{created}', \
         last_used_at = now() + interval '{used}', expires_at = now() + interval '{expires}'"
    ))
    .await;
}

async fn revision(api: &Api) -> i64 {
    api.count("SELECT revision AS count FROM auth_revision")
        .await
}

fn is_about(time: DateTime<Utc>, expected: DateTime<Utc>) -> bool {
    (time - expected).abs() < TimeDelta::seconds(20)
}

#[tokio::test]
async fn a_use_prolongs_a_session_to_its_lifetime_from_now() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    set(&api, "-5 days", "-11 minutes", "1 minute").await;
    api.data(&ann, ME, json!({})).await;
    assert!(is_about(time(&api, "expires_at").await, Utc::now() + HOUR));
    assert!(is_about(time(&api, "last_used_at").await, Utc::now()));
    let shown = "{ me { sessions { nodes { lastUsedAt expiresAt } } } }";
    let shown = api.data(&ann, shown, json!({})).await["me"]["sessions"]["nodes"][0].clone();
    let expires: DateTime<Utc> = text(&shown["expiresAt"]).parse().unwrap();
    let used: DateTime<Utc> = text(&shown["lastUsedAt"]).parse().unwrap();
    assert_eq!(expires, time(&api, "expires_at").await);
    assert_eq!(expires - used, HOUR);
}

#[tokio::test]
async fn a_use_within_ten_minutes_of_the_last_one_writes_nothing() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    set(&api, "-1 hour", "-9 minutes", "1 minute").await;
    let before = (
        time(&api, "last_used_at").await,
        time(&api, "expires_at").await,
    );
    for _ in 0..3 {
        // As if nobody remembered who it is.
        api.sql("UPDATE auth_revision SET revision = revision + 1")
            .await;
        api.data(&ann, ME, json!({})).await;
    }
    let after = (
        time(&api, "last_used_at").await,
        time(&api, "expires_at").await,
    );
    assert_eq!(after, before);
}

#[tokio::test]
async fn no_use_carries_a_session_beyond_thirty_days() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    set(
        &api,
        "-29 days -23 hours -30 minutes",
        "-11 minutes",
        "5 minutes",
    )
    .await;
    api.data(&ann, ME, json!({})).await;
    let (created, expires) = (
        time(&api, "created_at").await,
        time(&api, "expires_at").await,
    );
    assert_eq!(expires, created + LONGEST_LIFE);
    assert!(is_about(expires, Utc::now() + TimeDelta::minutes(30)));
    set(&api, "-30 days", "-11 minutes", "0 minutes").await;
    api.refusal(Some(&ann), ME, json!({}), "UNAUTHENTICATED")
        .await;
    // Nor does a lifetime that is longer.
    api.sql("DELETE FROM sessions").await;
    let long = TimeDelta::days(60);
    let session = sessions::login(
        api.db(),
        &ann.email,
        PASSWORD,
        None,
        crate::support::lasting(long),
    )
    .await;
    let session = session.map_err(|error| error.code()).unwrap();
    assert!(is_about(session.expires_at, Utc::now() + LONGEST_LIFE));
    assert_eq!(session.expires_at, time(&api, "expires_at").await);
}

#[tokio::test]
async fn a_session_that_is_over_is_not_revived() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    set(&api, "-2 hours", "-2 hours", "0 seconds").await;
    let before = time(&api, "expires_at").await;
    api.refusal(Some(&ann), ME, json!({}), "UNAUTHENTICATED")
        .await;
    assert_eq!(time(&api, "expires_at").await, before);
    let forgotten = sessions::forget_expired(api.db(), Utc::now()).await;
    assert_eq!(forgotten.map_err(|error| error.code()), Ok(1));
    assert_eq!(api.count("SELECT count(*) FROM sessions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_uses_at_the_same_time_one_is_written() {
    let api = Api::with_pool(8).await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    api.sql(
        "CREATE TABLE writes (n int); CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql \
         AS $$ BEGIN INSERT INTO writes VALUES (1); RETURN NULL; END $$; \
         CREATE TRIGGER note_write AFTER UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION note_write()",
    )
    .await;
    set(&api, "-1 hour", "-11 minutes", "1 minute").await;
    api.sql("DELETE FROM writes").await;
    let token = OpaqueToken::parse(&ann.token).unwrap();
    let uses =
        (0..8).map(|_| sessions::authenticate(api.db(), &token, crate::support::lasting(HOUR)));
    for used in join_all(uses).await {
        let (actor, until) = used.map_err(|error| error.code()).unwrap().unwrap();
        assert_eq!(actor.id.to_string(), ann.id);
        assert!(is_about(until, Utc::now() + HOUR));
    }
    assert_eq!(api.count("SELECT count(*) FROM writes").await, 1);
}

#[tokio::test]
async fn a_session_that_is_only_remembered_is_prolonged_too() {
    let api = Api::with(ApiOptions {
        auth_cache: AuthCache::lasting(TimeDelta::milliseconds(400)),
        ..ApiOptions::default()
    })
    .await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    api.data(&ann, ME, json!({})).await;
    api.sql(
        "UPDATE sessions SET created_at = now() - interval '1 hour', \
         last_used_at = now() - interval '11 minutes'",
    )
    .await;
    let before = time(&api, "last_used_at").await;
    let began = std::time::Instant::now();
    while time(&api, "last_used_at").await == before {
        api.data(&ann, ME, json!({})).await;
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(is_about(time(&api, "last_used_at").await, Utc::now()));
    assert!(is_about(time(&api, "expires_at").await, Utc::now() + HOUR));
}

#[tokio::test]
async fn a_use_changes_nobodys_rights_and_an_end_does() {
    let api = Api::new().await;
    let ann = api.user("Ann", UserRole::Agent, None).await;
    api.sql(
        "UPDATE sessions SET created_at = now() - interval '1 hour', \
         last_used_at = now() - interval '11 minutes'",
    )
    .await;
    let before = revision(&api).await;
    api.data(&ann, ME, json!({})).await;
    assert!(is_about(time(&api, "last_used_at").await, Utc::now()));
    assert_eq!(revision(&api).await, before);
    // A shorter life is an end that comes sooner than others may take for granted.
    for sql in [
        "UPDATE sessions SET expires_at = expires_at - interval '1 minute'",
        "UPDATE sessions SET token_hash = sha256('another')",
        "DELETE FROM sessions",
    ] {
        let before = revision(&api).await;
        api.sql(sql).await;
        assert_eq!(revision(&api).await, before + 1, "{sql}");
    }
}

#[tokio::test]
async fn the_row_has_nothing_of_a_token_but_its_hash() {
    let api = Api::new().await;
    let ann: SignedIn = api.user("Ann", UserRole::Agent, None).await;
    let mut conn = api.db().connection().await.unwrap();
    let row = ask_on(
        &mut conn,
        "(SELECT row_to_json(sessions)::text FROM sessions)",
    )
    .await;
    let random = ann.token.strip_prefix("crm_session_").unwrap();
    assert!(!row.contains(random), "{row}");
    let hash: String = sha256(&ann.token)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(row.contains(&hash), "{row}");
}
