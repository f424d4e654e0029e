//! The numbers that the database keeps ready, see the migration `statistics_raw_deltas`.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{Connection, RunQueryDsl, pg_enum};
use crate::service::leads::{LeadSource, LeadStatus, Owners};
use crate::service::statistics::over_time::Boundaries;
use crate::service::statistics::statements::{ByAgent, ByStretch, Rows, Selection, Sums};
use crate::service::statistics::totals::{AgentTotals, Totals};
use crate::service::{Result, UserId};

/// The agent of the rows that count the leads of nobody.
pub(super) const NOBODY: Uuid = Uuid::nil();
/// The agent of the rows that count all leads.
pub(super) const EVERYBODY: Uuid = Uuid::max();

/// PostgreSQL's type of a grain.
#[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(name = "statistics_grain"))]
pub struct StatisticsGrain;

pg_enum! {
    /// How much time a row counts.
    Grain: StatisticsGrain {
        /// An hour; only of everybody.
        Hour = "HOUR",
        /// A quarter of a UTC day; not of everybody.
        SixHours = "SIX_HOURS",
        /// A UTC day.
        Day = "DAY",
        /// The 1st to the 10th of a UTC month, the 11th to the 20th, or the rest; not of everybody.
        Dekad = "DEKAD",
        /// A UTC month.
        Month = "MONTH",
        /// A quarter of a UTC year; not of everybody.
        Quarter = "QUARTER",
        /// A UTC year; not of everybody.
        Year = "YEAR",
    }
}

/// The grains that there are of each agent, from the coarsest to the finest.
pub(super) const OF_EACH: &[Grain] = &[
    Grain::Year,
    Grain::Quarter,
    Grain::Month,
    Grain::Dekad,
    Grain::Day,
    Grain::SixHours,
];
/// The grains that there are of everybody together.
pub(super) const OF_ALL: &[Grain] = &[Grain::Month, Grain::Day, Grain::Hour];

/// The grains that there are of these owners together, from the coarsest to the finest.
pub(super) fn grains(owners: &Owners) -> &'static [Grain] {
    match owners {
        Owners::Everybody => OF_ALL,
        Owners::Somebody | Owners::Only(_) => OF_EACH,
    }
}

/// The rows of these owners, together if there are rows of them together.
pub(super) fn of(owners: &Owners) -> Rows {
    match owners {
        Owners::Everybody => Rows::Together,
        Owners::Somebody | Owners::Only(_) => of_each(owners),
    }
}

/// The rows of these owners, each by itself.
pub(super) fn of_each(owners: &Owners) -> Rows {
    match owners {
        Owners::Everybody => Rows::Each,
        Owners::Somebody => Rows::EachAgent,
        Owners::Only(owners) => Rows::Only(agents(owners)),
    }
}

/// All sums but those per agent, as of `now`. `with_overdue`, or without what is overdue, which is
/// then not to be looked at.
pub(super) async fn totals(
    conn: &mut Connection,
    selection: Selection,
    now: DateTime<Utc>,
    with_overdue: bool,
) -> Result<Totals> {
    let sums = Sums {
        of: selection,
        now,
        with_overdue,
    };
    let (score_sum, total, hot, overdue, statuses, sources): (_, _, _, _, Vec<i64>, Vec<i64>) =
        sums.get_result(conn).await?;
    Ok(Totals {
        total,
        hot,
        overdue,
        by_status: counts(LeadStatus::ALL, statuses),
        by_source: counts(LeadSource::ALL, sources),
        score_sum,
        ..Totals::default()
    })
}

fn counts<K: Copy + Eq + Hash>(all: &[K], counts: Vec<i64>) -> HashMap<K, i64> {
    let counts = all.iter().copied().zip(counts);
    counts.filter(|(_, count)| *count != 0).collect()
}

/// The sums per agent, and nothing else; also of some who have no leads.
pub(super) async fn by_agent(
    conn: &mut Connection,
    selection: Selection,
) -> Result<Vec<AgentTotals>> {
    let sums = ByAgent { of: selection };
    let rows: Vec<(Uuid, i64, i64, i64)> = sums.load(conn).await?;
    let rows = rows
        .into_iter()
        .map(|(agent, score_sum, total, won)| AgentTotals {
            agent: (agent != NOBODY).then_some(UserId(agent)),
            total,
            won,
            score_sum,
        });
    Ok(rows.collect())
}

/// How many leads were created in each stretch of a series, with a moment of the stretch.
pub(super) async fn series(
    conn: &mut Connection,
    selection: Selection,
    boundaries: Boundaries,
) -> Result<Vec<(DateTime<Utc>, i64)>> {
    let counts = ByStretch {
        of: selection,
        boundaries: boundaries.0,
    };
    Ok(counts.load(conn).await?)
}

/// As whose leads rows count those of these owners.
fn agents(owners: &BTreeSet<Option<UserId>>) -> Vec<Uuid> {
    let agents = owners.iter().filter_map(|owner| match owner {
        None => Some(NOBODY),
        // A client may ask for any id; no user has these two.
        Some(UserId(NOBODY | EVERYBODY)) => None,
        Some(user) => Some(user.0),
    });
    agents.collect()
}
