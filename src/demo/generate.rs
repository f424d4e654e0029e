use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use indicatif::ProgressBar;
use tokio::task::JoinSet;

use super::population::Population;
use super::{DemoError, Progress, RANDOM_SEED, alone, rows, team};
use crate::db::schema::{demo_runs, lead_notes, leads};
use crate::db::{CopyIn, RequestDb};
use crate::service::{Actor, ServiceError, free_email_domains, statistics};

/// The number of leads copied in one transaction.
const PART: u64 = 5_000;
/// The number of leads of a first start.
const FIRST_LEADS: u64 = 1_000;
/// Copying keeps one core of the server busy per connection; more than these wait for each other.
const MOST_COPIERS: usize = 8;

/// Makes up leads, with their timelines, and the users they are assigned to where there are too
/// few. The same random seed gives the same leads at the same moment from the same state of the
/// database; when there are leads already, it gives others. Nothing that has been is later than
/// `now`, and follow-ups lie around it.
///
/// Errors: what was copied before a failure stays; each lead is there with its timeline or not.
pub async fn generate(
    db: &RequestDb,
    leads: u64,
    random_seed: u64,
    now: DateTime<Utc>,
    progress: Progress,
) -> Result<(), DemoError> {
    let alone = alone(db).await?;
    fill(db, leads, random_seed, now, progress).await?;
    let tables = [
        "leads",
        "lead_search",
        "lead_notes",
        "lead_statistics_rollups",
    ];
    Ok(alone.settle(&tables).await?)
}

/// The demo data of a first start in development: three managers with four agents each, named like
/// maria.schmidt@example.com with the password of development, and 1,000 leads.
///
/// Does nothing in a database with leads. Returns true if it did something.
pub async fn fill_empty(db: &RequestDb, now: DateTime<Utc>) -> Result<bool, DemoError> {
    let _alone = alone(db).await?;
    if count(db).await? > 0 {
        return Ok(false);
    }
    fill(db, FIRST_LEADS, RANDOM_SEED, now, Progress::Silent).await?;
    Ok(true)
}

/// [`generate`] without its lock.
async fn fill(
    db: &RequestDb,
    leads: u64,
    random_seed: u64,
    now: DateTime<Utc>,
    progress: Progress,
) -> Result<(), DemoError> {
    let there = count(db).await?;
    let before = last_position(db).await?;
    let agents = team::ready(db, leads, random_seed, now).await?;
    let free = free_email_domains::list(db, &Actor::operator()).await?;
    let free: HashSet<String> = free.into_iter().collect();
    let population = Arc::new(Population::new(
        leads,
        random_seed,
        there,
        now,
        agents,
        free,
    ));
    let (next, bar) = (Arc::new(AtomicU64::new(0)), progress.bar(leads));
    let parts = usize::try_from(leads.div_ceil(PART)).unwrap_or(usize::MAX);
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let mut copiers = JoinSet::new();
    // One more than there are cores: while it makes leads, the others copy.
    for _ in 0..(cores + 1).min(MOST_COPIERS).min(parts) {
        copiers.spawn(copy(
            db.clone(),
            population.clone(),
            next.clone(),
            bar.clone(),
        ));
    }
    while let Some(ended) = copiers.join_next().await {
        ended.map_err(|panic| DemoError::Internal(panic.to_string()))??;
    }
    bar.finish_and_clear();
    note_run(db, before).await?;
    Ok(statistics::fold(db).await?)
}

/// The last position of the timeline.
async fn last_position(db: &RequestDb) -> Result<i64, DemoError> {
    let last = lead_notes::table.select(max(lead_notes::position));
    let last: Option<i64> = last
        .get_result(&mut *db.connection().await?)
        .await
        .map_err(ServiceError::from)?;
    Ok(last.unwrap_or_default())
}

/// Notes where in the timeline this run wrote, see [`super::remove`]: at its end, so that nothing that comes after
/// a run which was broken off is taken for the demo's.
async fn note_run(db: &RequestDb, before: i64) -> Result<(), DemoError> {
    let last = last_position(db).await?;
    if last > before {
        diesel::insert_into(demo_runs::table)
            .values((
                demo_runs::first_position.eq(before + 1),
                demo_runs::last_position.eq(last),
            ))
            .execute(&mut *db.connection().await?)
            .await
            .map_err(ServiceError::from)?;
    }
    Ok(())
}

/// The number of leads, archived or not.
async fn count(db: &RequestDb) -> Result<u64, DemoError> {
    let mut conn = db.connection().await?;
    let there: i64 = leads::table
        .count()
        .get_result(&mut conn)
        .await
        .map_err(ServiceError::from)?;
    Ok(there.unsigned_abs())
}

/// Makes and copies part after part until there is none left.
async fn copy(
    db: RequestDb,
    population: Arc<Population>,
    next: Arc<AtomicU64>,
    bar: ProgressBar,
) -> Result<(), DemoError> {
    let mut copy_in = CopyIn::connect(&db).await?;
    loop {
        let part = next.fetch_add(1, Ordering::Relaxed);
        let indexes = part * PART..population.leads.min((part + 1) * PART);
        if indexes.is_empty() {
            return Ok(());
        }
        let (population, size) = (population.clone(), indexes.end - indexes.start);
        let made =
            tokio::task::spawn_blocking(move || rows::part(&population, part, indexes)).await;
        let batches = made.map_err(|panic| DemoError::Internal(panic.to_string()))?;
        copy_in.copy(batches).await?;
        bar.inc(size);
    }
}
