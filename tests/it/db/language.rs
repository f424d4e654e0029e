//! A server that does not speak English fails with the same codes.

use std::path::Path;
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;

use crm::db::{Db, Failed, PoolOptions, PooledConnection};

use crate::support::{OwnServer, SetUp, ask_on};

/// What the failure of a statement means, and in which words it came.
async fn failure(conn: &mut PooledConnection, statement: &str) -> (Option<Failed>, String) {
    let error = conn.batch_execute(statement).await.expect_err(statement);
    (Failed::of(&error), error.to_string())
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
    let db = Db::connect(&server.url(), &options).await.unwrap();
    let (mut one, mut other) = (
        db.connection().await.unwrap(),
        db.connection().await.unwrap(),
    );
    let (too_long, said) = failure(&mut one, "SELECT pg_sleep(10)").await;
    assert_eq!(too_long, Some(Failed::TooLong), "{said}");
    eprintln!("the server says: {said}");
    one.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(1)")
        .await
        .unwrap();
    let (locked, said) = failure(&mut other, "SELECT pg_advisory_xact_lock(1)").await;
    assert_eq!(locked, Some(Failed::Locked), "{said}");
    one.batch_execute("ROLLBACK").await.unwrap();
    one.batch_execute("SET statement_timeout = 0")
        .await
        .unwrap();
    let canceller = one.canceller();
    let (cancelled, ()) = tokio::join!(failure(&mut one, "SELECT pg_sleep(10)"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        canceller.cancel().await;
    });
    assert_eq!(cancelled.0, Some(Failed::TooLong), "{}", cancelled.1);
    for (client, key) in [(&mut one, 2), (&mut other, 3)] {
        let patient = "SET statement_timeout = 0; SET lock_timeout = 0; BEGIN";
        let lock = format!("{patient}; SELECT pg_advisory_xact_lock({key})");
        client.batch_execute(&lock).await.unwrap();
    }
    let (first, second) = tokio::join!(
        one.batch_execute("SELECT pg_advisory_xact_lock(3)"),
        other.batch_execute("SELECT pg_advisory_xact_lock(2)")
    );
    let deadlocked = first.and(second).expect_err("a deadlock");
    assert_eq!(
        Failed::of(&deadlocked),
        Some(Failed::Deadlocked),
        "{deadlocked}"
    );
    for client in [&mut one, &mut other] {
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    let (wrong, said) = failure(&mut one, "SELECT 1 / 0").await;
    assert_eq!(wrong, None, "{said}");
    let me = ask_on(&mut one, "pg_backend_pid()::text").await;
    let end = format!("SELECT pg_terminate_backend({me})");
    let (gone, ()) = tokio::join!(failure(&mut one, "SELECT pg_sleep(10)"), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        other.batch_execute(&end).await.unwrap();
    });
    assert_eq!(gone.0, Some(Failed::Gone), "{}", gone.1);
}
