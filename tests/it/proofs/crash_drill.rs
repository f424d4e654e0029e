//! `kill -9` in the middle of a bulk write. Takes a minute or two, so it is run by hand:
//!
//! ```sh
//! cargo test --test it crash_drill -- --ignored --nocapture
//! ```

mod server;

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
    let mut client = server.sign_in().await;
    create_leads(&client).await;
    let mut before = server.tally().await;
    assert_eq!((before.leads, before.entries), (LEADS, LEADS));
    let whole = time_of_a_whole_write(&client).await;
    before = server.tally().await;
    let (mut done, mut absent) = (0, 0);
    for round in 0..ROUNDS {
        let status = ["QUALIFIED", "PROPOSAL"][round as usize % 2];
        // Spread over the time that a whole write takes, and a little more.
        let delay = whole.mul_f64(0.1 + 1.1 * f64::from(round) / f64::from(ROUNDS - 1));
        let write = tokio::spawn(client.clone().ask(bulk(status), Value::Null));
        tokio::time::sleep(delay).await;
        // In every third round PostgreSQL goes down with the program.
        let with_postgres = round % 3 == 2;
        server.kill(with_postgres);
        let was_answered = write.await.is_ok_and(|answer| answer.is_some());

        let began = Instant::now();
        server = Server::start(folder.path()).await;
        let start = began.elapsed();
        client = server.sign_in().await;
        let after = server.tally().await;
        let changed = after.versions - before.versions;
        println!(
            "round {round}: killed after {delay:?}{}, {changed} changed, started again in {start:?}",
            if with_postgres {
                " with PostgreSQL"
            } else {
                ""
            }
        );
        assert!(
            changed == 0 || changed == LEADS,
            "{changed} of {LEADS} leads changed"
        );
        assert_eq!(
            after.entries - before.entries,
            changed,
            "rows of the timeline"
        );
        assert_eq!(
            after.in_status(status),
            if changed == 0 {
                before.in_status(status)
            } else {
                LEADS
            }
        );
        assert!(
            changed == LEADS || !was_answered,
            "an answer was given and its change is gone"
        );
        assert_eq!(after.leads, LEADS);
        *if changed == 0 { &mut absent } else { &mut done } += 1;
        before = after;
    }
    println!("{done} rounds fully done, {absent} fully absent");
    server.stop().await;
}

fn bulk(status: &str) -> String {
    format!(
        "mutation {{ bulkUpdateStatus(input: {{ filter: {{ created: {{ from: \"2000-01-01T00:00:00Z\" }} }},
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
