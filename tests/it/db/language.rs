//! A server that does not speak English fails with the same codes.

use std::path::Path;
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;

use crm::db::{Db, DbError, PoolOptions, PooledConnection};

use crate::support::{OwnServer, SetUp, TestDatabase, ask_on};

/// The meaning of a statement's failure, and the server's words where that is all there is.
async fn failure(conn: &mut PooledConnection, statement: &str) -> Result<DbError, String> {
    let error = conn.batch_execute(statement).await.expect_err(statement);
    DbError::from_diesel(error).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_another_language_is_understood() {
    if !Path::new("/proc/self/exe").exists() {
        return;
    }
    // German messages, if the translations are installed.
    let german = SetUp {
        settings: &["lc_messages=C.UTF-8"],
        environment: &[("LANGUAGE", "de")],
        ..SetUp::default()
    };
    let server = OwnServer::start(&german, |_| ()).await;
    let options = PoolOptions {
        statement_timeout: Duration::from_millis(100),
        lock_timeout: Duration::from_millis(50),
        ..PoolOptions::default()
    };
    let db = Db::connect(&server.url(), &options)
        .await
        .unwrap()
        .program();
    let (mut one, mut other) = (
        db.connection().await.unwrap(),
        db.connection().await.unwrap(),
    );
    let too_long = failure(&mut one, "SELECT pg_sleep(10)").await;
    assert!(
        matches!(too_long, Ok(DbError::StatementTimeout)),
        "{too_long:?}"
    );
    one.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(1)")
        .await
        .unwrap();
    let locked = failure(&mut other, "SELECT pg_advisory_xact_lock(1)").await;
    assert!(matches!(locked, Ok(DbError::LockTimeout)), "{locked:?}");
    one.batch_execute("ROLLBACK").await.unwrap();
    let wrong = failure(&mut one, "SELECT 1 / 0").await.unwrap_err();
    eprintln!("the server says: {wrong}");
    let me = ask_on(&mut one, "pg_backend_pid()::text").await;
    let end = format!("SELECT pg_terminate_backend({me})");
    let (gone, ()) = tokio::join!(failure(&mut one, "SELECT pg_sleep(10)"), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        other.batch_execute(&end).await.unwrap();
    });
    assert!(matches!(gone, Ok(DbError::Unavailable(_))), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_and_a_cancelled_statement_are_errors_of_the_database() {
    let database = TestDatabase::with_pool(2).await;
    let db = database.db();
    let (mut one, mut other) = (
        db.connection().await.unwrap(),
        db.connection().await.unwrap(),
    );
    for (client, key) in [(&mut one, 2), (&mut other, 3)] {
        let lock = format!("BEGIN; SELECT pg_advisory_xact_lock({key})");
        client.batch_execute(&lock).await.unwrap();
    }
    let (first, second) = tokio::join!(
        one.batch_execute("SELECT pg_advisory_xact_lock(3)"),
        other.batch_execute("SELECT pg_advisory_xact_lock(2)")
    );
    let deadlocked = DbError::from_diesel(first.and(second).expect_err("a deadlock"));
    assert!(deadlocked.is_err(), "{deadlocked:?}");
    for client in [&mut one, &mut other] {
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    let canceller = one.canceller();
    let (cancelled, ()) = tokio::join!(failure(&mut one, "SELECT pg_sleep(10)"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        canceller.cancel().await;
    });
    assert!(cancelled.is_err(), "{cancelled:?}");
}
