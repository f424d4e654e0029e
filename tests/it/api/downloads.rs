//! Downloads of exports over real sockets: one moment whatever is written meanwhile, a constant memory, and
//! what becomes of clients that are slow, too many, or gone.

use std::collections::HashSet;
use std::time::Duration;

use chrono::Utc;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crm::demo;

use crate::support::ask_on;
use crate::support::program::{Program, eventually, get};

const EXPORT: &str =
    "mutation ($input: CreateExportInput!) { createExport(input: $input) { url } }";

/// The program with the demo's leads; the path of an export of all of them, and the administrator's header.
async fn start(variables: &[(&str, &str)]) -> (Program, String, String) {
    let program = Program::start(variables).await;
    assert!(demo::fill_empty(program.db(), Utc::now()).await.unwrap());
    let token = program.sign_in().await;
    let path = export(&program, &token).await;
    (program, token, path)
}

async fn export(program: &Program, token: &str) -> String {
    let input = json!({ "format": "NDJSON", "notes": true, "filter": { "archived": "INCLUDE" } });
    let body = json!({ "query": EXPORT, "variables": { "input": input } });
    let answer = program.ask(token, &body).await;
    let url = answer["data"]["createExport"]["url"].as_str();
    let url = url.unwrap_or_else(|| panic!("{answer}"));
    let path = url.split_once("/exports/").unwrap().1;
    format!("/exports/{path}")
}

/// Begins a download and reads no more than its head.
async fn begin(program: &Program, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(program.address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(
        &head,
        b"HTTP/1.1 200 OK",
        "{}",
        String::from_utf8_lossy(&head)
    );
    stream
}

/// The lines of a chunked body, and whether it came to its end.
fn lines(answer: &str) -> (Vec<Value>, bool) {
    let (_, mut rest) = answer.split_once("\r\n\r\n").unwrap();
    let mut body = String::new();
    let is_whole = loop {
        let Some((size, chunk)) = rest.split_once("\r\n") else {
            break false;
        };
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break true;
        }
        let Some(bytes) = chunk.as_bytes().get(..size) else {
            break false;
        };
        body.push_str(std::str::from_utf8(bytes).unwrap());
        rest = &chunk[size + 2..];
    };
    (
        body.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect(),
        is_whole,
    )
}

async fn count(program: &Program, expression: &str) -> String {
    let mut conn = program.db().connection().await.unwrap();
    ask_on(&mut conn, expression).await
}

/// Transactions that read an export.
const READERS: &str = "(SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() \
    AND query LIKE 'FETCH % FROM rows' AND state <> 'idle')";

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_of_one_moment_whatever_is_written_meanwhile() {
    let (program, token, path) = start(&[]).await;
    let before: usize = count(&program, "(SELECT count(*)::text FROM leads)")
        .await
        .parse()
        .unwrap();
    let mut stream = begin(&program, &path).await;
    let change =
        "mutation { bulkTag(input: { leads: { all: true }, add: [\"meanwhile\"] }) { failed } }";
    let changed = program.ask(&token, &json!({ "query": change })).await;
    assert!(changed["errors"].is_null(), "{changed}");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (rows, is_whole) = lines(&answer);
    assert!(is_whole);
    assert_eq!(rows.len(), before);
    let ids: HashSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), before);
    let notes: usize = rows
        .iter()
        .map(|row| row["notes"].as_array().unwrap().len())
        .sum();
    assert!(notes > 100, "{notes}");
    let tagged = rows
        .iter()
        .filter(|row| row["tags"].to_string().contains("meanwhile"))
        .count();
    assert!(
        tagged == 0 || tagged == changed["data"]["bulkTag"]["total"],
        "{tagged} of two moments"
    );
    let (again, _) = lines(&get(program.address, &path).await);
    assert!(
        again
            .iter()
            .any(|row| row["tags"].to_string().contains("meanwhile"))
    );
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_ends_its_transaction_and_gives_its_place_back() {
    let (program, token, path) = start(&[]).await;
    let (first, second) = (begin(&program, &path).await, begin(&program, &path).await);
    let third = get(program.address, &path).await;
    if third.starts_with("HTTP/1.1 503") {
        assert!(
            third.contains("retry-after: 10") && third.contains("UNAVAILABLE"),
            "{third}"
        );
    }
    // Whoever reads nothing keeps nobody else from the API.
    let answer = program
        .ask(
            &token,
            &json!({ "query": "{ leads(first: 1) { totalCount } }" }),
        )
        .await;
    assert!(answer["errors"].is_null(), "{answer}");
    drop((first, second));
    let is_over = async || count(&program, READERS).await == "0";
    eventually("the transactions of clients that have gone", is_over).await;
    let is_free = async || {
        get(program.address, &path)
            .await
            .starts_with("HTTP/1.1 200")
    };
    eventually("a free place", is_free).await;
    let log = program.stop().await;
    assert!(!log.contains("crm_export_"), "a token in the log: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_is_cut_does_not_look_whole() {
    let (program, _, path) = start(&[]).await;
    let mut stream = begin(&program, &path).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let end = "(SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid())";
    count(&program, end).await;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    let (rows, is_whole) = lines(&format!("HTTP/1.1 200 OK{answer}"));
    let all: usize = count(&program, "(SELECT count(*)::text FROM leads)")
        .await
        .parse()
        .unwrap();
    assert!(
        rows.len() == all || read.is_err() || !is_whole,
        "{} of {all} rows",
        rows.len()
    );
    program.stop().await;
}
