//! A reader who follows the log by positions misses nothing, whatever order writers commit in.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::Api;

use super::other_copy::{Copy, patient, run};

const FEED: &str =
    "query ($after: Position, $first: Int) { timeline(after: $after, first: $first) {
    nodes { position } pageInfo { hasNextPage } } }";
const NOTE: &str =
    "mutation ($id: ID!) { addNote(input: { id: $id, content: \"quick\" }) { note { id } } }";

/// A transaction that draws positions, rests, perhaps draws more, and commits, or does not.
async fn slow_writer(copy: Copy, lead: String, seed: u64) {
    let mut conn = copy.db.connection().await.unwrap();
    let insert = format!(
        "insert into lead_notes (id, lead_id, note_type, content, created_at)
         select gen_random_uuid(), '{lead}', 'NOTE', 'slow', now() from generate_series(1, {})",
        1 + seed % 3
    );
    for turn in 0..6_u64 {
        let rest = |n: u64| Duration::from_millis((seed * 37 + turn * 53 + n * 29) % 60);
        run(&mut conn, &format!("begin; {insert}")).await;
        tokio::time::sleep(rest(1)).await;
        if (seed + turn).is_multiple_of(2) {
            run(&mut conn, &insert).await;
            tokio::time::sleep(rest(2)).await;
        }
        let end = if (seed + turn).is_multiple_of(5) {
            "rollback"
        } else {
            "commit"
        };
        run(&mut conn, end).await;
        tokio::time::sleep(rest(3) / 4).await;
    }
}

async fn quick_writer(copy: Copy, lead: String) {
    for _ in 0..30 {
        copy.data(NOTE, json!({ "id": lead })).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Follows the log until the writers are done and nothing more comes.
async fn reader(copy: Copy, first: u32, is_over: Arc<AtomicBool>) -> Vec<i64> {
    let mut seen: Vec<i64> = Vec::new();
    loop {
        let was_over = is_over.load(Ordering::SeqCst);
        let after = seen.last().map(ToString::to_string);
        let page = copy
            .data(FEED, json!({ "after": after, "first": first }))
            .await["timeline"]
            .clone();
        let rows = page["nodes"].as_array().unwrap();
        seen.extend(
            rows.iter()
                .map(|row| row["position"].as_str().unwrap().parse::<i64>().unwrap()),
        );
        if was_over && rows.is_empty() {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_continues_after_the_last_position_misses_nothing() {
    let api = Api::with_pool(1).await;
    let admin = api.admin().await;
    let copy = Copy::of(&api, &admin, &patient(14)).await;
    let leads = copy.many_leads(8).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for first in [1, 7, 100] {
        readers.spawn(reader(copy.clone(), first, is_over.clone()));
    }
    let mut writers = JoinSet::new();
    for (seed, lead) in (0..6).zip(&leads) {
        writers.spawn(slow_writer(copy.clone(), lead.clone(), seed));
    }
    for lead in &leads[6..] {
        writers.spawn(quick_writer(copy.clone(), lead.clone()));
    }
    writers.join_all().await;
    is_over.store(true, Ordering::SeqCst);
    let written = written(&copy).await;
    assert!(written.len() > 100);
    for seen in readers.join_all().await {
        assert!(
            seen.windows(2).all(|pair| pair[0] < pair[1]),
            "positions only grow: {seen:?}"
        );
        let missed: Vec<&i64> = written
            .iter()
            .filter(|position| !seen.contains(position))
            .collect();
        assert_eq!((missed, seen.len()), (vec![], written.len()));
    }
}

/// All positions there are, read in one statement when nobody writes any more.
async fn written(copy: &Copy) -> BTreeSet<i64> {
    let mut all = BTreeSet::new();
    let mut after = Value::Null;
    loop {
        let page = copy
            .data(FEED, json!({ "after": after, "first": 100 }))
            .await["timeline"]
            .clone();
        let rows = page["nodes"].as_array().unwrap();
        all.extend(
            rows.iter()
                .map(|row| row["position"].as_str().unwrap().parse::<i64>().unwrap()),
        );
        let Some(last) = rows.last() else { break };
        after = last["position"].clone();
    }
    let mut conn = copy.db.connection().await.unwrap();
    let count = super::other_copy::number(&mut conn, "(select count(*) from lead_notes)").await;
    assert_eq!(all.len() as i64, count);
    all
}
