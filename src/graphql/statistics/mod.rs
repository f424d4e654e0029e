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

/// A stretch of time on a calendar.
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

/// How many leads have a status.
#[derive(SimpleObject)]
pub struct StatusCount {
    /// The status.
    status: LeadStatus,
    /// How many leads.
    count: i64,
}

/// How many leads came from a source.
#[derive(SimpleObject)]
pub struct SourceStatistics {
    /// The source.
    source: LeadSource,
    /// How many leads.
    count: i64,
}

/// How many leads were created in a stretch of time.
#[derive(SimpleObject)]
pub struct TimeCount {
    /// The first day of the stretch, in the time zone asked for.
    start: Date,
    /// How many leads.
    count: i64,
}

/// The figures counted over the leads that the filter lets through and the viewer may see. All of them
/// come from one moment.
pub struct LeadStatistics {
    statistics: Statistics,
    agents: Vec<RawObject<AgentStatistics>>,
}

/// What is counted over the leads that the filter lets through and the viewer may see. All of it
/// comes from one moment.
#[Object]
impl LeadStatistics {
    /// How many leads.
    async fn total_leads(&self) -> i64 {
        self.statistics.totals.total
    }

    /// The mean score, 0–100, rounded half up to two decimals; 0 without leads.
    async fn average_lead_score(&self) -> f64 {
        self.statistics.totals.average_score()
    }

    /// How many leads have a score above 70.
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

    /// One row for each assignee who has leads, and one without a user for the leads that nobody
    /// has; the largest number of leads first.
    async fn leads_by_agent(&self) -> RawList<'_, AgentStatistics> {
        RawList(self.agents.iter().collect())
    }

    /// How many follow-ups are overdue: `nextFollowUp` is over, and the lead is neither WON nor
    /// LOST.
    async fn overdue_follow_ups(&self) -> i64 {
        self.statistics.totals.overdue
    }

    /// How many leads were created, stretch by stretch, from the first that has any to the last,
    /// zeros too. Fastest in UTC. Errors: INVALID_DATA for an unknown time zone or more than 5,000
    /// stretches.
    async fn created_over_time(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How long a stretch is.", default_with = "TimeBucket::Day")]
        bucket: TimeBucket,
        #[graphql(
            desc = "On whose clocks a day begins: an IANA name, like Europe/Warsaw.",
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
    /// What is counted over leads: all that the viewer may see, or those that the filter lets
    /// through. Without a search and with a filter of nothing but `assignedTo`, `unassigned` and
    /// `createdAt` the answer is known without reading the leads, however many there are; ranges of
    /// `createdAt` should begin and end at midnight UTC for that, and up to a day of leads is read at each
    /// end that does not. Only what is selected is computed. Errors: UNAUTHENTICATED, INVALID_DATA.
    async fn lead_statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads; archived ones are left out unless asked for.")]
        filter: Option<LeadFilter>,
        #[graphql(
            desc = "Any part of name, e-mail, phone or company, as in `leads`; names that are \
                    only typed alike are not counted."
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
