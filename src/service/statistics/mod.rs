//! Figures over leads. All of one answer come from one snapshot of the database.
//!
//! If the filter has only assignees and the time of creation, the answer is the sum of rollups, at a
//! cost that does not grow with the number of leads; otherwise it is one pass over the selected leads.

mod backlog;
mod granularity;
mod intervals;
mod requested;
mod rollup_job;
mod rollup_query;
mod rollups;
mod scan;
mod scope;
mod series;
mod totals;

pub use backlog::{Backlog, backlog};
pub use requested::RequestedStatistics;
pub use rollup_job::{Fold, fold};
pub use series::{Bucket, MOST_BUCKETS, Series, SeriesKey};
pub use totals::{AgentTotals, Totals};

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::db::{Connection, RequestDb};
use crate::service::leads::LeadFilter;
use crate::service::{Actor, Result};
use rollups::Rollups;
use series::Counts;

/// The requested figures over one selection of leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Counts and averages.
    pub totals: Totals,
    /// The numbers of leads created in each period, for every requested series.
    pub series: HashMap<SeriesKey, Series>,
}

/// Counts over the leads that match the filter and that the actor may see, in one snapshot.
///
/// Errors: `InvalidData` for an invalid filter, or a series of more than [`MOST_BUCKETS`] periods.
#[tracing::instrument(name = "statistics::statistics", level = "debug", skip_all)]
pub async fn statistics(
    db: &RequestDb,
    actor: &Actor,
    filter: &LeadFilter,
    wanted: &RequestedStatistics,
) -> Result<Statistics> {
    let mut conn = db.connection().await?;
    conn.snapshot(async |conn| statistics_within(conn, actor, filter, wanted, Utc::now()).await)
        .await
}

/// [`statistics`] as of `now`, in the transaction of a caller who sees one snapshot.
#[tracing::instrument(name = "statistics::statistics_within", level = "debug", skip_all)]
pub async fn statistics_within(
    conn: &mut Connection,
    actor: &Actor,
    filter: &LeadFilter,
    wanted: &RequestedStatistics,
    now: DateTime<Utc>,
) -> Result<Statistics> {
    // An invalid filter is refused before anything is read.
    let condition = filter.condition(actor)?;
    let rollups = Rollups::of(actor, filter).filter(Rollups::have_all_sums);
    let mut totals = match &rollups {
        Some(rollups) => rollups.totals(conn, wanted, now).await?,
        None if wanted.sums || wanted.by_agent || wanted.overdue => {
            scan::totals(conn, condition, now).await?
        }
        None => Totals::default(),
    };
    if !wanted.by_agent {
        totals.by_agent.clear();
    }
    let mut series = HashMap::with_capacity(wanted.series.len());
    for &key in &wanted.series {
        let mut counts = Counts::start(conn, actor, filter, key).await?;
        match &rollups {
            Some(rollups) => rollups.series(conn, &mut counts).await?,
            None => scan::series(conn, filter.condition(actor)?, &mut counts).await?,
        }
        series.insert(key, counts.series());
    }
    Ok(Statistics { totals, series })
}

/// The number of leads that match the filter and that the actor may see, if rollups have it: for a filter
/// with only assignees, the time of creation and one of status, source and hot.
#[tracing::instrument(name = "statistics::count", level = "debug", skip_all)]
pub async fn count(db: &RequestDb, actor: &Actor, filter: &LeadFilter) -> Result<Option<i64>> {
    let Some(rollups) = Rollups::of(actor, filter) else {
        return Ok(None);
    };
    let mut conn = db.connection().await?;
    if rollups.are_whole() {
        return Ok(Some(rollups.count(&mut conn).await?));
    }
    conn.snapshot(async |conn| Ok(Some(rollups.count(conn).await?)))
        .await
}

/// [`count`] in the transaction of a caller who sees one snapshot.
#[tracing::instrument(name = "statistics::count_within", level = "debug", skip_all)]
pub async fn count_within(
    conn: &mut Connection,
    actor: &Actor,
    filter: &LeadFilter,
) -> Result<Option<i64>> {
    match Rollups::of(actor, filter) {
        Some(rollups) => rollups.count(conn).await.map(Some),
        None => Ok(None),
    }
}
