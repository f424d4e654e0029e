//! The pool: its patience, its settings, and the connections it does not hand out again.

use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};

use crm::db::{AuthRevision, Db, DbError, Party, PoolOptions};
use crm::service::ServiceError;

use crate::support::{TestDatabase, ask_on};

#[tokio::test]
async fn a_dry_pool_answers_unavailable_after_a_second() {
    let database = TestDatabase::with_pool(1).await;
    let _held = database
        .db()
        .connection()
        .await
        .expect("the only connection");
    let began = Instant::now();
    let error = database
        .db()
        .connection()
        .await
        .err()
        .expect("no second connection");
    let took = began.elapsed();
    assert!(matches!(error, DbError::Unavailable(_)), "{error:?}");
    assert!(
        took > Duration::from_millis(900) && took < Duration::from_secs(3),
        "{took:?}"
    );
    let status = database.pool().status();
    assert_eq!((status.max, status.size, status.in_use), (1, 1, 1));
}

#[tokio::test]
async fn each_connection_has_its_timeouts_and_names_its_program() {
    let database = TestDatabase::with_pool(1).await;
    let mut connection = database.db().connection().await.expect("a connection");
    for (setting, value) in [
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("client_connection_check_interval", "10s"),
        ("application_name", "crm"),
        ("TimeZone", "UTC"),
    ] {
        assert_eq!(
            ask_on(&mut connection, &format!("current_setting('{setting}')")).await,
            value,
            "{setting}"
        );
    }
}

#[tokio::test]
async fn a_connection_dropped_inside_a_transaction_frees_its_locks_at_once() {
    let database = TestDatabase::new().await;
    let db = database.db();
    let mut connection = db.connection().await.expect("a connection");
    connection
        .batch_execute("create table one as select 1 as x")
        .await
        .expect("a table");
    drop(connection);

    let cancelled = async {
        let mut connection = db.connection().await.expect("a connection");
        connection
            .transaction::<(), diesel::result::Error, _>(async |connection| {
                connection.batch_execute("update one set x = 2").await?;
                std::future::pending().await
            })
            .await
    };
    tokio::time::timeout(Duration::from_millis(200), cancelled)
        .await
        .expect_err("a cancel");

    let began = Instant::now();
    let mut connection = db.connection().await.expect("a connection");
    connection
        .batch_execute("update one set x = x + 10")
        .await
        .expect("a free row");
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        ask_on(&mut connection, "(select x::text from one)").await,
        "11"
    );
    let open = "coalesce(pg_current_xact_id_if_assigned()::text, 'none')";
    assert_eq!(
        ask_on(&mut connection, open).await,
        "none",
        "it was handed out in a transaction"
    );
}

#[tokio::test]
async fn a_rested_connection_that_died_is_replaced_before_it_is_handed_out() {
    let database = TestDatabase::with_pool(1).await;
    let mut connection = database.db().connection().await.expect("a connection");
    let pid = ask_on(&mut connection, "pg_backend_pid()::text").await;
    drop(connection);
    let other = Db::connect(database.url(), &PoolOptions::default())
        .await
        .expect("a pool")
        .program();
    let mut other = other.connection().await.expect("a connection");
    other
        .batch_execute(&format!("select pg_terminate_backend({pid})"))
        .await
        .expect("an end");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let mut connection = database.db().connection().await.expect("a new connection");
    connection
        .batch_execute("select 1")
        .await
        .expect("a live connection");
}

#[tokio::test]
async fn the_statements_of_a_request_end_at_its_deadline_and_no_others_do() {
    let database = TestDatabase::with_pool(1).await;
    let deadline = tokio::time::Instant::now() + Duration::from_millis(200);
    let (change, _waiting) =
        database
            .pool()
            .request(Party::Nobody, deadline, AuthRevision::default());
    let mut connection = change.connection().await.expect("a connection");
    let first = ask_on(&mut connection, "pg_backend_pid()::text").await;
    for _ in 0..2 {
        let sleep = diesel::sql_query("select pg_sleep(10)");
        let ended = sleep.execute(&mut connection).await;
        let ended = ended.expect_err("an end").into();
        assert!(matches!(ended, ServiceError::TimedOut(_)), "{ended:?}");
    }
    let late = change.connection().await.err().expect("none any more");
    assert!(matches!(late, DbError::Late), "{late:?}");
    drop(connection);
    // Nor does the change go on, nor anybody have a connection that its reading was ended on.
    let late = change.for_change().connection().await.err().expect("none");
    assert!(matches!(late, DbError::Late), "{late:?}");
    let mut connection = database.db().connection().await.expect("another");
    connection
        .batch_execute("select pg_sleep(0.5)")
        .await
        .expect("its time");
    assert_ne!(
        ask_on(&mut connection, "pg_backend_pid()::text").await,
        first
    );
    drop(connection);
    // One that was given back in time is as good as any.
    let deadline = tokio::time::Instant::now() + Duration::from_millis(200);
    let (change, _waiting) =
        database
            .pool()
            .request(Party::Nobody, deadline, AuthRevision::default());
    drop(change.connection().await.expect("a connection"));
    let mut connection = database.db().connection().await.expect("the same");
    connection
        .batch_execute("select pg_sleep(0.5)")
        .await
        .expect("its time");
}
