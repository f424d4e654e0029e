//! The migrations: at once, there and back, frozen, refused where they are unknown.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crm::db::{DbError, PendingMigration, migrate, pending, revert_all};
use crm::service::sha256;
use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use tokio::process::Command;

use crate::support::program::program;
use crate::support::{Api, ApiOptions, SignedIn, TestDatabase};

#[tokio::test]
async fn several_may_migrate_at_once_and_one_does_the_work() {
    let database = TestDatabase::with_pool(1).await;
    assert_eq!(
        pending(database.url()).await.expect("an answer"),
        Vec::<PendingMigration>::new()
    );
    let all = (0..4).map(|_| migrate(database.url()));
    for migrated in futures_util::future::join_all(all).await {
        assert_eq!(migrated.expect("a migrated database"), Vec::<String>::new());
    }
}

#[tokio::test]
async fn all_migrations_can_be_undone_and_done_again() {
    let database = TestDatabase::with_pool(1).await;
    let mut undone = revert_all(database.url()).await.expect("a way back");
    undone.reverse();
    assert_eq!(names(&database).await, undone);
    assert_eq!(migrate(database.url()).await.expect("a way forth"), undone);
    assert_eq!(names(&database).await, Vec::<String>::new());
}

/// The names of the migrations that the database lacks.
async fn names(database: &TestDatabase) -> Vec<String> {
    let pending = pending(database.url()).await.expect("an answer");
    pending
        .into_iter()
        .map(|migration| migration.name)
        .collect()
}

#[test]
fn migrations_that_are_there_do_not_change() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let listed = fs::read_to_string(root.join("CHECKSUMS")).expect("the checksums");
    let mut folders = entries(&root);
    folders.retain(|path| path.is_dir());
    let found: Vec<String> = folders.iter().map(|folder| checksum(folder)).collect();
    assert_eq!(
        listed.lines().collect::<Vec<_>>(),
        found,
        "see migrations/README.md"
    );
}

/// The line of a folder: SHA-256 of its files' names and contents, and its name.
fn checksum(folder: &Path) -> String {
    let mut text = Vec::new();
    for file in entries(folder) {
        text.extend(file.file_name().unwrap().as_encoded_bytes());
        text.push(b'\n');
        text.extend(fs::read(&file).expect("a file"));
    }
    let sum: String = sha256(&text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{sum}  {}", folder.file_name().unwrap().to_string_lossy())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

#[tokio::test]
async fn a_database_with_migrations_of_a_newer_program_is_refused_unless_they_expand() {
    let database = TestDatabase::with_pool(1).await;
    let note = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')";
    batch(&database, note).await;
    for refused in [
        migrate(database.url()).await.map(drop),
        pending(database.url()).await.map(drop),
    ] {
        let Err(error @ DbError::Unsuitable { .. }) = refused else {
            panic!("{refused:?}");
        };
        let said = error.to_string();
        assert!(said.contains("newer program (20991231000001)"), "{said}");
    }
    batch(
        &database,
        "INSERT INTO expanding_migrations VALUES ('20991231000001')",
    )
    .await;
    migrate(database.url())
        .await
        .expect("a database to go on with");
}

#[tokio::test]
async fn a_database_of_before_the_first_release_is_sent_to_its_dump() {
    let database = TestDatabase::with_pool(1).await;
    let note = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20261122100001')";
    batch(&database, note).await;
    let refused = migrate(database.url()).await.expect_err("a refusal");
    assert!(
        refused.to_string().contains("crm migrate --from-old FILE"),
        "{refused}"
    );
}

#[tokio::test]
async fn what_a_broken_off_index_build_left_is_dropped() {
    let database = TestDatabase::with_pool(1).await;
    let broken = "CREATE INDEX broken ON leads (call_attempts); \
                  UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass";
    batch(&database, broken).await;
    migrate(database.url()).await.expect("a migrated database");
    batch(&database, "CREATE INDEX broken ON leads (call_attempts)").await;
}

async fn batch(database: &TestDatabase, statements: &str) {
    let mut conn = database.db().connection().await.expect("a connection");
    conn.batch_execute(statements).await.expect(statements);
}

#[tokio::test]
async fn a_plan_names_what_is_missing_and_changes_nothing() {
    let database = TestDatabase::with_pool(1).await;
    let all = revert_all(database.url()).await.expect("a way back");
    let said = crm(&database, &["migrate", "--plan"]).await;
    let plan = String::from_utf8(said.stdout).unwrap();
    assert_eq!(plan.lines().count(), all.len(), "{plan}");
    assert!(plan.contains("_leads (contracts:"), "{plan}");
    assert_eq!(names(&database).await.len(), all.len());
}

#[tokio::test]
async fn a_database_of_before_the_first_release_is_taken_over() {
    let dump = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/before_release.sql");
    let database = TestDatabase::with_pool(1).await;
    let taken = crm(&database, &["migrate", "--from-old", dump]).await;
    assert!(
        taken.status.success(),
        "{}",
        String::from_utf8_lossy(&taken.stderr)
    );
    let again = crm(&database, &["migrate", "--from-old", dump]).await;
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(said.contains("the database is not empty"), "{said}");

    let api = Api::over(database, ApiOptions::default()).await;
    let ada = api.sign_in("ada@example.com", "old-password-12").await;
    let found = "{ leads(search: \"samuele\") { nodes { fullName company leadScore status
        timeline(first: 10) { nodes { ... on Note { content }
            ... on Change { changes { field before { display } after { display } } } } } } }
        leadStatistics { totalLeads } archived: leads(filter: {archived: ONLY}) { totalCount }
        users(first: 100) { totalCount } }";
    let found = api.data(&ada, found, json!({})).await;
    let lead = &found["leads"]["nodes"][0];
    assert_eq!(found["leads"]["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(lead["fullName"], "Samuele Barbieri");
    assert_eq!(lead["company"], "Vitale S.r.l.");
    let entries = lead["timeline"]["nodes"].as_array().unwrap();
    let note = |text: &str| entries.iter().any(|entry| entry["content"] == text);
    assert!(note("Second words") && !note("First words"), "{lead:#}");
    let contacted = json!({ "field": "status", "before": { "display": "NEW" }, "after": { "display": "CONTACTED" } });
    let changes = entries
        .iter()
        .filter_map(|entry| entry["changes"].as_array());
    assert!(
        changes.flatten().any(|change| *change == contacted),
        "{lead:#}"
    );
    let figures = (
        &found["leadStatistics"]["totalLeads"],
        &found["archived"]["totalCount"],
    );
    assert_eq!(figures, (&json!(9), &json!(3)));
    assert_eq!(found["users"]["totalCount"], 16);
    let key = SignedIn {
        token: "crm_key_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".to_owned(),
        ..ada
    };
    let me = api.data(&key, "{ me { email role } }", json!({})).await;
    assert_eq!(me["me"]["email"], "ada@example.com");
}

/// The program's command on this database.
async fn crm(database: &TestDatabase, arguments: &[&str]) -> Output {
    Command::new(program())
        .env("DATABASE_URL", database.url())
        .env("CRM_PROFILE", "test")
        .args(arguments)
        .output()
        .await
        .expect("the program")
}
