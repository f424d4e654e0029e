//! The pool: its patience, its settings, and what it does when PostgreSQL goes away.

use std::time::{Duration, Instant};

use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};

use crm::db::embedded::{EmbeddedOptions, EmbeddedServer};
use crm::db::{Db, DbError, PoolOptions, PooledConnection, migrate, pending};

use crate::support::{Scratch, TestDatabase};

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
    let status = database.db().status();
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
        assert_eq!(show(&mut connection, setting).await, value, "{setting}");
    }
}

#[tokio::test]
async fn the_urls_own_options_win() {
    let database = TestDatabase::with_pool(1).await;
    let url = format!(
        "{}&options=-c%20statement_timeout%3D7s&application_name=report&sslmode=verify-full",
        database.url()
    );
    let db = Db::connect(&url, &PoolOptions::default())
        .await
        .expect("a pool");
    let mut connection = db.connection().await.expect("a connection");
    assert_eq!(show(&mut connection, "statement_timeout").await, "7s");
    assert_eq!(show(&mut connection, "lock_timeout").await, "10s");
    assert_eq!(show(&mut connection, "application_name").await, "report");
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
        ask(&mut connection, "(select x::text from one)").await,
        "11"
    );
    let open = "coalesce(pg_current_xact_id_if_assigned()::text, 'none')";
    assert_eq!(
        ask(&mut connection, open).await,
        "none",
        "it was handed out in a transaction"
    );
}

#[tokio::test]
async fn a_rested_connection_that_died_is_replaced_before_it_is_handed_out() {
    let database = TestDatabase::with_pool(1).await;
    let mut connection = database.db().connection().await.expect("a connection");
    let pid = ask(&mut connection, "pg_backend_pid()::text").await;
    drop(connection);
    let other = Db::connect(database.url(), &PoolOptions::default())
        .await
        .expect("a pool");
    let mut other = other.connection().await.expect("a connection");
    other
        .batch_execute(&format!("select pg_terminate_backend({pid})"))
        .await
        .expect("an end");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    one(database.db()).await.expect("a new connection");
}

#[tokio::test]
async fn a_wrong_password_is_named_and_not_shown() {
    let folder = Scratch::new();
    let server = EmbeddedServer::start(&options(&folder))
        .await
        .expect("a server");
    let db = Db::connect(&server.url(), &PoolOptions::default())
        .await
        .expect("a pool");
    let mut connection = db.connection().await.expect("a connection");
    connection
        .batch_execute("alter role crm password 'right'")
        .await
        .expect("a password");
    let rules = folder.path().join("data/pg_hba.conf");
    std::fs::write(rules, "local all all scram-sha-256\n").expect("rules");
    connection
        .batch_execute("select pg_reload_conf()")
        .await
        .expect("a reload");
    tokio::time::sleep(Duration::from_millis(300)).await;

    let wrong = server
        .url()
        .replace("postgres:///", "postgres://crm:hunter2@/");
    let error = refused(&wrong).await;
    assert!(
        matches!(&error, DbError::WrongPassword { user, .. } if user == "crm"),
        "{error:?}"
    );
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
    let error = refused(&server.url()).await;
    assert!(matches!(error, DbError::WrongPassword { .. }), "{error:?}");
    let right = server
        .url()
        .replace("postgres:///", "postgres://crm:right@/");
    Db::connect(&right, &PoolOptions::default())
        .await
        .expect("the right password");
    server.stop().await.expect("a stopped server");
}

#[tokio::test]
async fn what_is_wrong_with_a_url_is_named_and_its_password_is_not() {
    let database = TestDatabase::with_pool(1).await;
    let nobody = database.url().replace("/test_", "/no_such_");
    let error = refused(&nobody).await;
    assert!(matches!(error, DbError::NoSuchDatabase { .. }), "{error:?}");
    for (url, part) in [
        (
            "postgres://crm:hunter2@127.0.0.1:1/crm",
            "127.0.0.1:1 can't be reached",
        ),
        (
            "postgres://crm:hunter2@no-such-host.invalid/crm",
            "no-such-host.invalid:5432",
        ),
        ("postgres://crm:hun@ter2@db/crm", "%40"),
        ("postgres://crm:hunter2@db/crm?sslmode=maybe", "sslmode"),
        (
            "postgres://crm:hunter2@db/crm?sslmode=verify-ca&sslrootcert=%2Fnone.pem",
            "/none.pem",
        ),
        ("postgres://crm:hunter2@db/crm?colour=red", "colour"),
        ("postgres://crm:hunter2@db", "no database"),
        ("mysql://crm:hunter2@db/crm", "postgres://"),
        ("hunter2", "postgres://"),
    ] {
        let error = refused(url).await;
        let text = format!("{error} {error:?}");
        assert!(error.to_string().contains(part), "{url}: {error}");
        assert!(
            !text.contains("hunter2") && !text.contains("ter2"),
            "{url}: {text}"
        );
    }
}

#[tokio::test]
async fn several_may_migrate_at_once_and_one_does_the_work() {
    let database = TestDatabase::with_pool(1).await;
    assert_eq!(
        pending(database.url()).await.expect("an answer"),
        Vec::<String>::new()
    );
    let all = (0..4).map(|_| migrate(database.url()));
    for migrated in futures_util::future::join_all(all).await {
        assert_eq!(migrated.expect("a migrated database"), Vec::<String>::new());
    }
}

fn options(folder: &Scratch) -> EmbeddedOptions {
    EmbeddedOptions {
        data_dir: Some(folder.path().into()),
        durable: false,
        fetch: true,
        ..EmbeddedOptions::default()
    }
}

async fn refused(url: &str) -> DbError {
    Db::connect(url, &PoolOptions::default())
        .await
        .err()
        .expect("a refusal")
}

async fn one(db: &Db) -> Result<(), String> {
    let mut connection = db.connection().await.map_err(|error| error.to_string())?;
    connection
        .batch_execute("select 1")
        .await
        .map_err(|error| error.to_string())
}

async fn show(connection: &mut PooledConnection, setting: &str) -> String {
    ask(connection, &format!("current_setting('{setting}')")).await
}

async fn ask(connection: &mut PooledConnection, question: &str) -> String {
    let answer = diesel::dsl::sql::<Text>(question);
    diesel::select(answer)
        .get_result(connection)
        .await
        .expect("an answer")
}
