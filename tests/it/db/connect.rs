//! Database URLs: what they may say, and what is said when one is wrong.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;

use crm::db::{Db, DbError, PoolOptions};

use crate::support::{Scratch, TestDatabase, ask_on, start};

#[tokio::test]
async fn a_wrong_password_is_named_and_not_shown() {
    let folder = Scratch::new();
    let server = start(folder.path()).await;
    let db = Db::connect(&server.url(), &PoolOptions::default())
        .await
        .expect("a pool")
        .program();
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
        .expect("the right password")
        .program();
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
async fn the_urls_own_options_win() {
    let database = TestDatabase::with_pool(1).await;
    let url = format!(
        "{}&options=-c%20statement_timeout%3D7s&application_name=report&sslmode=verify-full",
        database.url()
    );
    let db = Db::connect(&url, &PoolOptions::default())
        .await
        .expect("a pool")
        .program();
    let mut connection = db.connection().await.expect("a connection");
    assert_eq!(show(&mut connection, "statement_timeout").await, "7s");
    assert_eq!(show(&mut connection, "lock_timeout").await, "10s");
    assert_eq!(show(&mut connection, "application_name").await, "report");
}

async fn refused(url: &str) -> DbError {
    Db::connect(url, &PoolOptions::default())
        .await
        .err()
        .expect("a refusal")
}

async fn show(connection: &mut crm::db::PooledConnection, setting: &str) -> String {
    ask_on(connection, &format!("current_setting('{setting}')")).await
}
