//! What is counted over leads. All of one answer comes from one snapshot of the database.
//!
//! Where only assignees and the time of creation say which leads are meant, the answer is made of
//! what the database keeps ready, at a cost that does not grow with the number of leads; else of
//! one pass over the leads that are meant.

mod calendar;
mod fold;
mod kept;
mod over_time;
mod pieces;
mod ready;
mod scope;
mod statements;
mod totals;

pub use fold::{Fold, fold};
pub use over_time::{Bucket, MOST_BUCKETS, Series, SeriesKey};
pub use totals::{AgentTotals, Totals};

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::db::{Connection, Db};
use crate::service::leads::LeadFilter;
use crate::service::{Actor, Result};
use over_time::Boundaries;
use ready::Ready;
use scope::NarrowScope;

/// Everything that was asked for over one selection of leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Counts and averages.
    pub totals: Totals,
    /// How many leads were created in each stretch of time, for every series asked for.
    pub series: HashMap<SeriesKey, Series>,
}

/// What is asked for; the rest of a [`Statistics`] is not computed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// The sums over all leads: everything in [`Totals`] but the next two.
    pub sums: bool,
    /// The sums per assignee.
    pub by_agent: bool,
    /// The number of overdue follow-ups.
    pub overdue: bool,
    /// These series.
    pub series: Vec<SeriesKey>,
}

impl Wanted {
    /// All of [`Totals`], and no series.
    pub fn totals() -> Self {
        Self {
            sums: true,
            by_agent: true,
            overdue: true,
            series: Vec::new(),
        }
    }
}

/// Counts over the leads that the filter lets through and the actor may see, as of one moment.
///
/// Errors: `InvalidData` for a filter that cannot be, or a series of more than [`MOST_BUCKETS`]
/// stretches.
#[tracing::instrument(name = "statistics::statistics", level = "debug", skip_all)]
pub async fn statistics(
    db: &Db,
    actor: &Actor,
    filter: &LeadFilter,
    wanted: &Wanted,
) -> Result<Statistics> {
    let mut conn = db.connection().await?;
    conn.build_transaction()
        .repeatable_read()
        .read_only()
        .run(async |conn| statistics_within(conn, actor, filter, wanted, Utc::now()).await)
        .await
}

/// [`statistics`] as of `now`, in the transaction of a caller who sees one snapshot.
#[tracing::instrument(name = "statistics::statistics_within", level = "debug", skip_all)]
pub async fn statistics_within(
    conn: &mut Connection,
    actor: &Actor,
    filter: &LeadFilter,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Statistics> {
    // What cannot be is refused before anything is read.
    filter.condition(actor)?;
    let scope = NarrowScope::of(filter, actor).and_then(NarrowScope::whole);
    let Some(scope) = scope else {
        return by_passes(conn, actor, filter, wanted, now).await;
    };
    let ready = Ready {
        actor,
        filter,
        scope,
    };
    let totals = ready.totals(conn, wanted, now).await?;
    let mut series = HashMap::with_capacity(wanted.series.len());
    for &key in &wanted.series {
        series.insert(key, ready.series(conn, key).await?);
    }
    Ok(Statistics { totals, series })
}

/// One pass over the leads for all totals, and one for each series.
async fn by_passes(
    conn: &mut Connection,
    actor: &Actor,
    filter: &LeadFilter,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Statistics> {
    let mut totals = Totals::default();
    if wanted.sums || wanted.by_agent || wanted.overdue {
        totals = totals::totals(conn, filter.condition(actor)?, wanted, now).await?;
    }
    let mut series = HashMap::with_capacity(wanted.series.len());
    for &key in &wanted.series {
        let boundaries = Boundaries::load(conn, actor, filter, key).await?;
        let values = match boundaries {
            Some(boundaries) => {
                over_time::series(conn, filter.condition(actor)?, key, boundaries).await?
            }
            None => Series::new(),
        };
        series.insert(key, values);
    }
    Ok(Statistics { totals, series })
}

/// How many leads the filter lets through and the actor may see, if what is kept ready knows:
/// where only assignees, the time of creation and one of status, source and hot are asked for.
///
/// Errors: `InvalidData` for a filter that cannot be.
#[tracing::instrument(name = "statistics::count_kept", level = "debug", skip_all)]
pub async fn count_kept(
    conn: &mut Connection,
    actor: &Actor,
    filter: &LeadFilter,
) -> Result<Option<i64>> {
    let Some(NarrowScope { scope, kind }) = NarrowScope::of(filter, actor) else {
        return Ok(None);
    };
    let ready = Ready {
        actor,
        filter,
        scope,
    };
    ready.count(conn, &kind).await.map(Some)
}
