//! The schema that the tables are in.

use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use crm::db::{DatabaseOptions, Db, PendingMigration, PoolOptions, migrate, pending, revert_all};

use super::failure;
use crate::support::program::Program;
use crate::support::{TestDatabase, ask_on};

/// The schemas that have a table of leads.
const WITH_LEADS: &str = "coalesce((select string_agg(schemaname, ', ' order by schemaname) \
                          from pg_tables where tablename = 'leads'), '')";

async fn emptied(database: &TestDatabase) -> String {
    revert_all(database.url()).await.unwrap();
    let statements = "drop table __diesel_schema_migrations; \
                      drop extension pg_trgm";
    let mut connection = database.db().connection().await.unwrap();
    connection.batch_execute(statements).await.unwrap();
    ask_on(&mut connection, "current_database()::text").await
}

#[tokio::test]
async fn a_schema_named_like_the_user_is_not_taken_for_the_programs() {
    let database = TestDatabase::new().await;
    let own = emptied(&database).await;
    let mut connection = database.db().connection().await.unwrap();
    let owner = format!(
        "create role {own} login; alter database {own} owner to {own}; \
         alter schema public owner to {own}; create schema {own} authorization {own}; \
         create table {own}.leads (id integer)"
    );
    connection.batch_execute(&owner).await.unwrap();
    let url = database.url().replace("user=crm", &format!("user={own}"));
    let seed = ["seed", "--leads", "50"];
    assert_eq!(failure(&seed, &[("DATABASE_URL", &url)]).await, None);
    let leads = format!(
        "(select count(*)::text from public.leads) || ' in {own}: ' || \
                         (select count(*)::text from {own}.leads)"
    );
    assert_eq!(
        ask_on(&mut connection, &leads).await,
        format!("50 in {own}: 0")
    );
    drop(connection);
    // Also on a connection of the program's.
    let db = Db::connect(&url, &PoolOptions::default())
        .await
        .unwrap()
        .program();
    let mut connection = db.connection().await.unwrap();
    let path = ask_on(&mut connection, "current_setting('search_path')").await;
    assert_eq!(path, "public");
    drop(connection);
    let mut connection = database.db().connection().await.unwrap();
    let give = format!("reassign owned by {own} to crm; drop role {own}");
    connection.batch_execute(&give).await.unwrap();
}

#[tokio::test]
async fn with_another_schema_everything_is_in_it() {
    let database = TestDatabase::new().await;
    emptied(&database).await;
    let name = "Sales \"EU\"";
    let place = [("DATABASE_URL", database.url()), ("CRM_SCHEMA", name)];
    assert_eq!(failure(&["seed", "--leads", "50"], &place).await, None);
    let program = Program::start(&place).await;
    let token = program.sign_in().await;
    let create = "mutation { createLead(input: { firstName: \"Zoë\", lastName: \"Kowalski\",
        email: \"zoe@kowalski.example\", source: WEBSITE }) { lead { id } } }";
    let created = program.ask(&token, &json!({ "query": create })).await;
    let id = created["data"]["createLead"]["lead"]["id"].clone();
    assert!(id.is_string(), "{created}");
    // The last one by a name that is mistyped.
    let read = "{ found: leads(search: \"zoe kowalski\") { nodes { id } }
        near: leads(search: \"zoe kowalsky\") { nodes { id } }
        duplicateLeads(email: \"ZOE@kowalski.example\") { id }
        leadStatistics(filter: { archived: INCLUDE }) {
            totalLeads createdOverTime(bucket: MONTH) { count } } }";
    let read = program.ask(&token, &json!({ "query": read })).await;
    let data = &read["data"];
    assert_eq!(data["found"]["nodes"], json!([{ "id": id }]), "{read}");
    assert_eq!(data["near"]["nodes"], json!([{ "id": id }]), "{read}");
    assert_eq!(data["duplicateLeads"], json!([{ "id": id }]), "{read}");
    assert_eq!(data["leadStatistics"]["totalLeads"], 51, "{read}");
    let users = super::crm(&["users", "list"], &place).await;
    assert!(
        String::from_utf8_lossy(&users.stdout).contains("ADMIN"),
        "{users:?}"
    );
    program.stop().await;

    let mut connection = database.db().connection().await.unwrap();
    assert_eq!(ask_on(&mut connection, WITH_LEADS).await, name);
    let elsewhere =
        "(select count(*)::text from pg_class where relnamespace = 'public'::regnamespace)";
    assert_eq!(ask_on(&mut connection, elsewhere).await, "0");
}

#[tokio::test]
async fn two_schemas_of_a_database_are_two_databases_wherever_the_extensions_are() {
    let database = TestDatabase::new().await;
    emptied(&database).await;
    let mut connection = database.db().connection().await.unwrap();
    let elsewhere = "create schema tools; drop schema public cascade; \
                     create extension pg_trgm with schema tools";
    connection.batch_execute(elsewhere).await.unwrap();
    let of = |schema: &str| DatabaseOptions {
        schema: schema.to_owned(),
        ..database.url().into()
    };
    let all = migrate(of("one")).await.unwrap();
    let of_two = pending(of("two")).await.unwrap();
    let of_two: Vec<String> = of_two.into_iter().map(|it| it.name).collect();
    assert_eq!(of_two, all);
    assert_eq!(migrate(of("two")).await.unwrap(), all);
    assert_eq!(ask_on(&mut connection, WITH_LEADS).await, "one, two");
    revert_all(of("two")).await.unwrap();
    assert_eq!(ask_on(&mut connection, WITH_LEADS).await, "one");
    assert_eq!(
        pending(of("one")).await.unwrap(),
        Vec::<PendingMigration>::new()
    );
    let db = Db::connect(of("one"), &PoolOptions::default())
        .await
        .unwrap()
        .program();
    let mut connection = db.connection().await.unwrap();
    let path = ask_on(&mut connection, "current_setting('search_path')").await;
    assert_eq!(
        path, "one, tools",
        "the other extension is where the tables are"
    );
}

#[tokio::test]
async fn a_schema_that_can_not_be_is_refused() {
    for (name, part) in [
        ("pg_sales", "pg_"),
        ("information_schema", "pg_"),
        (&"x".repeat(64), "63 bytes"),
    ] {
        let said = failure(&["migrate"], &[("CRM_SCHEMA", name)]).await;
        assert!(said.expect("a refusal").contains(part), "{name}");
    }
    let database = TestDatabase::with_pool(1).await;
    let url = format!("{}&options=-csearch_path%3Dother", database.url());
    let said = failure(&["migrate"], &[("DATABASE_URL", &url)]).await;
    assert!(said.expect("a refusal").contains("CRM_SCHEMA"));
}
