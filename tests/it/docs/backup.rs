//! The commands of docs/operate/backup.md, run by a shell: the restored database has the rows of the
//! one that was backed up, and the program works on it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use chrono::Utc;
use crm::demo;
use crm::service::users::UserRole;

use crate::docs::page::Page;
use crate::support::{Api, Scratch};

/// The database of the page, and its address there.
const NAME: &str = "crm_restored";
const ADDRESS: &str = "postgres://crm:password@127.0.0.1/crm_restored";
/// Every table with its number of rows, but for those whose rows are left out.
const COUNTS: &str = "select table_name, (xpath('/row/n/text()', query_to_xml(
        format('select count(*) as n from %I', table_name), true, true, '')))[1]
    from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'
        and table_name not in ('sessions', 'login_attempts') order by table_name";

#[tokio::test]
async fn a_backup_restores_every_row() {
    let Some(programs) = programs() else {
        eprintln!("not run: PostgreSQL's pg_dump is not installed");
        return;
    };
    let api = Api::new().await;
    api.user("admin", UserRole::Admin, None).await;
    assert!(demo::fill_empty(api.db(), Utc::now()).await.unwrap());
    let blocks = Page::read("docs/operate/backup.md").blocks().into_iter();
    let commands: Vec<String> = blocks
        .filter(|block| block.kind == "sh")
        .map(|block| block.text)
        .collect();
    // To back up, to restore; the last block is about the embedded server.
    assert_eq!(commands.len(), 3);
    let (_, query) = api.url().split_once('?').unwrap();
    let name = format!("test_{}", uuid::Uuid::now_v7().simple());
    let url = format!("postgres:///{name}?{query}");
    let program = concat!("'", env!("CARGO_BIN_EXE_crm"), "' ");
    let commands = commands[..2]
        .concat()
        .replace(ADDRESS, &format!("'{url}'"))
        .replace(NAME, &name)
        .replace("crm backup", &format!("{program} backup"))
        .replace("crm restore", &format!("{program} restore"));
    let script = format!(
        "set -eu\ntrap 'dropdb --force --if-exists {name}' EXIT\n{commands}\n\
         psql -At \"$DATABASE_URL\" -c \"{COUNTS}\" >before\npsql -At \"$RESTORED\" -c \"{COUNTS}\" >after\n\
         {program} users list --database-url \"$RESTORED\" >users\n"
    );
    let folder = Scratch::new();
    fs::create_dir(folder.path()).unwrap();
    let (host, user) = query.split_once("&user=").unwrap();
    let host = host.trim_start_matches("host=").replace("%2F", "/");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("DATABASE_URL", api.url())
        .envs([
            ("PGHOST", host.as_str()),
            ("PGUSER", user),
            ("PGDATABASE", "postgres"),
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
    assert!(
        read("before").contains("leads|1000\n"),
        "{}",
        read("before")
    );
    assert_eq!(read("after"), read("before"));
    assert!(read("users").contains("maria.schmidt@example.com"));
}

/// The folder of the newest `pg_dump` that Debian has installed; other systems have it in the path.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = versions.map(|entry| entry.unwrap().path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).chain(versions).collect();
    folders.retain(|folder| folder.join("pg_dump").is_file());
    let number = |folder: &PathBuf| -> u32 {
        let name = folder.parent().and_then(|folder| folder.file_name());
        let name = name.and_then(|name| name.to_str());
        name.and_then(|name| name.parse().ok()).unwrap_or_default()
    };
    folders.into_iter().max_by_key(number)
}
