//! Databases in other encodings and languages.

use diesel_async::SimpleAsyncConnection;

use crm::db::{Db, DbError, PoolOptions, migrate};

use super::failure;
use crate::support::{TestDatabase, ask_on};

/// Makes another database beside the test's and returns its URL. None if the server can't.
async fn beside(database: &TestDatabase, name: &str, how: &str) -> Option<String> {
    let mut connection = database.db().connection().await.unwrap();
    let own = ask_on(&mut connection, "current_database()::text").await;
    let create = format!("create database {own}_{name} template template0 {how}");
    let created = connection.batch_execute(&create).await;
    created
        .inspect_err(|error| eprintln!("not tried, {how}: {error}"))
        .ok()
        .map(|()| database.url().replacen(&own, &format!("{own}_{name}"), 1))
}

async fn drop(database: &TestDatabase, name: &str) {
    let mut connection = database.db().connection().await.unwrap();
    let own = ask_on(&mut connection, "current_database()::text").await;
    let drop = format!("drop database {own}_{name} with (force)");
    connection.batch_execute(&drop).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_not_in_utf8_is_refused_in_one_sentence_before_anything_is_made() {
    let database = TestDatabase::new().await;
    for (name, encoding) in [
        ("latin", "LATIN1"),
        ("ascii", "SQL_ASCII"),
        ("cyrillic", "WIN1251"),
    ] {
        let how = format!("encoding '{encoding}' locale 'C'");
        let url = beside(&database, name, &how).await.expect("a database");
        let refused = Db::connect(&url, &PoolOptions::default()).await.err();
        assert!(
            matches!(refused, Some(DbError::Unsuitable { .. })),
            "{refused:?}"
        );
        assert!(migrate(&url).await.is_err());
        let said = failure(&["migrate"], &[("DATABASE_URL", &url)])
            .await
            .expect("a refusal");
        let part = format!("_{name}\" is encoded in {encoding}, not in UTF8: make another");
        assert!(
            said.contains(&part) && said.trim().lines().count() == 1,
            "{said}"
        );
        drop(&database, name).await;
    }
}

#[tokio::test]
async fn a_database_with_a_turkish_locale_is_taken() {
    let database = TestDatabase::new().await;
    for (name, how) in [
        (
            "icu",
            "encoding 'UTF8' locale 'C' locale_provider icu icu_locale 'tr-TR'",
        ),
        ("libc", "encoding 'UTF8' locale 'tr_TR.UTF-8'"),
    ] {
        let Some(url) = beside(&database, name, how).await else {
            continue;
        };
        assert_eq!(failure(&["migrate"], &[("DATABASE_URL", &url)]).await, None);
        let db = Db::connect(&url, &PoolOptions::default())
            .await
            .unwrap()
            .program();
        let mut connection = db.connection().await.unwrap();
        assert_eq!(ask_on(&mut connection, "lower('INFO')").await, "ınfo");
        std::mem::drop(connection);
        drop(&database, name).await;
    }
}
