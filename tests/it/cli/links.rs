//! Links of accounts that the program prints: the first administrator's at the start and by
//! `crm admin-link`, others by `crm users`.

use std::process::Output;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::program::{PASSWORD, Program};
use crate::support::{Scratch, TestDatabase};

const NOBODY: [(&str, &str); 2] = [("CRM_ADMIN_EMAIL", ""), ("CRM_ADMIN_PASSWORD", "")];
const PUBLIC: (&str, &str) = ("CRM_PUBLIC_URL", "https://crm.example.com/leads/");

/// Runs a command of the program on a database.
async fn run(database: &TestDatabase, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crm"))
        .args(arguments)
        .env("DATABASE_URL", database.url())
        .env("CRM_PROFILE", "team")
        .envs([PUBLIC])
        .output()
        .await
        .unwrap()
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The link in what was printed.
fn link(printed: &str) -> String {
    let word = printed
        .split_whitespace()
        .find(|word| word.contains("/welcome#"));
    word.unwrap_or_else(|| panic!("{printed}")).to_owned()
}

async fn accept(program: &Program, link: &str, email: Option<&str>) -> Value {
    let query = "mutation ($input: UseLinkInput!) { useLink(input: $input) {
        token user { email fullName role isActive } } }";
    let mut input = json!({ "token": link, "password": PASSWORD });
    if let Some(email) = email {
        input["email"] = json!(email);
        input["fullName"] = json!("First");
    }
    let body = json!({ "query": query, "variables": { "input": input } });
    program.ask("", &body).await
}

fn code(answer: &Value) -> Option<&str> {
    answer["errors"][0]["extensions"]["code"].as_str()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_prints_a_link_where_nobody_administers() {
    for profile in ["team", "production"] {
        let variables = [&[("CRM_PROFILE", profile), PUBLIC][..], &NOBODY].concat();
        let program = Program::start(&variables).await;
        let database = program.database();
        let first = program.welcome.clone().expect("a link");
        let expected = "https://crm.example.com/leads/welcome#crm_admin_";
        assert!(first.starts_with(expected), "{first}");
        let second = link(&printed(&run(&database, &["admin-link"]).await));

        let faults = accept(&program, &first, None).await;
        assert_eq!(code(&faults), Some("INVALID_DATA"));
        let fields = faults["errors"][0]["extensions"]["fields"].to_string();
        assert!(fields.contains("input.email") && fields.contains("input.fullName"));

        // Both at the same time: one becomes it.
        let both = tokio::join!(
            accept(&program, &first, Some("one@example.com")),
            accept(&program, &second, Some("two@example.com")),
        );
        let codes = [code(&both.0), code(&both.1)];
        let (made, refused) = match codes {
            [None, Some(refused)] => (&both.0, refused),
            [Some(refused), None] => (&both.1, refused),
            _ => panic!("{both:?}"),
        };
        assert_eq!(refused, "CONFLICT");
        let user = &made["data"]["useLink"]["user"];
        assert_eq!(
            (&user["role"], &user["isActive"]),
            (&json!("ADMIN"), &json!(true))
        );

        let none = run(&database, &["admin-link"]).await;
        let said = String::from_utf8_lossy(&none.stderr);
        assert!(
            !none.status.success() && said.contains("crm users reset-password"),
            "{said}"
        );
        let log = program.stop().await;
        assert!(!log.contains("crm_admin_"), "a token in the log: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crm_users_invites_and_resets_by_links() {
    let program = Program::start(&[]).await;
    let database: Arc<TestDatabase> = program.database();
    let invite = [
        "users",
        "invite",
        "eva@example.com",
        "--name",
        "Eva",
        "--role",
        "manager",
    ];
    let invitation = link(&printed(&run(&database, &invite).await));
    let listed = printed(&run(&database, &["users", "list"]).await);
    let eva = |listed: &str| {
        listed
            .lines()
            .find(|line| line.contains("eva@"))
            .map(str::to_owned)
    };
    assert!(eva(&listed).unwrap().contains("invited"), "{listed}");
    let answer = accept(&program, &invitation, None).await;
    assert_eq!(
        answer["data"]["useLink"]["user"]["fullName"], "Eva",
        "{answer}"
    );
    let listed = printed(&run(&database, &["users", "list"]).await);
    assert!(eva(&listed).unwrap().contains("active"), "{listed}");

    let reset = link(&printed(
        &run(&database, &["users", "reset-password", "eva@example.com"]).await,
    ));
    assert!(reset.contains("#crm_reset_"), "{reset}");
    assert_eq!(code(&accept(&program, &reset, None).await), None);
    let again = run(&database, &invite).await;
    assert!(!again.status.success() && again.stdout.is_empty());
    program.stop().await;
}

#[tokio::test]
async fn a_public_url_that_can_be_none_is_refused() {
    for url in [
        "crm.example.com",
        "ftp://crm.example.com",
        "https://a/#b",
        "https://a/?b=c",
        "https://u@a",
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_crm"))
            .args(["--public-url", url, "schema"])
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains("https://crm.example.com"),
            "{url}: {said}"
        );
    }
}

#[tokio::test]
async fn commands_about_what_is_there_make_no_database_of_their_own() {
    let folder = Scratch::new();
    let file = folder.path().with_extension("backup").display().to_string();
    for command in [
        &["admin-link"][..],
        &["users", "list"],
        &["users", "reset-password", "eva@example.com"],
        &["demo", "remove"],
        &["backup", &file],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_crm"))
            .args(command)
            .env("CRM_DATA_DIR", folder.path())
            .env_remove("DATABASE_URL")
            .output()
            .await
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{command:?}");
        assert!(
            said.contains("there is no database in") && said.contains("CRM_DATA_DIR"),
            "{said}"
        );
        assert!(!folder.path().exists(), "{command:?}");
    }
}
