//! `kill -9` in the middle of a bulk write. Takes a minute or two, so it is run by hand:
//!
//! ```sh
//! cargo test --test it crash_drill -- --ignored --nocapture
//! ```

pub(crate) mod server;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Scratch;

use server::{Client, Server, Tally};

const LEADS: i64 = 5_000;
const ROUNDS: u32 = 10;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ten crashes of the real program, a minute or two: see the file's first lines"]
async fn a_bulk_write_that_is_killed_changes_all_leads_or_none() {
    let folder = Scratch::new();
    let mut server = Server::start(folder.path()).await;
    let client = server.sign_in().await;
    create_leads(&client).await;
    let whole = time_of_a_whole_write(&client).await;
    println!("a whole write takes {whole:?}");
    let mut before = server.tally().await;
    assert_eq!((before.leads, before.entries), (LEADS, 2 * LEADS));
    let mut done = 0;
    for round in 0..ROUNDS {
        // Spread over the time that a whole write takes, and a little more.
        let part = f64::from(round) / f64::from(ROUNDS - 1);
        let crash = Crash {
            status: ["QUALIFIED", "PROPOSAL"][round as usize % 2],
            delay: whole.mul_f64(0.1 + 1.1 * part),
            with_postgres: round % 3 == 2,
        };
        let was_answered = crash.happen(server).await;
        let began = Instant::now();
        server = Server::start(folder.path()).await;
        let start = began.elapsed();
        let after = server.tally().await;
        let changed = after.versions - before.versions;
        println!("round {round}: {crash:?}: {changed} changed, started again in {start:?}");
        crash.check(&before, &after, was_answered);
        done += u32::from(changed > 0);
        before = after;
    }
    println!("{done} rounds fully done, {} fully absent", ROUNDS - done);
    server.stop().await;
}

/// One `kill -9` in the middle of a bulk write.
#[derive(Debug)]
struct Crash {
    status: &'static str,
    delay: Duration,
    with_postgres: bool,
}

impl Crash {
    /// Returns whether the client had an answer before.
    async fn happen(&self, server: Server) -> bool {
        let client = server.sign_in().await;
        let write = tokio::spawn(client.ask(bulk(self.status), Value::Null));
        tokio::time::sleep(self.delay).await;
        server.kill(self.with_postgres);
        write.await.is_ok_and(|answer| answer.is_some())
    }

    fn check(&self, before: &Tally, after: &Tally, was_answered: bool) {
        let changed = after.versions - before.versions;
        let is_whole = changed == 0 || changed == LEADS;
        assert!(is_whole, "{changed} of {LEADS} leads changed");
        let entries = after.entries - before.entries;
        assert_eq!(entries, changed, "rows of the timeline");
        let unchanged = before.in_status(self.status);
        let in_status = if changed == 0 { unchanged } else { LEADS };
        assert_eq!(after.in_status(self.status), in_status);
        let is_kept = changed == LEADS || !was_answered;
        assert!(is_kept, "an answer was given, and its change is gone");
        assert_eq!(after.leads, LEADS);
    }
}

fn bulk(status: &str) -> String {
    format!(
        "mutation {{ bulkUpdateStatus(input: {{ leads: {{ all: true }},
            status: {status} }}) {{ total succeeded failed }} }}"
    )
}

async fn create_leads(client: &Client) {
    let create = "mutation ($leads: [NewLeadInput!]!) { createLeads(input: { leads: $leads }) { succeeded } }";
    for thousand in 0..LEADS / 1_000 {
        let lead = |n: i64| json!({ "firstName": "Lead", "lastName": format!("{thousand}-{n}"), "phone": "+48601234567" });
        let leads: Vec<Value> = (0..1_000).map(lead).collect();
        let created = client
            .clone()
            .ask(create.to_owned(), json!({ "leads": leads }))
            .await
            .unwrap();
        assert_eq!(
            created["data"]["createLeads"]["succeeded"], 1_000,
            "{created}"
        );
    }
}

async fn time_of_a_whole_write(client: &Client) -> Duration {
    let began = Instant::now();
    let written = client
        .clone()
        .ask(bulk("CONTACTED"), Value::Null)
        .await
        .unwrap();
    assert_eq!(
        written["data"]["bulkUpdateStatus"]["succeeded"], LEADS,
        "{written}"
    );
    began.elapsed()
}

impl Tally {
    fn in_status(&self, status: &str) -> i64 {
        self.statuses.get(status).copied().unwrap_or(0)
    }
}
