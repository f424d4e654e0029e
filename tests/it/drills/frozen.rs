//! A PostgreSQL that is there and says nothing, as a machine that swaps or a disk that hangs makes
//! it: every request is answered at its deadline, and what is said of a change is true.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crm::db::{Db, PoolOptions, PooledConnection};

use crate::drills::crash_drill::server::{Client, Server};
use crate::properties::other_copy::{number, run};
use crate::support::{Scratch, start};

use super::aftermath::Aftermath;

const DEADLINE: Duration = Duration::from_secs(2);
/// A second, and what a busy machine takes.
const LATEST: Duration = Duration::from_secs(5);
const CHANGE: &str = "mutation ($id: ID!, $company: String!) {
    updateLead(input: { id: $id, company: $company }) { lead { version company } } }";

struct Scene {
    server: Server,
    client: Client,
    lead: String,
    url: String,
    database: Scratch,
    holder: PooledConnection,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_waits_for_a_frozen_postgresql_is_answered_at_its_deadline() {
    let (database, folder) = (Scratch::new(), Scratch::new());
    let postgres = start(database.path()).await;
    let url = postgres.url();
    let deadline = DEADLINE.as_millis().to_string();
    let server = [("CRM_REQUEST_TIMEOUT_MS", deadline.as_str())];
    let server = Server::start_with(folder.path(), Some(&url), &server).await;
    let client = server.sign_in().await;
    let create = "mutation { createLead(input: { firstName: \"Ann\", lastName: \"Lee\",
        email: \"ann@example.com\" }) { lead { id } } }";
    let made = client.clone().ask(create.to_owned(), json!({})).await;
    let lead = made.unwrap()["data"]["createLead"]["lead"]["id"].clone();
    let db = Db::connect(&url, &PoolOptions::default())
        .await
        .unwrap()
        .program();
    let mut scene = Scene {
        lead: lead.as_str().unwrap().to_owned(),
        holder: db.connection().await.unwrap(),
        server,
        client,
        url,
        database,
    };
    let aftermath = Aftermath::of(&scene.server);
    scene.frozen_before().await;
    scene.frozen_in_the_middle().await;
    scene.frozen_at_the_commit().await;
    aftermath.check(&mut scene.server, &scene.url).await;
    scene.server.stop().await;
    drop((scene.holder, db));
    postgres.stop().await.expect("left");
}

impl Scene {
    async fn frozen_before(&mut self) {
        let frozen = Frozen::new(&self.database);
        let (answer, took) = self.change("before").await;
        drop(frozen);
        println!("frozen before: {} after {took:?}", code(&answer));
        assert!(took < LATEST);
        assert!(
            ["TIMEOUT", "UNAVAILABLE"].contains(&code(&answer)),
            "{answer}"
        );
        self.is_as_it_was(1).await;
    }

    async fn frozen_in_the_middle(&mut self) {
        let lock = format!(
            "begin; select from leads where id = '{}' for update",
            self.lead
        );
        run(&mut self.holder, &lock).await;
        let asked = self.change("in the middle");
        let freeze = async {
            tokio::time::sleep(DEADLINE / 2).await;
            Frozen::new(&self.database)
        };
        let ((answer, took), frozen) = tokio::join!(asked, freeze);
        println!("frozen in the middle: {} after {took:?}", code(&answer));
        drop(frozen);
        assert!((DEADLINE..LATEST).contains(&took));
        assert_eq!(code(&answer), "TIMEOUT", "{answer}");
        assert!(
            message(&answer).contains("the change was undone"),
            "{answer}"
        );
        run(&mut self.holder, "commit").await;
        self.is_as_it_was(1).await;
    }

    async fn frozen_at_the_commit(&mut self) {
        run(
            &mut self.holder,
            "create function slow() returns trigger language plpgsql as
                 'begin perform pg_sleep(1.8); return null; end';
             create constraint trigger slow after update on leads
                 deferrable initially deferred for each row execute function slow()",
        )
        .await;
        let asked = self.change("at the commit");
        let freeze = async {
            tokio::time::sleep(DEADLINE / 2).await;
            Frozen::new(&self.database)
        };
        let ((answer, took), frozen) = tokio::join!(asked, freeze);
        println!("frozen at the commit: {} after {took:?}", code(&answer));
        drop(frozen);
        assert!((DEADLINE..LATEST).contains(&took));
        assert_eq!(code(&answer), "TIMEOUT", "{answer}");
        assert!(message(&answer).contains("it is not known"), "{answer}");
        run(&mut self.holder, "drop function slow cascade").await;
        let version = self.version().await;
        assert!(version == 1 || version == 2, "{version}");
        self.is_as_it_was(version).await;
    }

    async fn change(&self, company: &str) -> (Value, Duration) {
        let began = Instant::now();
        let variables = json!({ "id": self.lead, "company": company });
        let answer = self.client.clone().ask(CHANGE.to_owned(), variables).await;
        (answer.expect("an answer"), began.elapsed())
    }

    /// The lead has this version, nothing is open any more, and all works again.
    async fn is_as_it_was(&mut self, version: i64) {
        let busy = "(select count(*) from pg_stat_activity where datname = current_database()
            and backend_type = 'client backend' and xact_start is not null
            and pid <> pg_backend_pid())";
        let began = Instant::now();
        while number(&mut self.holder, busy).await > 0 {
            assert!(
                began.elapsed() < Duration::from_secs(5),
                "a transaction is open"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(self.version().await, version);
        let company = uuid::Uuid::now_v7().to_string();
        let (answer, _) = self.change(&company).await;
        assert_eq!(
            answer["data"]["updateLead"]["lead"]["version"],
            version + 1,
            "{answer}"
        );
        let undo = "update leads set version = 1";
        run(&mut self.holder, undo).await;
    }

    async fn version(&mut self) -> i64 {
        let version = format!(
            "(select version::bigint from leads where id = '{}')",
            self.lead
        );
        number(&mut self.holder, &version).await
    }
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or("none")
}

fn message(answer: &Value) -> &str {
    answer["errors"][0]["message"].as_str().unwrap_or_default()
}

/// All processes of a PostgreSQL, stopped where they stand until this is dropped.
struct Frozen(Vec<Pid>);

impl Frozen {
    fn new(database: &Scratch) -> Self {
        let postmaster = database.server().expect("a server");
        kill(postmaster, Signal::SIGSTOP).unwrap();
        let mut all = vec![postmaster];
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // After the name in parentheses: state, parent.
            let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
            let parent = rest
                .split_whitespace()
                .nth(1)
                .and_then(|it| it.parse().ok());
            if parent == Some(postmaster.as_raw()) {
                kill(Pid::from_raw(pid), Signal::SIGSTOP).ok();
                all.push(Pid::from_raw(pid));
            }
        }
        Self(all)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.0 {
            kill(*pid, Signal::SIGCONT).ok();
        }
    }
}
