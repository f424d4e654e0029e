//! `crm backup` and `crm restore`: all comes back that is to, the figures are of one moment, and what is
//! no whole backup or no empty database is refused in one sentence.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use chrono::Utc;
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use tokio::process::Command;

use crm::demo;

use crate::support::program::{PASSWORD, Program};
use crate::support::{OwnServer, Scratch, SetUp, TestDatabase, ask_on};

const STATISTICS: &str =
    "{ leadStatistics { totalLeads hotLeadsCount averageLeadScore conversionRate
    leadsByStatus { status count } leadsBySource { source count } leadsByAgent { totalLeads } }
    timeline(first: 100) { nodes { position } } }";

async fn crm(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_crm"));
    program.args(arguments).env_clear().current_dir("/");
    let path = ("PATH", "/usr/local/bin:/usr/bin:/bin");
    program.envs(variables.iter().copied()).envs([path]);
    program.output().await.unwrap()
}

/// The output of a command that has succeeded.
async fn output(arguments: &[&str], url: &str) -> String {
    let output = crm(arguments, &[("DATABASE_URL", url)]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The one sentence of a command that has failed.
async fn refusal(arguments: &[&str], url: &str) -> String {
    let output = crm(arguments, &[("DATABASE_URL", url)]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{arguments:?} succeeded");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    said
}

/// A folder and a file in it, which does not exist yet.
fn place() -> (Scratch, String) {
    let folder = Scratch::new();
    fs::create_dir(folder.path()).unwrap();
    let file = folder.path().join("crm.backup").display().to_string();
    (folder, file)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

async fn ask(database: &TestDatabase, expression: &str) -> String {
    let mut connection = database.db().connection().await.unwrap();
    ask_on(&mut connection, expression).await
}

async fn execute(database: &TestDatabase, statement: &str) {
    let mut connection = database.db().connection().await.unwrap();
    connection.batch_execute(statement).await.unwrap();
}

/// The lines of the output that are figures.
fn figures(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.starts_with("  ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_program_serves_what_was_backed_up() {
    let program = Program::start(&[]).await;
    let database = program.database();
    let token = program.sign_in().await;
    assert!(demo::fill_empty(program.db(), Utc::now()).await.unwrap());
    let me = program
        .ask(&token, &json!({ "query": "{ me { id } }" }))
        .await;
    let key = "mutation ($id: ID!) { createApiKey(input: { name: \"nightly export\", userId: $id,
        role: ADMIN, expiresInDays: 30 }) { secret } }";
    let id = json!({ "id": me["data"]["me"]["id"] });
    let made = program
        .ask(&token, &json!({ "query": key, "variables": id }))
        .await;
    let secret = made["data"]["createApiKey"]["secret"]
        .as_str()
        .expect("a key");
    let before = program.ask(&token, &json!({ "query": STATISTICS })).await;
    assert_eq!(
        before["data"]["leadStatistics"]["totalLeads"]
            .as_i64()
            .map(|n| n > 500),
        Some(true)
    );
    // A failed attempt, whose row must not come along.
    let wrong =
        "mutation { login(input: { email: \"grace.hopper@example.com\", password: \"wrong\" })
        { token } }";
    program.ask("", &json!({ "query": wrong })).await;
    let export = "mutation { createExport(input: { format: CSV }) { url } }";
    let made = program.ask(&token, &json!({ "query": export })).await;
    assert!(made["errors"].is_null(), "{made}");

    let (folder, file) = place();
    let said = output(&["backup", &file], database.url()).await;
    assert_eq!(names(folder.path()), ["crm.backup"]);
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let said_again = refusal(&["backup", &file], database.url()).await;
    assert!(said_again.contains("exists already"), "{said_again}");
    program.stop().await;

    let restored = TestDatabase::empty().await;
    let report = output(&["restore", &file], restored.url()).await;
    assert_eq!(figures(&said), figures(&report)[..figures(&said).len()]);
    assert!(
        report.contains("All figures are those of the backup."),
        "{report}"
    );
    let key = report.lines().last().unwrap();
    assert!(
        key.contains("nightly export") && key.contains("grace.hopper@example.com"),
        "{key}"
    );
    for table in ["sessions", "exports", "login_attempts", "idempotency_keys"] {
        let count = format!("(select count(*)::text from {table})");
        assert_eq!(ask(&restored, &count).await, "0", "{table}");
    }
    let again = refusal(&["restore", &file], restored.url()).await;
    assert!(again.contains("not empty"), "{again}");

    let program = Program::start_on(restored.into(), &[("CRM_ADMIN_EMAIL", "")]).await;
    let refused = program.ask(&token, &json!({ "query": STATISTICS })).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
    let by_key = format!("authorization: Bearer {secret}\r\n");
    let after = program.ask(&by_key, &json!({ "query": STATISTICS })).await;
    assert_eq!(after, before);
    let token = program.sign_in().await;
    let after: Value = program.ask(&token, &json!({ "query": STATISTICS })).await;
    assert_eq!(after, before, "with {PASSWORD}");
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_and_rows_are_of_one_moment_while_others_write() {
    let database = std::sync::Arc::new(TestDatabase::new().await);
    output(&["seed", "--leads", "3000"], database.url()).await;
    let (_folder, file) = place();
    let writing = {
        let database = std::sync::Arc::clone(&database);
        tokio::spawn(async move {
            let mut connection = database.db().connection().await.unwrap();
            loop {
                let change = "UPDATE leads SET lead_score = (lead_score + 7) % 100 WHERE id IN (SELECT id FROM leads
                    ORDER BY random() LIMIT 20); INSERT INTO free_email_domains
                    VALUES (gen_random_uuid() || '.example')";
                connection.batch_execute(change).await.unwrap();
            }
        })
    };
    let domains = "(select count(*)::text from free_email_domains)";
    let first = ask(&database, domains).await;
    let said = output(&["backup", &file], database.url()).await;
    assert_ne!(
        ask(&database, domains).await,
        first,
        "nobody wrote meanwhile"
    );
    writing.abort();
    let restored = TestDatabase::empty().await;
    let report = output(&["restore", &file], restored.url()).await;
    assert_eq!(figures(&report), figures(&said));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_whole_backup_is_refused_in_one_sentence_and_nothing_is_restored() {
    let database = TestDatabase::new().await;
    let (folder, file) = place();
    output(&["backup", &file], database.url()).await;
    let whole = fs::read(&file).unwrap();
    let restored = TestDatabase::empty().await;
    let bad = folder.path().join("bad").display().to_string();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    for (bytes, part) in [
        (&whole[..whole.len() - 1], "no whole backup"),
        (&whole[..whole.len() / 2], "no whole backup"),
        (&[][..], "no whole backup"),
        (
            b"PGDMP, or so it says, but of a program that is not this one",
            "no whole backup",
        ),
        (&damaged, "damaged"),
    ] {
        fs::write(&bad, bytes).unwrap();
        let said = refusal(&["restore", &bad], restored.url()).await;
        assert!(said.contains(part) && said.contains(&bad), "{said}");
    }
    let missing = refusal(&["restore", "/nowhere"], restored.url()).await;
    assert!(missing.contains("/nowhere"), "{missing}");
    let tables =
        "(select count(*)::text from pg_class where relnamespace = 'public'::regnamespace)";
    assert_eq!(ask(&restored, tables).await, "0");
    output(&["restore", &file], restored.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_restore_reads_the_file_as_well() {
    let database = TestDatabase::new().await;
    let (_folder, file) = place();
    output(&["backup", &file], database.url()).await;
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let programs = versions.map(|entry| entry.unwrap().path().join("bin/pg_restore"));
    let Some(program) = programs.max().filter(|program| program.is_file()) else {
        eprintln!("not run: Debian's pg_restore is not installed");
        return;
    };
    let listed = Command::new(program)
        .arg("--list")
        .arg(&file)
        .output()
        .await
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("TABLE DATA public leads"), "{listed}");
    assert!(!listed.contains("TABLE DATA public sessions"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_row_count_is_an_error_that_names_the_table() {
    let database = TestDatabase::new().await;
    let (_folder, file) = place();
    execute(
        &database,
        "INSERT INTO free_email_domains VALUES ('gone.example')",
    )
    .await;
    output(&["backup", &file], database.url()).await;
    let restored = TestDatabase::empty().await;
    let trigger =
        "CREATE FUNCTION public.drop_it() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF to_regclass('public.free_email_domains') IS NOT NULL THEN
            DELETE FROM public.free_email_domains WHERE domain = 'gone.example';
        END IF; END $$;
        CREATE EVENT TRIGGER drop_it ON ddl_command_end EXECUTE FUNCTION public.drop_it()";
    execute(&restored, trigger).await;
    let said = refusal(&["restore", &file], restored.url()).await;
    assert!(said.contains("rows of free_email_domains"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_programs_own_postgresql_is_backed_up_and_restored_into_another_folder() {
    let (one, other) = (Scratch::new(), Scratch::new());
    let (_folder, file) = place();
    let of = |folder: &Scratch| folder.path().display().to_string();
    let (one_path, other_path) = (of(&one), of(&other));
    for (arguments, folder) in [
        (&["seed", "--leads", "40"][..], &one_path),
        (&["backup", &file][..], &one_path),
        (&["restore", &file][..], &other_path),
    ] {
        let output = crm(arguments, &[("CRM_DATA_DIR", folder)]).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
    let listed = crm(&["users", "list"], &[("CRM_DATA_DIR", &other_path)]).await;
    assert!(String::from_utf8_lossy(&listed.stdout).contains("MANAGER"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_another_name_comes_back_in_a_schema_of_that_name() {
    let (database, restored) = (TestDatabase::empty().await, TestDatabase::empty().await);
    let (_folder, file) = place();
    let schema = ("CRM_SCHEMA", "Sales \"EU\"");
    for (arguments, url) in [
        (&["seed", "--leads", "30"][..], database.url()),
        (&["backup", &file], database.url()),
        (&["restore", &file], restored.url()),
    ] {
        let output = crm(arguments, &[("DATABASE_URL", url), schema]).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
    let places = "(select string_agg(schemaname, ',') from pg_tables where tablename = 'leads')";
    assert_eq!(ask(&restored, places).await, "Sales \"EU\"");
    let other = TestDatabase::empty().await;
    let said = refusal(&["restore", &file], other.url()).await;
    assert!(said.contains("CRM_SCHEMA"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_are_older_than_the_server_are_refused() {
    let database = TestDatabase::new().await;
    let (folder, file) = place();
    for program in ["pg_dump", "pg_restore"] {
        let path = folder.path().join(program);
        fs::write(&path, "#!/bin/sh\necho 'pg_dump (PostgreSQL) 13.9'\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let bin = folder.path().display().to_string();
    let variables = [("DATABASE_URL", database.url()), ("CRM_PG_BIN", &bin)];
    let output = crm(&["backup", &file], &variables).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    assert!(said.contains("there are those of 13"), "{said}");
    assert_eq!(
        names(folder.path()).len(),
        2,
        "nothing is left of the backup"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_has_the_password_among_its_arguments() {
    let set_up = SetUp {
        rules: "host all all 127.0.0.1/32 scram-sha-256",
        ..SetUp::default()
    };
    let server = OwnServer::start(&set_up, |_| ()).await;
    let password = "no-process-shows-it";
    server
        .run(&format!("ALTER ROLE crm PASSWORD '{password}'"))
        .await;
    let url = format!("postgres://crm:{password}@127.0.0.1:{}/crm", server.port);
    output(&["seed", "--leads", "2000"], &url).await;
    let (_folder, file) = place();
    let (is_over, dumps) = (AtomicBool::new(false), AtomicU32::new(0));
    let looking = async {
        while !is_over.load(Ordering::Relaxed) {
            for line in arguments_of_all() {
                assert!(!line.contains(password), "{line}");
                // The way to the file tells this dump from those of other tests.
                if line.contains("pg_dump") && line.contains(&file) {
                    dumps.fetch_add(1, Ordering::Relaxed);
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let backing_up = async {
        output(&["backup", &file], &url).await;
        is_over.store(true, Ordering::Relaxed);
    };
    tokio::join!(looking, backing_up);
    assert!(dumps.load(Ordering::Relaxed) > 0, "no pg_dump was seen");
}

/// The command lines of all processes.
fn arguments_of_all() -> Vec<String> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .collect()
}
