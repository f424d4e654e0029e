//! Statistics, as the client sees them.

mod agent;
mod requested;

use std::collections::HashMap;
use std::hash::Hash;

use async_graphql::{Context, Enum, Object, Scalar, ScalarType, SimpleObject, Value};
use async_graphql::{InputValueError, InputValueResult};
use chrono::NaiveDate;

use crate::graphql::context::{actor, db};
use crate::graphql::error::answer;
use crate::graphql::execute::sync_object::{RawList, RawObject};
use crate::graphql::lead::{LeadFilter, LeadSource, LeadStatus, lead_filter};
use crate::graphql::statistics::agent::{AgentStatistics, agents};
use crate::graphql::statistics::requested::requested_statistics;
use crate::service::statistics::{self, Bucket, SeriesKey, Statistics};
use crate::service::{Result, ServiceError, leads};

/// A calendar period.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "Bucket")]
pub enum TimeBucket {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday.
    Week,
    /// From the first to the last day.
    Month,
}

/// A calendar day.
pub struct Date(NaiveDate);

/// A calendar day without a time, `YYYY-MM-DD`.
#[Scalar]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(text.parse()?)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The number of leads with a status.
#[derive(SimpleObject)]
pub struct StatusCount {
    /// The status.
    status: LeadStatus,
    /// The number of leads.
    count: i64,
}

/// The number of leads from a source.
#[derive(SimpleObject)]
pub struct SourceStatistics {
    /// The source.
    source: LeadSource,
    /// The number of leads.
    count: i64,
}

/// The number of leads created in a period.
#[derive(SimpleObject)]
pub struct TimeCount {
    /// The first day of the period, in the requested time zone.
    start: Date,
    /// The number of leads.
    count: i64,
}

/// The figures over the leads that match the filter and that the viewer may see. All of them are read
/// in one snapshot.
pub struct LeadStatistics {
    statistics: Statistics,
    agents: Vec<RawObject<AgentStatistics>>,
}

/// The figures over the leads that match the filter and that the viewer may see. All of them are read
/// in one snapshot.
#[Object]
impl LeadStatistics {
    /// The number of leads.
    async fn total_leads(&self) -> i64 {
        self.statistics.totals.total
    }

    /// The mean score, 0–100, rounded half up to two decimals; 0 without leads.
    async fn average_lead_score(&self) -> f64 {
        self.statistics.totals.average_score()
    }

    /// The number of leads with a score above 70.
    async fn hot_leads_count(&self) -> i64 {
        self.statistics.totals.hot
    }

    /// WON ÷ total × 100, in percent, rounded half up to two decimals; 0 without leads.
    async fn conversion_rate(&self) -> f64 {
        self.statistics.totals.conversion_rate()
    }

    /// Every status with its number of leads, zeros too, in the order of the pipeline.
    async fn leads_by_status(&self) -> Vec<StatusCount> {
        counts(leads::LeadStatus::ALL, &self.statistics.totals.by_status)
            .map(|(status, count)| StatusCount {
                status: status.into(),
                count,
            })
            .collect()
    }

    /// Every source with its number of leads, zeros too.
    async fn leads_by_source(&self) -> Vec<SourceStatistics> {
        counts(leads::LeadSource::ALL, &self.statistics.totals.by_source)
            .map(|(source, count)| SourceStatistics {
                source: source.into(),
                count,
            })
            .collect()
    }

    /// One row for each assignee who has leads, and one without a user for the unassigned leads; the
    /// largest number of leads first.
    async fn leads_by_agent(&self) -> RawList<'_, AgentStatistics> {
        RawList(self.agents.iter().collect())
    }

    /// The number of overdue follow-ups: `nextFollowUp` is in the past, and the lead is neither WON nor
    /// LOST.
    async fn overdue_follow_ups(&self) -> i64 {
        self.statistics.totals.overdue
    }

    /// The number of leads created in each period, from the first period with leads to the last, zeros
    /// too. Fastest in UTC. Errors: INVALID_DATA for an unknown time zone or more than 5,000 periods.
    async fn created_over_time(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The length of a period.", default_with = "TimeBucket::Day")]
        bucket: TimeBucket,
        #[graphql(
            desc = "The time zone in which a day begins: an IANA name, like Europe/Warsaw.",
            default = "UTC"
        )]
        time_zone: String,
    ) -> Option<Vec<TimeCount>> {
        let key = answer(ctx, SeriesKey::new(bucket.into(), &time_zone))?;
        let series = self
            .statistics
            .series
            .get(&key)
            .ok_or_else(|| ServiceError::Internal("a series that was not foreseen".to_owned()));
        let series = answer(ctx, series)?.iter();
        Some(
            series
                .map(|&(start, count)| TimeCount {
                    start: Date(start),
                    count,
                })
                .collect(),
        )
    }
}

#[derive(Default)]
pub struct StatisticsQuery;

#[Object]
impl StatisticsQuery {
    /// Statistics of the leads that the viewer may see and that match the filter. Without a search, and
    /// with only `assignedTo`, `unassigned` and `createdAt` in the filter, they are read from rollups, which
    /// is fast for any number of leads. A range of `createdAt` should begin and end at midnight UTC: at
    /// an end that does not, up to a day of leads is read. Only selected figures are computed. Errors:
    /// UNAUTHENTICATED, INVALID_DATA.
    async fn lead_statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The filter; archived leads are left out unless asked for.")]
        filter: Option<LeadFilter>,
        #[graphql(
            desc = "Any part of name, e-mail, phone or company, as in `leads`; the results of \
                    typo correction are not counted."
        )]
        search: Option<String>,
    ) -> Option<LeadStatistics> {
        answer(ctx, count(ctx, filter, search).await)
    }
}

async fn count(
    ctx: &Context<'_>,
    filter: Option<LeadFilter>,
    search: Option<String>,
) -> Result<LeadStatistics> {
    let actor = actor(ctx)?;
    let filter = lead_filter(filter, search)?;
    let mut statistics =
        statistics::statistics(db(ctx), actor, &filter, &requested_statistics(ctx)).await?;
    let totals = std::mem::take(&mut statistics.totals.by_agent);
    Ok(LeadStatistics {
        agents: agents(ctx, totals).await?,
        statistics,
    })
}

fn counts<K: Copy + Eq + Hash + 'static>(
    all: &'static [K],
    counts: &HashMap<K, i64>,
) -> impl Iterator<Item = (K, i64)> {
    all.iter()
        .map(|key| (*key, counts.get(key).copied().unwrap_or(0)))
}
