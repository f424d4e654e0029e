//! The numbers that the database keeps ready, see the migration `statistics`. Several rows may
//! have the same key: they are only ever summed.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use chrono::{DateTime, Utc};
use diesel::dsl::{auto_type, min};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer};
use uuid::Uuid;

use crate::db::{Connection, RunQueryDsl, pg_enum};
use crate::service::leads::{LeadSource, LeadStatus, Owners, Span};
use crate::service::statistics::over_time::{SeriesKey, date_trunc};
use crate::service::statistics::pieces::Parts;
use crate::service::statistics::totals::{AgentTotals, Totals};
use crate::service::{Result, UserId};

/// The agent of the rows that count the leads of nobody.
pub(super) const NOBODY: Uuid = Uuid::nil();
/// The agent of the rows that count all leads.
const EVERYBODY: Uuid = Uuid::max();

/// PostgreSQL's type of a grain.
#[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(name = "statistics_grain"))]
pub struct StatisticsGrain;

pg_enum! {
    /// How much time a row counts.
    Grain: StatisticsGrain {
        /// An hour; only of everybody.
        Hour = "HOUR",
        /// A UTC day.
        Day = "DAY",
        /// The 1st to the 10th of a UTC month, the 11th to the 20th, or the rest; not of everybody.
        Dekad = "DEKAD",
        /// A UTC month.
        Month = "MONTH",
    }
}

// The view; diesel prints tables only.
diesel::table! {
    use diesel::sql_types::*;
    use super::StatisticsGrain;

    lead_statistics (grain, agent, starts_at) {
        grain -> StatisticsGrain,
        agent -> Uuid,
        starts_at -> Timestamptz,
        score_sum -> Int8,
        total -> Int4,
        hot -> Int4,
        overdue -> Int4,
        status_new -> Int4,
        status_contacted -> Int4,
        status_qualified -> Int4,
        status_proposal -> Int4,
        status_negotiation -> Int4,
        status_won -> Int4,
        status_lost -> Int4,
        status_callback -> Int4,
        source_website -> Int4,
        source_facebook -> Int4,
        source_instagram -> Int4,
        source_whatsapp -> Int4,
        source_referral -> Int4,
        source_other -> Int4,
    }
}

diesel::define_sql_function! {
    /// diesel's own `sum` has no named type.
    #[aggregate]
    #[sql_name = "sum"]
    fn sum_integer(value: Integer) -> Nullable<BigInt>;
}
diesel::define_sql_function! {
    /// `sum`, of the type of what is summed.
    #[aggregate]
    fn sum_bigint(value: BigInt) -> BigInt;
}

use self::lead_statistics as kept;

type Condition = Box<dyn BoxableExpression<kept::table, Pg, SqlType = Bool>>;

/// The grains that there are of each agent, from the coarsest to the finest.
pub(super) const OF_EACH: &[Grain] = &[Grain::Month, Grain::Dekad, Grain::Day];
/// The grains that there are of everybody together.
pub(super) const OF_ALL: &[Grain] = &[Grain::Month, Grain::Day, Grain::Hour];

/// The grains that there are of these owners together, from the coarsest to the finest.
pub(super) fn grains(owners: &Owners) -> &'static [Grain] {
    match owners {
        Owners::Everybody => OF_ALL,
        Owners::Somebody | Owners::Only(_) => OF_EACH,
    }
}

/// All sums but those per agent, over the leads created in these times. What is overdue is so at the
/// watermark.
pub(super) async fn totals(
    conn: &mut Connection,
    owners: &Owners,
    parts: &Parts,
) -> Result<Totals> {
    let Some(times) = times(parts) else {
        return Ok(Totals::default());
    };
    let sums: (i64, Count, Count, Count, Statuses, Sources) = kept::table
        .filter(of(owners))
        .filter(times)
        .select((
            sum_bigint(kept::score_sum),
            sum_integer(kept::total),
            sum_integer(kept::hot),
            sum_integer(kept::overdue),
            by_status(),
            by_source(),
        ))
        .get_result(conn)
        .await?;
    let (score_sum, total, hot, overdue, statuses, sources) = sums;
    let (new, contacted, qualified, proposal, negotiation, won, lost, callback) = statuses;
    let statuses = [
        new,
        contacted,
        qualified,
        proposal,
        negotiation,
        won,
        lost,
        callback,
    ];
    let (website, facebook, instagram, whatsapp, referral, other) = sources;
    let sources = [website, facebook, instagram, whatsapp, referral, other];
    Ok(Totals {
        total: total.unwrap_or(0),
        hot: hot.unwrap_or(0),
        overdue: overdue.unwrap_or(0),
        by_status: counts(LeadStatus::ALL, &statuses),
        by_source: counts(LeadSource::ALL, &sources),
        score_sum,
        ..Totals::default()
    })
}

/// A sum; of no rows it is absent.
type Count = Option<i64>;
type Statuses = (Count, Count, Count, Count, Count, Count, Count, Count);
type Sources = (Count, Count, Count, Count, Count, Count);

/// In the order of the pipeline.
#[auto_type]
fn by_status() -> _ {
    (
        sum_integer(kept::status_new),
        sum_integer(kept::status_contacted),
        sum_integer(kept::status_qualified),
        sum_integer(kept::status_proposal),
        sum_integer(kept::status_negotiation),
        sum_integer(kept::status_won),
        sum_integer(kept::status_lost),
        sum_integer(kept::status_callback),
    )
}

/// In the order of the sources.
#[auto_type]
fn by_source() -> _ {
    (
        sum_integer(kept::source_website),
        sum_integer(kept::source_facebook),
        sum_integer(kept::source_instagram),
        sum_integer(kept::source_whatsapp),
        sum_integer(kept::source_referral),
        sum_integer(kept::source_other),
    )
}

fn counts<K: Copy + Eq + Hash>(all: &[K], counts: &[Count]) -> HashMap<K, i64> {
    let counts = all.iter().zip(counts);
    counts
        .filter_map(|(&key, &count)| Some((key, count.filter(|&count| count != 0)?)))
        .collect()
}

/// The sums per agent, and nothing else.
pub(super) async fn by_agent(
    conn: &mut Connection,
    owners: &Owners,
    parts: &Parts,
) -> Result<Totals> {
    let Some(times) = times(parts) else {
        return Ok(Totals::default());
    };
    let rows: Vec<(Uuid, i64, Option<i64>, Option<i64>)> = kept::table
        .filter(of_each(owners))
        .filter(times)
        .group_by(kept::agent)
        .select((
            kept::agent,
            sum_bigint(kept::score_sum),
            sum_integer(kept::total),
            sum_integer(kept::status_won),
        ))
        .load(conn)
        .await?;
    let rows = rows
        .into_iter()
        .map(|(agent, score_sum, total, won)| AgentTotals {
            agent: (agent != NOBODY).then_some(UserId(agent)),
            total: total.unwrap_or(0),
            won: won.unwrap_or(0),
            score_sum,
        });
    Ok(Totals {
        by_agent: rows.collect(),
        ..Totals::default()
    })
}

/// How many leads were created in each stretch of a series, with a moment of the stretch.
pub(super) async fn series(
    conn: &mut Connection,
    owners: &Owners,
    parts: &Parts,
    key: SeriesKey,
) -> Result<Vec<(DateTime<Utc>, i64)>> {
    let Some(times) = times(parts) else {
        return Ok(Vec::new());
    };
    let rows: Vec<(Option<DateTime<Utc>>, Option<i64>)> = kept::table
        .filter(of(owners))
        .filter(times)
        .group_by(date_trunc(
            key.bucket.unit(),
            kept::starts_at,
            key.zone.name(),
        ))
        .select((min(kept::starts_at), sum_integer(kept::total)))
        .load(conn)
        .await?;
    let rows = rows.into_iter().filter_map(|(at, count)| at.zip(count));
    Ok(rows.collect())
}

/// The rows of these owners, together if there are rows of them together.
fn of(owners: &Owners) -> Condition {
    match owners {
        Owners::Everybody => Box::new(kept::agent.eq(EVERYBODY)),
        Owners::Somebody | Owners::Only(_) => of_each(owners),
    }
}

/// The rows of these owners, each by itself.
fn of_each(owners: &Owners) -> Condition {
    match owners {
        Owners::Everybody => Box::new(kept::agent.ne(EVERYBODY)),
        Owners::Somebody => Box::new(kept::agent.ne_all([EVERYBODY, NOBODY])),
        Owners::Only(owners) => Box::new(kept::agent.eq_any(agents(owners))),
    }
}

/// As whose leads rows count those of these owners.
pub(super) fn agents(owners: &BTreeSet<Option<UserId>>) -> Vec<Uuid> {
    let agents = owners.iter().filter_map(|owner| match owner {
        None => Some(NOBODY),
        // A client may ask for any id; no user has these two.
        Some(UserId(NOBODY | EVERYBODY)) => None,
        Some(user) => Some(user.0),
    });
    agents.collect()
}

/// The rows of these times; `None` if there are none.
fn times(parts: &Parts) -> Option<Condition> {
    let times = parts.kept.iter().map(|(grain, span)| time(*grain, span));
    times.reduce(|left, right| Box::new(left.or(right)))
}

fn time(grain: Grain, span: &Span<DateTime<Utc>>) -> Condition {
    let rows = kept::grain.eq(grain);
    match (span.from, span.to) {
        (None, None) => Box::new(rows),
        (Some(from), None) => Box::new(rows.and(kept::starts_at.ge(from))),
        (None, Some(to)) => Box::new(rows.and(kept::starts_at.lt(to))),
        (Some(from), Some(to)) => Box::new(
            rows.and(kept::starts_at.ge(from))
                .and(kept::starts_at.lt(to)),
        ),
    }
}
