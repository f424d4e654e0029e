use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use indicatif::ProgressBar;
use tokio::task::JoinSet;

use super::world::{World, today};
use super::{Progress, SeedError, alone, rows, team};
use crate::db::schema::leads;
use crate::db::{CopyIn, RequestDb};
use crate::service::{Actor, ServiceError, free_email_domains, statistics};

/// The number of leads copied in one transaction.
const PART: u64 = 5_000;
/// Copying keeps one core of the server busy per connection; more than these wait for each other.
const MOST_COPIERS: usize = 8;

/// Makes up leads, with their timelines, and the users they are assigned to where there are too
/// few. The same random seed gives the same leads on the same day from the same state of the
/// database; when there are leads already, it gives others.
///
/// Errors: what was copied before a failure stays; each lead is there with its timeline or not.
pub async fn generate(
    db: &RequestDb,
    leads: u64,
    random_seed: u64,
    progress: Progress,
) -> Result<(), SeedError> {
    let alone = alone(db).await?;
    fill(db, leads, random_seed, progress).await?;
    let tables = [
        "leads",
        "lead_search",
        "lead_notes",
        "lead_statistics_rollups",
    ];
    Ok(alone.settle(&tables).await?)
}

/// [`generate`] for who has made sure to be alone.
pub(super) async fn fill(
    db: &RequestDb,
    leads: u64,
    random_seed: u64,
    progress: Progress,
) -> Result<(), SeedError> {
    let there = count(db).await?;
    let agents = team::ready(db, leads, random_seed, today()).await?;
    let free = free_email_domains::list(db, &Actor::operator()).await?;
    let free: HashSet<String> = free.into_iter().collect();
    let world = Arc::new(World::new(leads, random_seed, there, agents, free));
    let (next, bar) = (Arc::new(AtomicU64::new(0)), progress.bar(leads));
    let parts = usize::try_from(leads.div_ceil(PART)).unwrap_or(usize::MAX);
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let mut copiers = JoinSet::new();
    // One more than there are cores: while it makes leads, the others copy.
    for _ in 0..(cores + 1).min(MOST_COPIERS).min(parts) {
        copiers.spawn(copy(db.clone(), world.clone(), next.clone(), bar.clone()));
    }
    while let Some(ended) = copiers.join_next().await {
        ended.map_err(|panic| SeedError::Internal(panic.to_string()))??;
    }
    bar.finish_and_clear();
    Ok(statistics::fold(db).await?)
}

/// The number of leads, archived or not.
pub(super) async fn count(db: &RequestDb) -> Result<u64, SeedError> {
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
    world: Arc<World>,
    next: Arc<AtomicU64>,
    bar: ProgressBar,
) -> Result<(), SeedError> {
    let mut copy_in = CopyIn::connect(&db).await?;
    loop {
        let part = next.fetch_add(1, Ordering::Relaxed);
        let indexes = part * PART..world.leads.min((part + 1) * PART);
        if indexes.is_empty() {
            return Ok(());
        }
        let (world, size) = (world.clone(), indexes.end - indexes.start);
        let made = tokio::task::spawn_blocking(move || rows::part(&world, part, indexes)).await;
        let batches = made.map_err(|panic| SeedError::Internal(panic.to_string()))?;
        copy_in.copy(batches).await?;
        bar.inc(size);
    }
}
