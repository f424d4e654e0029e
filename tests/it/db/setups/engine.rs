//! Servers that can't do, or may not do, what the program needs.

use diesel_async::SimpleAsyncConnection;

use crate::support::{TestDatabase, ask_on};

use super::failure;

#[tokio::test]
async fn what_an_engine_lacks_is_said_in_one_sentence() {
    let database = TestDatabase::new().await;
    let mut connection = database.db().connection().await.unwrap();
    let own = ask_on(&mut connection, "current_database()::text").await;
    let url = database.url().replace("user=crm", &format!("user={own}"));
    // Nobody sees locks there, and the user has a schema but may make nothing else.
    let user = format!(
        "create role {own} login; create schema sales authorization {own}; \
         revoke select on pg_locks from public"
    );
    connection.batch_execute(&user).await.unwrap();
    let sales = [("DATABASE_URL", url.as_str()), ("CRM_SCHEMA", "sales")];
    let said = failure(&["migrate"], &sales).await.expect("a refusal");
    let part = "can't be used: this engine lacks advisory locks that show in pg_locks";
    assert!(
        said.contains(part) && said.trim().lines().count() == 1,
        "{said}"
    );

    connection
        .batch_execute("grant select on pg_locks to public")
        .await
        .unwrap();
    let other = [("DATABASE_URL", url.as_str()), ("CRM_SCHEMA", "other")];
    let said = failure(&["migrate"], &other).await.expect("a refusal");
    let part = "its user may not make what the program needs (permission denied for database";
    assert!(
        said.contains(part) && said.trim().lines().count() == 1,
        "{said}"
    );
    let made = ask_on(
        &mut connection,
        "coalesce(to_regnamespace('other')::text, 'none')",
    )
    .await;
    assert_eq!(made, "none");
    // Its own schema is enough, where the extensions are there already.
    assert_eq!(failure(&["migrate"], &sales).await, None);
    let drop = format!("drop owned by {own} cascade; drop role {own}");
    connection.batch_execute(&drop).await.unwrap();
}
