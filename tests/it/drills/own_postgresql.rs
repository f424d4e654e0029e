//! The program's own PostgreSQL ends under it: killed, or because its disk is full.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};
use tokio::time::sleep;

use crm::db::embedded::EmbeddedServer;
use crm::db::{Db, PoolOptions};

use crate::drills::crash_drill::server::{Client, Server};
use crate::properties::other_copy::number;
use crate::support::{Scratch, durable};

use super::aftermath::Aftermath;

const WRITERS: usize = 6;
/// A second, the start, and what a busy machine takes; after the second time five seconds.
const BACK: Duration = Duration::from_secs(20);

const CREATE: &str =
    "mutation ($key: String!) { createLead(input: { firstName: \"Ann\", lastName: \"Lee\",
    email: \"ann@example.com\", idempotencyKey: $key }) { lead { id } } }";

#[tokio::test(flavor = "multi_thread")]
async fn its_own_postgresql_is_started_again_when_it_was_killed() {
    let folder = Scratch::new();
    let mut server = Server::start(folder.path()).await;
    // Another copy on the same folder, which watches as well.
    let mut other = Server::start(folder.path()).await;
    let client = server.sign_in().await;
    let aftermath = Aftermath::of(&server);
    let is_over = Arc::new(AtomicBool::new(false));
    let next = Arc::new(AtomicU32::new(0));
    let writers = (0..WRITERS).map(|_| {
        let (client, is_over) = (client.clone(), Arc::clone(&is_over));
        tokio::spawn(write(client, Arc::clone(&next), is_over))
    });
    let writers: Vec<_> = writers.collect();
    for round in 1..=2 {
        sleep(Duration::from_secs(2)).await;
        let killed = folder.server().expect("a server");
        kill(killed, Signal::SIGKILL).unwrap();
        let began = Instant::now();
        while folder.server() == Some(killed) || !is_written(&client).await {
            assert!(began.elapsed() < BACK && server.lives() && other.lives());
            assert!(server.is_well("/healthz").await);
            sleep(Duration::from_millis(50)).await;
        }
        println!(
            "kill -9 of PostgreSQL, round {round}: a write {:?} later",
            began.elapsed()
        );
        assert!(server.answers().await && other.answers().await);
    }
    is_over.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a writer"));
    }
    other.stop().await;
    // The only one, whom both used: it was not stopped with the other.
    assert!(is_written(&client).await);
    let url = url(folder.path()).await;
    let lost = lost(&url, &acknowledged).await;
    println!("{} writes acknowledged, {lost} lost", acknowledged.len());
    assert_eq!(lost, 0);
    aftermath.check(&mut server, &url).await;
    let log = server.log();
    assert!(
        log.contains("server.log") && !log.contains("database URL"),
        "{log}"
    );
    server.stop().await;
    assert_eq!(folder.server(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_full_disk_it_goes_on_once_there_is_room() {
    full_disk(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the disk is full for two minutes"]
async fn while_the_disk_stays_full_the_probe_of_life_fails_until_there_is_room() {
    full_disk(Duration::from_secs(120)).await;
}

/// The disk is full until nothing can be written, and for a while after that.
async fn full_disk(stays: Duration) {
    let place = Scratch::new();
    let Some(disk) = Disk::mount(place.path()) else {
        println!("skipped: mounting a file system is not allowed here");
        return;
    };
    let folder = place.path().join("crm");
    let mut server = Server::start(&folder).await;
    let client = server.sign_in().await;
    let aftermath = Aftermath::of(&server);
    assert!(is_written(&client).await);
    // All but some megabytes, so that it does not take long.
    let filler = place.path().join("filler");
    fs::write(&filler, vec![1; disk.free().saturating_sub(12 << 20)]).unwrap();
    let mut batches = 0;
    while is_written_in_bulk(&client).await {
        batches += 1;
        assert!(batches < 1_000);
    }
    let full = Instant::now();
    let mut failed_after = None;
    while full.elapsed() < stays {
        if failed_after.is_none() && !server.is_well("/healthz").await {
            failed_after = Some(full.elapsed());
        }
        sleep(Duration::from_millis(200)).await;
    }
    assert!(server.lives());
    disk.enlarge();
    let began = Instant::now();
    while !is_written(&client).await {
        assert!(
            began.elapsed() < Duration::from_secs(40),
            "{}",
            server.log()
        );
        sleep(Duration::from_millis(100)).await;
    }
    let back = began.elapsed();
    println!("full after {batches} batches, for {stays:?}; a write {back:?} after there was room");
    if stays > Duration::from_secs(60) {
        println!("/healthz failed after {failed_after:?}");
        let failed_after = failed_after.expect("a probe that fails");
        assert!((Duration::from_secs(60)..Duration::from_secs(90)).contains(&failed_after));
    }
    assert!(server.is_well("/healthz").await && server.answers().await);
    let url = url(&folder).await;
    aftermath.check(&mut server, &url).await;
    server.stop().await;
}

/// Creates leads until the drill is over, and returns the ids of those that it was told of.
async fn write(client: Client, next: Arc<AtomicU32>, is_over: Arc<AtomicBool>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let key = format!("drill-{}", next.fetch_add(1, Ordering::Relaxed));
        let asked = client
            .clone()
            .ask(CREATE.to_owned(), json!({ "key": key }))
            .await;
        let answer = asked.expect("an answer, whatever happens to PostgreSQL");
        match answer["data"]["createLead"]["lead"]["id"].as_str() {
            Some(id) => acknowledged.push(id.to_owned()),
            None => {
                let code = &answer["errors"][0]["extensions"]["code"];
                assert!(code == "UNAVAILABLE" || code == "TIMEOUT", "{answer}");
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
    acknowledged
}

async fn is_written(client: &Client) -> bool {
    let key = json!({ "key": uuid::Uuid::now_v7().to_string() });
    let answer = client.clone().ask(CREATE.to_owned(), key).await;
    answer.is_some_and(|answer| answer.get("errors").is_none())
}

async fn is_written_in_bulk(client: &Client) -> bool {
    let leads = (0..100).map(|number| {
        json!({ "firstName": "Ann", "lastName": "Lee", "company": "x".repeat(190),
            "email": format!("ann.{number}@example.com") })
    });
    let create = "mutation ($leads: [NewLeadInput!]!) {
        createLeads(input: { leads: $leads }) { succeeded } }";
    let variables = json!({ "leads": leads.collect::<Vec<Value>>() });
    let answer = client.clone().ask(create.to_owned(), variables).await;
    answer.is_some_and(|answer| answer.get("errors").is_none())
}

/// The URL of the program's own PostgreSQL, which runs.
async fn url(folder: &Path) -> String {
    let mut adopted = EmbeddedServer::start(&durable(folder)).await.unwrap();
    adopted.ready();
    let url = adopted.url();
    adopted.stop().await.unwrap();
    url
}

/// The number of these leads that are not there.
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

/// A file system in memory of its own size, until this is dropped.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    /// Nothing where that is not allowed.
    fn mount(at: &'a Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let options = "size=330m,mode=755";
        mount(&["-t", "tmpfs", "-o", options, "tmpfs"], at).then(|| Self(at))
    }

    fn free(&self) -> usize {
        let disk = nix::sys::statvfs::statvfs(self.0).unwrap();
        (disk.blocks_available() * disk.fragment_size()) as usize
    }

    fn enlarge(&self) {
        assert!(mount(&["-o", "remount,size=900m"], self.0));
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let mut unmount = Command::new("umount");
        unmount.arg("--lazy").arg(self.0).status().ok();
    }
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    let mut mount = Command::new("mount");
    mount.args(arguments).arg(at).stderr(Stdio::null());
    mount.status().is_ok_and(|status| status.success())
}
