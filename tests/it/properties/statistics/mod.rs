//! Statistics made of rollups equal those counted among the leads, at every moment.

mod questions;
mod writing;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use proptest::collection::vec;
use tokio::task::JoinSet;

use crm::db::{PooledConnection, RequestDb};
use crm::service::leads::LeadFilter;
use crm::service::statistics::{RequestedStatistics, fold, statistics_within};
use crm::service::users::UserRole;
use crm::service::{Actor, UserId};

use crate::support::{Api, SignedIn};

use super::other_copy::{number, run};
use super::{prove, same};
use questions::{ask, questions};
use writing::{steps, write};

/// Mia manages Ann and Bea; nobody manages Abe.
#[derive(Clone)]
struct Population {
    db: RequestDb,
    people: Vec<UserId>,
}

impl Population {
    async fn of(api: &Api) -> Population {
        let id = |who: &SignedIn| UserId(who.id.parse().unwrap());
        let mia = api.user("Mia", UserRole::Manager, None).await;
        let mut people = vec![id(&mia)];
        for (name, manager) in [("Ann", Some(&mia)), ("Bea", Some(&mia)), ("Abe", None)] {
            people.push(id(&api.user(name, UserRole::Agent, manager).await));
        }
        let db = api.db().clone();
        Population { db, people }
    }

    async fn connection(&self) -> PooledConnection {
        self.db.connection().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_of_rollups_equal_what_is_counted_during_and_after_any_history() {
    let api = Api::with_pool(8).await;
    let population = Population::of(&api).await;
    let histories = (vec(vec(steps(), 1..10), 3), vec(questions(), 10));
    prove(6, 20, histories, async |(writers, questions)| {
        let mut conn = population.connection().await;
        run(&mut conn, "TRUNCATE leads CASCADE").await;
        same("rows of no leads", rows(&mut conn).await, 0)?;
        // Before all follow-ups: only now, where nobody writes and nothing is counted, may it go back.
        let early = "UPDATE lead_statistics_watermark SET moment = '2024-03-29T20:30:00Z'";
        run(&mut conn, early).await;
        // Two who fold at the same time, and are cut off when all is written.
        let mut folding = JoinSet::new();
        (0..2).for_each(|_| drop(folding.spawn(fold_for_ever(population.clone()))));
        let mut writing = JoinSet::new();
        for steps in writers {
            writing.spawn(write(population.clone(), steps));
        }
        while !writing.is_empty() {
            ask(&mut conn, &population, &questions).await?;
            while let Some(written) = writing.try_join_next() {
                written.unwrap()?;
            }
        }
        folding.shutdown().await;
        ask(&mut conn, &population, &questions).await?;
        fold(&population.db).await.unwrap();
        ask(&mut conn, &population, &questions).await?;
        let deltas = "(SELECT count(*) FROM lead_statistics_deltas)";
        same("deltas after folding", number(&mut conn, deltas).await, 0)?;
        let folded = fingerprint(&mut conn).await;
        run(&mut conn, "SELECT lead_statistics_rebuild()").await;
        same("rollups, rebuilt", folded, fingerprint(&mut conn).await)
    });
}

/// Folds little at a time, and takes the watermark through the times of the samples, step by step,
/// often right to the time of a follow-up.
async fn fold_for_ever(population: Population) {
    let mut conn = population.connection().await;
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
    let deltas = "(SELECT count(*) FROM lead_statistics_deltas)";
    let rollups = "(SELECT count(*) FROM lead_statistics_rollups)";
    number(conn, &format!("{rollups} + {deltas}")).await
}

/// A number that stands for all rows that are not all zeros.
async fn fingerprint(conn: &mut PooledConnection) -> i64 {
    let rows = "(SELECT coalesce(sum(hashtextextended(k::text, 0)), 0)::text FROM (
        SELECT * FROM lead_statistics_rollups WHERE (total, overdue) <> (0, 0)) k)";
    number(conn, &format!("hashtextextended({rows}, 0)")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_the_same_agent_and_day_do_not_wait_for_each_other_or_for_a_fold() {
    let api = Api::with_pool(4).await;
    let population = Population::of(&api).await;
    let (mut one, mut two) = (population.connection().await, population.connection().await);
    let lead = |name: &str| {
        format!(
            "INSERT INTO leads (id, first_name, last_name, phone, source, status, lead_score, \
             conversion_probability, created_at, updated_at, search_text) VALUES \
             (gen_random_uuid(), '{name}', 'X', '+48601234567', 'OTHER', 'NEW', 50, 0, \
             '2026-03-01T10:00:00Z', now(), '')"
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
    fold(&population.db).await.unwrap();
    run(&mut two, "COMMIT").await;
    fold(&population.db).await.unwrap();
    run(&mut one, "COMMIT").await;
    fold(&population.db).await.unwrap();
    let won = "(SELECT sum(status_won) FROM lead_statistics_rollups WHERE granularity = 'DAY' \
               AND assignee = 'ffffffff-ffff-ffff-ffff-ffffffffffff')";
    assert_eq!(number(&mut one, won).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fold_that_was_planned_for_nothing_reads_no_more_than_it_folds() {
    let api = Api::with_pool(4).await;
    let population = Population::of(&api).await;
    let mut conn = population.connection().await;
    run(&mut conn, "SET plan_cache_mode = force_generic_plan").await;
    run(&mut conn, "VACUUM lead_statistics_deltas").await;
    run(&mut conn, "SELECT lead_statistics_fold(100)").await;
    run(
        &mut conn,
        "BEGIN; INSERT INTO lead_statistics_deltas SELECT gen_random_uuid(), now(), NULL, 'NEW', \
         'OTHER', 50, 1 FROM generate_series(1, 5000); SELECT lead_statistics_fold(100)",
    )
    .await;
    let deltas = "(SELECT count(*) FROM lead_statistics_deltas)";
    let read = "(SELECT seq_tup_read FROM pg_stat_xact_user_tables \
                WHERE relname = 'lead_statistics_deltas')";
    // One more tells that there is something to fold.
    assert_eq!(number(&mut conn, read).await, 101);
    assert_eq!(number(&mut conn, deltas).await, 4900);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_sum_is_one_line_and_right_before_and_after_folding() {
    let api = Api::with_pool(4).await;
    let population = Population::of(&api).await;
    let mut conn = population.connection().await;
    let now = Utc::now();
    add(&mut conn, "Before", now).await;
    run(
        &mut conn,
        "SELECT lead_statistics_add_sum('squares', 'lead_score * lead_score'), lead_statistics_rebuild()",
    )
    .await;
    add(&mut conn, "After", now).await;
    add(&mut conn, "Changed", now).await;
    let changed = "UPDATE leads SET lead_score = 60 WHERE first_name = 'Changed'";
    run(&mut conn, changed).await;
    let of_all = "assignee = 'ffffffff-ffff-ffff-ffff-ffffffffffff' AND granularity = 'DAY'";
    let sum = format!(
        "(SELECT sum(squares)::bigint FROM (SELECT squares FROM lead_statistics_rollups WHERE {of_all} \
         UNION ALL SELECT squares FROM lead_statistics_changes) counted)"
    );
    assert_eq!(number(&mut conn, &sum).await, 50 * 50 * 2 + 60 * 60);
    fold(&population.db).await.unwrap();
    assert_eq!(number(&mut conn, &sum).await, 50 * 50 * 2 + 60 * 60);
    let changes = "(SELECT count(*) FROM lead_statistics_changes)";
    assert_eq!(number(&mut conn, changes).await, 0);
}

/// The number of follow-ups that are overdue at that time.
async fn overdue(conn: &mut PooledConnection, now: DateTime<Utc>) -> i64 {
    let wanted = RequestedStatistics {
        overdue: true,
        ..RequestedStatistics::default()
    };
    let all = LeadFilter::default();
    let counted = statistics_within(conn, &Actor::operator(), &all, &wanted, now).await;
    counted.unwrap().totals.overdue
}

async fn watermark(conn: &mut PooledConnection) -> DateTime<Utc> {
    let micros =
        "(SELECT (extract(epoch FROM moment) * 1000000)::bigint FROM lead_statistics_watermark)";
    DateTime::from_timestamp_micros(number(conn, micros).await).unwrap()
}

async fn advance(conn: &mut PooledConnection, until: DateTime<Utc>) {
    let until = until.to_rfc3339();
    run(conn, &format!("SELECT lead_statistics_advance('{until}')")).await;
}

/// Adds a lead with a name and a follow-up.
async fn add(conn: &mut PooledConnection, name: &str, follow_up: DateTime<Utc>) {
    let follow_up = follow_up.to_rfc3339();
    let lead = format!(
        "INSERT INTO leads (id, first_name, last_name, phone, source, status, lead_score, \
         conversion_probability, created_at, updated_at, next_follow_up, search_text) VALUES \
         (gen_random_uuid(), '{name}', 'X', '+48601234567', 'OTHER', 'NEW', 50, 0, now(), now(), \
         '{follow_up}', '')"
    );
    run(conn, &lead).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_exactly_at_the_watermark_is_not_overdue_before_it_and_is_so_ever_after() {
    let api = Api::with_pool(4).await;
    let population = Population::of(&api).await;
    let mut conn = population.connection().await;
    let start = watermark(&mut conn).await;
    let beside = TimeDelta::microseconds(1);
    for (hour, folds_there) in [(0, true), (1, false)] {
        let at = |minutes| start + TimeDelta::minutes(hour * 60 + minutes);
        // Follow-ups at two moments that the watermark stops at, right before and right after: some
        // are folded before it comes, some when it is there or only when it has gone on.
        for follow_up in [at(10) - beside, at(10), at(10) + beside] {
            add(&mut conn, "Folded", follow_up).await;
        }
        run(&mut conn, "SELECT lead_statistics_fold(100)").await;
        for follow_up in [at(20) - beside, at(20), at(20) + beside] {
            add(&mut conn, "Delta", follow_up).await;
        }
        let expected = [
            (at(10), 1),
            (at(10) + beside, 2),
            (at(15), 3),
            (at(20), 4),
            (at(20) + beside, 5),
            (at(25), 6),
        ];
        let stops = [
            (0, false),
            (10, false),
            (12, false),
            (20, folds_there),
            (30, true),
        ];
        for (minutes, folds) in stops {
            advance(&mut conn, at(minutes)).await;
            for _ in 0..2 {
                assert_eq!(watermark(&mut conn).await, at(minutes));
                for (now, count) in expected {
                    let counted = overdue(&mut conn, now).await;
                    assert_eq!(counted, hour * 6 + count, "{now}, watermark {minutes}");
                }
                if folds {
                    run(&mut conn, "SELECT lead_statistics_fold(100)").await;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_ups_that_fall_due_while_their_writer_is_busy_are_counted() {
    let api = Api::with_pool(4).await;
    let population = Population::of(&api).await;
    let (mut one, mut two) = (population.connection().await, population.connection().await);
    let start = watermark(&mut one).await;
    let later = |hours| start + TimeDelta::hours(hours);
    // The earliest that is not overdue yet.
    add(&mut one, "Closed", start).await;
    add(&mut one, "Open", start).await;
    run(&mut one, "BEGIN").await;
    add(&mut one, "New", start).await;
    run(
        &mut one,
        "UPDATE leads SET status = 'LOST' WHERE first_name = 'Closed'",
    )
    .await;
    advance(&mut two, later(2)).await;
    // Nobody sees the change before it is committed, but its writer.
    assert_eq!(overdue(&mut two, later(2)).await, 2);
    assert_eq!(overdue(&mut one, later(2)).await, 2);
    run(&mut one, "UPDATE leads SET status = 'WON'").await;
    assert_eq!(overdue(&mut one, later(2)).await, 0);
    let reopened = "UPDATE leads SET status = 'NEW' WHERE first_name = 'New'; COMMIT";
    run(&mut one, reopened).await;
    for _ in 0..2 {
        assert_eq!(overdue(&mut two, later(2)).await, 1);
        fold(&population.db).await.unwrap();
    }
    advance(&mut two, later(4)).await;
    assert_eq!(overdue(&mut two, later(2)).await, 1);
    let put_off = "UPDATE leads SET next_follow_up = next_follow_up + interval '1 day'";
    run(&mut two, put_off).await;
    assert_eq!(overdue(&mut two, later(2)).await, 0);
}
