//! What is kept ready of the statistics equals what is counted, at every moment.

mod questions;
mod writing;

use diesel_async::SimpleAsyncConnection;
use proptest::collection::vec;
use tokio::task::JoinSet;

use crm::db::{Db, PooledConnection};
use crm::service::UserId;
use crm::service::statistics::fold;
use crm::service::users::UserRole;

use crate::support::{Api, SignedIn};

use super::other_copy::{number, run};
use super::{prove, same};
use questions::{ask, questions};
use writing::{steps, write};

/// Mia manages Ann and Bea; nobody manages Abe.
#[derive(Clone)]
struct World {
    db: Db,
    people: Vec<UserId>,
}

impl World {
    async fn of(api: &Api) -> World {
        let id = |who: &SignedIn| UserId(who.id.parse().unwrap());
        let mia = api.user("Mia", UserRole::Manager, None).await;
        let mut people = vec![id(&mia)];
        for (name, manager) in [("Ann", Some(&mia)), ("Bea", Some(&mia)), ("Abe", None)] {
            people.push(id(&api.user(name, UserRole::Agent, manager).await));
        }
        let db = api.db().clone();
        World { db, people }
    }

    async fn connection(&self) -> PooledConnection {
        self.db.connection().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_equals_what_is_counted_during_and_after_any_history() {
    let api = Api::with_pool(8).await;
    let world = World::of(&api).await;
    let histories = (vec(vec(steps(), 1..10), 3), vec(questions(), 10));
    prove(6, 20, histories, async |(writers, questions)| {
        let mut conn = world.connection().await;
        run(&mut conn, "TRUNCATE leads CASCADE").await;
        same("rows of no leads", rows(&mut conn).await, 0)?;
        // Before all follow-ups: only now, where nobody writes and nothing is counted, may it go back.
        let early = "UPDATE lead_statistics_watermark SET moment = '2024-03-29T20:30:00Z'";
        run(&mut conn, early).await;
        // Two who fold at the same time, and are cut off when all is written.
        let mut folding = JoinSet::new();
        (0..2).for_each(|_| drop(folding.spawn(fold_for_ever(world.clone()))));
        let mut writing = JoinSet::new();
        for steps in writers {
            writing.spawn(write(world.clone(), steps));
        }
        while !writing.is_empty() {
            ask(&mut conn, &world, &questions).await?;
            while let Some(written) = writing.try_join_next() {
                written.unwrap()?;
            }
        }
        folding.shutdown().await;
        ask(&mut conn, &world, &questions).await?;
        fold(&world.db).await.unwrap();
        ask(&mut conn, &world, &questions).await?;
        for deltas in ["lead_statistics_deltas", "lead_statistics_ahead"] {
            let count = format!("(SELECT count(*) FROM {deltas})");
            same("deltas after folding", number(&mut conn, &count).await, 0)?;
        }
        let kept = fingerprint(&mut conn).await;
        run(&mut conn, "SELECT lead_statistics_rebuild()").await;
        same("what was kept, rebuilt", kept, fingerprint(&mut conn).await)
    });
}

/// Folds little at a time, and takes the watermark through the times of the samples, step by step,
/// often right to the time of a follow-up.
async fn fold_for_ever(world: World) {
    let mut conn = world.connection().await;
    loop {
        for statement in [
            "SELECT lead_statistics_advance(moment + trunc(random() * 4) * interval '30 minutes') \
             FROM lead_statistics_watermark WHERE moment < '2024-04-02T00:00:00Z'",
            "SELECT lead_statistics_fold(7)",
        ] {
            // A lock may be taken by TRUNCATE, whose turn it is.
            conn.batch_execute(statement).await.ok();
            tokio::task::yield_now().await;
        }
    }
}

async fn rows(conn: &mut PooledConnection) -> i64 {
    number(conn, "(SELECT count(*) FROM lead_statistics)").await
}

/// A number that stands for all rows that are not all zeros.
async fn fingerprint(conn: &mut PooledConnection) -> i64 {
    let rows = "(SELECT coalesce(sum(hashtextextended(k::text, 0)), 0)::text FROM (
        SELECT * FROM lead_statistics_folded WHERE (total, overdue) <> (0, 0)) k)";
    number(conn, &format!("hashtextextended({rows}, 0)")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_the_same_agent_and_day_do_not_wait_for_each_other_or_for_a_fold() {
    let api = Api::with_pool(4).await;
    let world = World::of(&api).await;
    let (mut one, mut two) = (world.connection().await, world.connection().await);
    let lead = |name: &str| {
        format!(
            "INSERT INTO leads (id, first_name, last_name, phone, source, status, lead_score, \
             conversion_probability, created_at, updated_at) VALUES (gen_random_uuid(), '{name}', \
             'X', '+48601234567', 'OTHER', 'NEW', 50, 0, '2026-03-01T10:00:00Z', now())"
        )
    };
    run(&mut one, &format!("{}; {}", lead("A"), lead("B"))).await;
    let update = |name: &str| {
        format!(
            "BEGIN; SET LOCAL lock_timeout = '2s'; {}; \
             UPDATE leads SET status = 'WON' WHERE first_name = '{name}'",
            lead(name)
        )
    };
    run(&mut one, &update("A")).await;
    run(&mut two, &update("B")).await;
    // Folds what is committed, and leaves what is not.
    fold(&world.db).await.unwrap();
    run(&mut two, "COMMIT").await;
    fold(&world.db).await.unwrap();
    run(&mut one, "COMMIT").await;
    let won = "(SELECT sum(status_won) FROM lead_statistics WHERE grain = 'DAY' \
               AND agent = 'ffffffff-ffff-ffff-ffff-ffffffffffff')";
    assert_eq!(number(&mut one, won).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_ups_that_fall_due_while_their_writer_is_busy_are_counted() {
    let api = Api::with_pool(4).await;
    let world = World::of(&api).await;
    let (mut one, mut two) = (world.connection().await, world.connection().await);
    // The earliest that is not overdue yet.
    let ahead = "(SELECT moment FROM lead_statistics_watermark)";
    let lead = |name: &str| {
        format!(
            "INSERT INTO leads (id, first_name, last_name, phone, source, status, lead_score, \
             conversion_probability, created_at, updated_at, next_follow_up) VALUES \
             (gen_random_uuid(), '{name}', 'X', '+48601234567', 'OTHER', 'NEW', 50, 0, now(), now(), \
             {ahead})"
        )
    };
    run(&mut one, &format!("{}; {}", lead("Closed"), lead("Open"))).await;
    let busy = format!(
        "BEGIN; {}; UPDATE leads SET status = 'LOST' WHERE first_name = 'Closed'",
        lead("New")
    );
    run(&mut one, &busy).await;
    let later = "SELECT lead_statistics_advance(moment + interval '2 hours') \
                 FROM lead_statistics_watermark";
    run(&mut two, later).await;
    let overdue = "(SELECT coalesce(sum(overdue), 0)::bigint \
                    + lead_statistics_overdue_since(NULL, NULL, NULL, now() + interval '2 hours') \
                    FROM lead_statistics WHERE grain = 'HOUR')";
    // Nobody sees the change before it is committed, but its writer.
    assert_eq!(number(&mut two, overdue).await, 2);
    assert_eq!(number(&mut one, overdue).await, 2);
    run(&mut one, "UPDATE leads SET status = 'WON'").await;
    assert_eq!(number(&mut one, overdue).await, 0);
    run(
        &mut one,
        "UPDATE leads SET status = 'NEW' WHERE first_name = 'New'; COMMIT",
    )
    .await;
    for _ in 0..2 {
        assert_eq!(number(&mut two, overdue).await, 1);
        fold(&world.db).await.unwrap();
    }
    run(&mut two, later).await;
    assert_eq!(number(&mut two, overdue).await, 1);
    let put_off = "UPDATE leads SET next_follow_up = next_follow_up + interval '1 day'";
    run(&mut two, put_off).await;
    assert_eq!(number(&mut two, overdue).await, 0);
}
