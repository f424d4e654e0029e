//! The profiles: which addresses they listen on, and that no published password lets anybody in where
//! others are served.

use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::program::{ANY_PORT, PASSWORD, Program};
use crate::support::{Scratch, TestDatabase};

/// The first administrator of development, by its published address and password.
const PUBLISHED: (&str, &str) = ("admin@example.com", "development-only");

/// As development on a new machine, but without the demo's leads.
const NOBODY_NAMED: [(&str, &str); 2] = [("CRM_ADMIN_EMAIL", ""), ("CRM_ADMIN_PASSWORD", "")];

async fn login(program: &Program, (email, password): (&str, &str)) -> Value {
    let query = "mutation ($email: String!, $password: String!) {
        login(input: {email: $email, password: $password}) { token } }";
    let variables = json!({ "email": email, "password": password });
    let body = json!({ "query": query, "variables": variables });
    program.ask("", &body).await
}

async fn ask(program: &Program, token: &str, query: &str) -> Value {
    let header = format!("authorization: Bearer {token}\r\n");
    program.ask(&header, &json!({ "query": query })).await
}

fn token(answer: &Value) -> String {
    let token = &answer["data"]["login"]["token"];
    token
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

async fn start(program: &Program, profile: &str) -> Program {
    let named = [("CRM_ADMIN_EMAIL", "grace@example.com")];
    let variables = [&[("CRM_PROFILE", profile)][..], &named].concat();
    Program::start_on(program.database(), &variables).await
}

#[test]
fn with_a_published_password_only_loopback_is_listened_on() {
    for (profile, address) in [
        ("development", "0.0.0.0:0"),
        ("test", "0.0.0.0:0"),
        ("development", "[::]:0"),
        ("test", "192.0.2.1:8000"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_crm"))
            .env("CRM_PROFILE", profile)
            .env("CRM_LISTEN", address)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{profile} {address}");
        assert!(
            said.contains("CRM_PROFILE=team") && said.contains(profile),
            "{said}"
        );
    }
}

#[tokio::test]
async fn the_published_password_is_not_taken_for_a_first_administrator_of_others() {
    let database = TestDatabase::new().await;
    for profile in ["team", "production"] {
        let output = Command::new(env!("CARGO_BIN_EXE_crm"))
            .env("DATABASE_URL", database.url())
            .env("CRM_PROFILE", profile)
            .env("CRM_LISTEN", ANY_PORT)
            .env("CRM_ADMIN_EMAIL", "grace@example.com")
            .env("CRM_ADMIN_PASSWORD", PUBLISHED.1)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{profile}");
        assert!(
            said.contains("CRM_ADMIN_PASSWORD is the published password"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_database_of_development_lets_no_published_password_in_elsewhere() {
    let laptop = Program::start(&NOBODY_NAMED).await;
    let session = token(&login(&laptop, PUBLISHED).await);
    let make = "mutation { createApiKey(input: {name: \"k\", userId: \"USER\", role: ADMIN,
        expiresInDays: 9}) { secret } }";
    let me = ask(&laptop, &session, "{ me { id } }").await;
    let make = make.replace("USER", me["data"]["me"]["id"].as_str().unwrap());
    let key = ask(&laptop, &session, &make).await["data"]["createApiKey"]["secret"].clone();
    let key = key.as_str().unwrap().to_owned();
    for profile in ["team", "production"] {
        let server = start(&laptop, profile).await;
        server.says("1 accounts of the demo").await;
        server.says("crm demo remove").await;
        let refused = login(&server, PUBLISHED).await;
        assert_eq!(
            refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
            "{profile}"
        );
        for token in [&session, &key] {
            let refused = ask(&server, token, "{ me { id } }").await;
            assert_eq!(
                refused["errors"][0]["extensions"]["code"],
                "UNAUTHENTICATED"
            );
        }
        // Nobody who could administer was left, so that the named administrator was made.
        token(&login(&server, ("grace@example.com", PASSWORD)).await);
        server.stop().await;
    }
    // On the laptop all goes on.
    assert_eq!(ask(&laptop, &key, "{ me { id } }").await, me);
}

#[tokio::test]
async fn whoever_chose_a_password_of_their_own_is_no_account_of_the_demo_any_more() {
    let laptop = Program::start(&NOBODY_NAMED).await;
    let session = token(&login(&laptop, PUBLISHED).await);
    let change = "mutation { changePassword(input: {currentPassword: \"development-only\",
        newPassword: \"a password of my own\"}) { user { id } } }";
    let changed = ask(&laptop, &session, change).await;
    assert!(changed["errors"].is_null(), "{changed}");
    let server = start(&laptop, "team").await;
    token(&login(&server, (PUBLISHED.0, "a password of my own")).await);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_development_lets_no_published_password_in_where_it_is_restored() {
    let laptop = Program::start(&NOBODY_NAMED).await;
    token(&login(&laptop, PUBLISHED).await);
    let folder = Scratch::new();
    std::fs::create_dir_all(folder.path()).unwrap();
    let file = folder.path().join("laptop.backup");
    let elsewhere = Arc::new(TestDatabase::empty().await);
    for (command, database) in [
        ("backup", laptop.database()),
        ("restore", elsewhere.clone()),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_crm"))
            .arg(command)
            .arg(&file)
            .env("DATABASE_URL", database.url())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let named = [
        ("CRM_PROFILE", "team"),
        ("CRM_ADMIN_EMAIL", "grace@example.com"),
    ];
    let server = Program::start_on(elsewhere, &named).await;
    server.says("1 accounts of the demo").await;
    let refused = login(&server, PUBLISHED).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
    token(&login(&server, ("grace@example.com", PASSWORD)).await);
    server.stop().await;
}
