//! Bulk changes that overlap, in opposite orders, never deadlock.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::Api;

use super::other_copy::{Copy, code, number, patient, run};

const ROUNDS: usize = 12;
const LEADS: usize = 150;

const STATUS: &str = "mutation ($ids: [ID!]!, $n: String!) { done: bulkUpdateStatus(input: { leads: { ids: $ids }, status: QUALIFIED }) {
    total failed } also: bulkTag(input: { leads: { ids: $ids }, add: [$n] }) { total failed } }";
const TAG: &str = "mutation ($ids: [ID!]!, $n: String!) { done: bulkTag(input: { leads: { ids: $ids }, add: [$n] }) { total failed } }";
const ASSIGN: &str = "mutation ($ids: [ID!]!, $n: ID!) { done: assignLeads(input: { leads: { ids: $ids }, to: { userId: $n } }) { total failed } }";
const FILTER: &str = "mutation ($n: String!) { done: bulkTag(input: { leads: { matching: { filter: { leadScore: { min: 0 } } } }, add: [$n] }) { total failed } }";

/// The change of a worker in one round; half of the workers take the leads from the end.
fn work(worker: usize, round: usize, ids: &[String], user: &str) -> (&'static str, Value) {
    let mut ids = ids.to_vec();
    // Neighbours share most of their leads, and no two begin at the same one.
    ids.rotate_left(worker * 20);
    ids.truncate(120);
    if worker % 2 == 1 {
        ids.reverse();
    }
    let tag = format!("t{worker}-{}", round % 3);
    match round % 4 {
        0 => (STATUS, json!({ "ids": ids, "n": tag })),
        1 => (TAG, json!({ "ids": ids, "n": tag })),
        2 if worker.is_multiple_of(2) => (ASSIGN, json!({ "ids": ids, "n": user })),
        2 => (TAG, json!({ "ids": ids, "n": tag })),
        _ => (FILTER, json!({ "n": tag })),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_bulk_changes_in_opposite_orders_never_deadlock() {
    let api = Api::with_pool(1).await;
    let admin = api.admin().await;
    let copy = Copy::of(&api, &admin, &patient(5)).await;
    let ids = copy.many_leads(LEADS).await;
    let mut workers = JoinSet::new();
    for worker in 0..4 {
        let (copy, ids, user) = (copy.clone(), ids.clone(), admin.id.clone());
        workers.spawn(async move {
            for round in 0..ROUNDS {
                let (query, variables) = work(worker, round, &ids, &user);
                let answer = copy.clone().ask(query, variables).await;
                assert_eq!(code(&answer), None, "{answer:#}");
                assert_eq!(answer["data"]["done"]["failed"], 0, "{answer:#}");
            }
        });
    }
    workers.join_all().await;
    let mut conn = copy.db.connection().await.unwrap();
    run(
        &mut conn,
        "select pg_stat_force_next_flush(), pg_stat_clear_snapshot()",
    )
    .await;
    // The counters of the other connections are written when these have been idle for a moment.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let deadlocks = "(select deadlocks from pg_stat_database where datname = current_database())";
    assert_eq!(number(&mut conn, deadlocks).await, 0);
    let uneven = "(select count(*) from leads l where version <> (select count(*) from lead_notes n
        where n.lead_id = l.id and n.note_type = 'CHANGE'))";
    assert_eq!(
        number(&mut conn, uneven).await,
        0,
        "each version has its entry in the log"
    );
}
