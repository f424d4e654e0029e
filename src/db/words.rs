//! The words of a server that does not speak English.
//!
//! Diesel keeps no error code, nor a way to what PostgreSQL said besides its words: they tell what a
//! statement's failure means. Which language they are in is for the server's administrator alone to
//! say. Where it is another one, each failure that matters is provoked once at the start, below
//! diesel, where it has a code.

use std::sync::{PoisonError, RwLock};

use diesel::dsl::sql;
use diesel::sql_types::Text;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use super::Connection;
use super::config::ConnectionConfig;
use super::error::{DbError, Failed};
use super::run::RunQueryDsl;

/// A sentence of PostgreSQL's that is translated wherever its errors are.
const SENTENCE: &str = "(SELECT short_desc FROM pg_settings WHERE name = 'statement_timeout')";
const IN_ENGLISH: &str = "Sets the maximum allowed duration of any statement.";

/// The messages learned from servers so far.
static LEARNED: RwLock<Vec<(String, Failed)>> = RwLock::new(Vec::new());

/// The meaning of a message, if it was learned.
pub(super) fn meaning(said: &str) -> Option<Failed> {
    let learned = LEARNED.read().unwrap_or_else(PoisonError::into_inner);
    let known = learned.iter().find(|(words, _)| words == said);
    known.map(|(_, meaning)| *meaning)
}

/// Tells whether the server of this connection speaks English.
pub(super) async fn are_english(conn: &mut Connection) -> bool {
    let sentence = diesel::select(sql::<Text>(SENTENCE));
    let sentence = sentence.get_result::<String>(conn).await;
    sentence.is_ok_and(|sentence| sentence == IN_ENGLISH)
}

/// Learns what the server there says.
///
/// Errors: as of making a connection.
pub(super) async fn learn(target: &ConnectionConfig) -> Result<(), DbError> {
    let (holding, failing) = (target.client().await?, target.client().await?);
    failures(&holding, &failing).await.iter().for_each(remember);
    // After the others: it takes as long as the server lets it wait.
    let deadlock = deadlock(&holding, &target.client().await?).await;
    deadlock.iter().for_each(remember);
    Ok(())
}

/// One failure of each kind but a deadlock, the last of which ends the connection.
async fn failures(holding: &Client, failing: &Client) -> Vec<Error> {
    // A lock by the connection's own number is nobody else's.
    let lock = "SELECT pg_advisory_lock(7162534, pg_backend_pid()), pg_backend_pid()";
    let holder = holding.query_one(lock, &[]).await;
    let holder = holder.and_then(|row| row.try_get::<_, i32>(1)).unwrap_or(0);
    let waiting = format!("SET lock_timeout = 1; SELECT pg_advisory_lock(7162534, {holder})");
    let mut failures = Vec::new();
    for statements in [
        "SET statement_timeout = 1; SELECT pg_sleep(10)",
        "SET statement_timeout = 0; SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(10)",
        &waiting,
        "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)",
    ] {
        failures.extend(failing.batch_execute(statements).await.err());
    }
    failures
}

/// Each waits for what the other one has, until PostgreSQL ends one of them: after a second, unless it
/// is configured otherwise.
async fn deadlock(one: &Client, other: &Client) -> Option<Error> {
    let number = one.query_one("SELECT pg_backend_pid()", &[]).await;
    let number: i32 = number.ok()?.try_get(0).ok()?;
    let lock = |key: i32| format!("SELECT pg_advisory_xact_lock({key}, {number})");
    let begin = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";
    for (client, key) in [(one, 7_162_535), (other, 7_162_536)] {
        let begin = format!("{begin}; {}", lock(key));
        client.batch_execute(&begin).await.ok()?;
    }
    let (of_one, of_other) = (lock(7_162_536), lock(7_162_535));
    let waits = tokio::join!(one.batch_execute(&of_one), other.batch_execute(&of_other));
    for client in [one, other] {
        client.batch_execute("ROLLBACK").await.ok()?;
    }
    waits.0.err().or(waits.1.err())
}

fn remember(error: &Error) {
    let Some(said) = error.as_db_error() else {
        return;
    };
    let meaning = match *said.code() {
        SqlState::QUERY_CANCELED => Failed::TooLong,
        SqlState::LOCK_NOT_AVAILABLE => Failed::Locked,
        SqlState::T_R_DEADLOCK_DETECTED => Failed::Deadlocked,
        SqlState::ADMIN_SHUTDOWN => Failed::Gone,
        _ => return,
    };
    let words = said.message();
    let mut learned = LEARNED.write().unwrap_or_else(PoisonError::into_inner);
    if !learned.iter().any(|(known, _)| known == words) {
        learned.push((words.to_owned(), meaning));
    }
}
