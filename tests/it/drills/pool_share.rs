//! Requests that ask for fifty things at once: they wait for each other, and nobody else for them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crm::db::embedded::EmbeddedServer;
use crm::db::{Db, PoolOptions};

use crate::drills::crash_drill::server::{Client, Server};
use crate::support::program::program;
use crate::support::{Scratch, ask_on, durable};

use super::aftermath::{Aftermath, SEEDED};

const HOGS: usize = 8;
const FIELDS: u32 = 50;
const VICTIM: &str = "{ me { id } leads(first: 10) { nodes { id } } }";

#[tokio::test(flavor = "multi_thread")]
async fn wide_requests_leave_others_their_connections() {
    // Unoptimised, beside other tests: what counts here is that nothing of others fails.
    drill(300, Duration::from_secs(3), Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "100,000 leads, a minute or more; with --release it must keep its figure"]
async fn wide_requests_over_many_leads_leave_others_their_connections() {
    let most = match cfg!(debug_assertions) {
        true => Duration::from_secs(1),
        false => Duration::from_millis(100),
    };
    drill(100_000, Duration::from_secs(15), most).await;
}

async fn drill(leads: u32, time: Duration, most: Duration) {
    let (database, folder) = (Scratch::new(), Scratch::new());
    let postgres = EmbeddedServer::start(&durable(database.path())).await;
    let mut postgres = postgres.expect("a server");
    postgres.ready();
    let url = postgres.url();
    seed(&url, leads).await;
    let mut server = Server::start_on(folder.path(), Some(&url)).await;
    let aftermath = Aftermath::of(&server);
    let emails = agents(&url).await;
    let mut hogs = Vec::new();
    for email in &emails {
        hogs.push(server.sign_in_as(email, SEEDED).await);
    }
    let victim = server.sign_in().await;
    for users in [1, HOGS] {
        let hogs: Vec<Client> = hogs
            .iter()
            .take(users)
            .cycle()
            .take(HOGS)
            .cloned()
            .collect();
        let seen = attacked(hogs, victim.clone(), time).await;
        println!(
            "{HOGS} clients of {users} users with {FIELDS} fields each, {leads} leads: {} requests of another \
             user, {} failed, p50 {:?}, p95 {:?}; {} of their own {} answers had an error",
            seen.times.len(),
            seen.failed,
            seen.part(0.5),
            seen.part(0.95),
            seen.own_failed,
            seen.own,
        );
        assert_eq!(seen.failed, 0);
        // Without optimisation they take longer than a request may.
        assert!(cfg!(debug_assertions) || seen.own_failed == 0);
        assert!(seen.own > 0 && seen.part(0.95) <= most);
    }
    aftermath.check(&mut server, &url).await;
    server.stop().await;
    postgres.stop().await.expect("left");
}

/// The outcome of the victim's requests, and of the others.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    failed: usize,
    own: usize,
    own_failed: usize,
}

impl Seen {
    fn part(&self, part: f64) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times[((times.len() - 1) as f64 * part) as usize]
    }
}

async fn attacked(hogs: Vec<Client>, victim: Client, time: Duration) -> Seen {
    let is_over = Arc::new(AtomicBool::new(false));
    let hogs = hogs.into_iter().map(|hog| {
        let is_over = Arc::clone(&is_over);
        tokio::spawn(async move {
            let (mut own, mut failed) = (0, 0);
            while !is_over.load(Ordering::Relaxed) {
                let answer = hog.clone().ask(wide(), json!({})).await.expect("an answer");
                own += 1;
                failed += usize::from(answer.get("errors").is_some());
            }
            (own, failed)
        })
    });
    let hogs: Vec<_> = hogs.collect();
    let mut seen = Seen::default();
    let began = Instant::now();
    while began.elapsed() < time {
        let asked = Instant::now();
        let answer: Option<Value> = victim.clone().ask(VICTIM.to_owned(), json!({})).await;
        seen.times.push(asked.elapsed());
        let is_right = answer.is_some_and(|answer| answer.get("errors").is_none());
        seen.failed += usize::from(!is_right);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    is_over.store(true, Ordering::Relaxed);
    for hog in hogs {
        let (own, failed) = hog.await.unwrap();
        seen.own += own;
        seen.own_failed += failed;
    }
    seen
}

/// Counts as many searches as it has fields, each of its own.
fn wide() -> String {
    let letter = |number: u32| char::from(b'a' + (number % 26) as u8);
    let fields = (0..FIELDS).map(|i| {
        let [a, b, c, d] = [i, i * 7, i * 3, i * 5].map(letter);
        format!(
            "a{i}: leads(search: \"{a}{b} {c}{d}\", filter: {{ archived: INCLUDE }}, first: 1) {{ totalCount }}"
        )
    });
    format!("{{ {} }}", fields.collect::<Vec<_>>().join(" "))
}

async fn seed(url: &str, leads: u32) {
    let mut seed = Command::new(program());
    seed.args(["seed", "--leads", &leads.to_string()])
        .env("DATABASE_URL", url)
        .env("CRM_PROFILE", "test")
        .current_dir(Path::new("/"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let seeded = tokio::task::spawn_blocking(move || seed.status()).await;
    assert!(seeded.unwrap().unwrap().success());
}

async fn agents(url: &str) -> Vec<String> {
    let db = Db::connect(url, &PoolOptions::default())
        .await
        .unwrap()
        .program();
    let mut conn = db.connection().await.unwrap();
    let emails = format!(
        "(select string_agg(email, ' ') from
          (select email from users where role = 'AGENT' limit {HOGS}) them)"
    );
    let emails = ask_on(&mut conn, &emails).await;
    emails.split(' ').map(str::to_owned).collect()
}
