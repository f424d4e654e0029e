//! PostgreSQL restarted under load, as an upgrade of it does. What it took is printed:
//!
//! ```sh
//! cargo test --test it restart_drill -- --nocapture
//! ```

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

use crm::db::embedded::EmbeddedServer;
use crm::db::{Db, PoolOptions};

use crate::support::{Scratch, durable};

use super::crash_drill::server::{Client, Server};
use crate::properties::other_copy::number;

const WRITERS: usize = 12;
/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);
const ROUNDS: [Signal; 3] = [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGINT];
const CREATE: &str =
    "mutation ($key: String!) { createLead(input: { firstName: \"Ann\", lastName: \"Lee\",
    email: \"ann@example.com\", idempotencyKey: $key }) { lead { id } } }";

/// The shared state of the writers, and their counters.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    next: AtomicU32,
    failed: AtomicU32,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_postgresql_under_load_loses_no_acknowledged_write() {
    let (database, folder) = (Scratch::new(), Scratch::new());
    let mut servers = vec![started(database.path()).await];
    let url = servers[0].url();
    let mut server = Server::start_on(folder.path(), Some(&url)).await;
    let client = server.sign_in().await;
    let load = Arc::new(Load::default());
    let writers = (0..WRITERS).map(|_| tokio::spawn(write(client.clone(), Arc::clone(&load))));
    let writers: Vec<_> = writers.collect();
    for signal in ROUNDS {
        tokio::time::sleep(Duration::from_secs(2)).await;
        kill(database.server().expect("a server"), signal).unwrap();
        let began = Instant::now();
        while server.answers().await {
            assert!(began.elapsed() < PATIENCE, "still ready");
        }
        let red = began.elapsed();
        while database.server().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Down for a while: it must stay red, and the process must live.
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert!(!server.answers().await && server.lives());
        }
        let began = Instant::now();
        servers.push(started(database.path()).await);
        let up = began.elapsed();
        let began = Instant::now();
        while !written_again(&client).await {
            assert!(server.lives() && began.elapsed() < PATIENCE);
        }
        let back = began.elapsed();
        assert!(server.answers().await);
        println!(
            "{signal}: red after {red:?}, down a second, PostgreSQL up in {up:?}, a write {back:?} later"
        );
    }
    load.is_over.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a writer"));
    }
    let lost = lost(&url, &acknowledged).await;
    let failed = load.failed.load(Ordering::Relaxed);
    println!(
        "{} writes acknowledged, {lost} lost; {failed} answered UNAVAILABLE or TIMEOUT",
        acknowledged.len()
    );
    assert_eq!(lost, 0);
    assert!(!acknowledged.is_empty() && failed > 0);
    server.stop().await;
    for server in servers {
        server.stop().await.expect("left");
    }
}

async fn started(folder: &Path) -> EmbeddedServer {
    let server = EmbeddedServer::start(&durable(folder)).await;
    let mut server = server.expect("a server");
    server.ready();
    server
}

/// Creates leads until the drill is over, and returns the ids of those that it was told of.
async fn write(client: Client, load: Arc<Load>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    while !load.is_over.load(Ordering::Relaxed) {
        let key = format!("drill-{}", load.next.fetch_add(1, Ordering::Relaxed));
        let asked = client.clone().ask(CREATE.to_owned(), json!({ "key": key }));
        let answer = asked
            .await
            .expect("an answer, whatever happens to PostgreSQL");
        match answer["data"]["createLead"]["lead"]["id"].as_str() {
            Some(id) => acknowledged.push(id.to_owned()),
            None => {
                let code = &answer["errors"][0]["extensions"]["code"];
                assert!(code == "UNAVAILABLE" || code == "TIMEOUT", "{answer}");
                load.failed.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    acknowledged
}

async fn written_again(client: &Client) -> bool {
    let key = json!({ "key": uuid::Uuid::now_v7().to_string() });
    let answer: Option<Value> = client.clone().ask(CREATE.to_owned(), key).await;
    answer.is_some_and(|answer| answer.get("errors").is_none())
}

/// The number of these leads that are missing.
async fn lost(url: &str, ids: &[String]) -> i64 {
    let db = Db::connect(url, &PoolOptions::default())
        .await
        .unwrap()
        .program();
    let mut conn = db.connection().await.unwrap();
    let list = ids.join(",");
    let there = format!("(select count(*) from leads where id = any('{{{list}}}'))");
    ids.len() as i64 - number(&mut conn, &there).await
}
