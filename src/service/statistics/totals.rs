use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{count, count_star, sum};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::leads::{Condition, Lead, LeadSource, LeadStatus};
use crate::service::statistics::Wanted;
use crate::service::{Result, UserId};

/// Sums over a set of leads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    /// How many leads.
    pub total: i64,
    /// How many of them are hot.
    pub hot: i64,
    /// How many follow-ups are overdue: planned before now, on leads neither WON nor LOST.
    pub overdue: i64,
    /// How many leads there are of each status; absent ones have none.
    pub by_status: HashMap<LeadStatus, i64>,
    /// How many leads there are of each source; absent ones have none.
    pub by_source: HashMap<LeadSource, i64>,
    /// Per assignee, the largest number of leads first, ties by id; without one: unassigned.
    pub by_agent: Vec<AgentTotals>,
    pub(super) score_sum: i64,
}

/// Sums over the leads of one assignee.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentTotals {
    /// Whose; nobody's if absent.
    pub agent: Option<UserId>,
    /// How many leads.
    pub total: i64,
    /// How many of them are WON.
    pub won: i64,
    pub(super) score_sum: i64,
}

impl Totals {
    /// The mean score, 0–100, rounded to two decimals; 0 if there are no leads.
    pub fn average_score(&self) -> f64 {
        rounded_ratio(self.score_sum, self.total)
    }

    /// WON ÷ total × 100, rounded to two decimals; 0 if there are no leads.
    pub fn conversion_rate(&self) -> f64 {
        let won = self.by_status.get(&LeadStatus::Won).copied().unwrap_or(0);
        rounded_ratio(won * 100, self.total)
    }
}

impl AgentTotals {
    /// The mean score, 0–100, rounded to two decimals.
    pub fn average_score(&self) -> f64 {
        rounded_ratio(self.score_sum, self.total)
    }

    /// WON ÷ total × 100, rounded to two decimals.
    pub fn conversion_rate(&self) -> f64 {
        rounded_ratio(self.won * 100, self.total)
    }
}

/// The one rounding rule: to two decimals, halves up, computed in whole numbers so that no
/// representation of a fraction decides; 0 ÷ 0 is 0.
fn rounded_ratio(numerator: i64, denominator: i64) -> f64 {
    if denominator == 0 {
        return 0.0;
    }
    let hundredths =
        (i128::from(numerator) * 200 + i128::from(denominator)) / (2 * i128::from(denominator));
    hundredths as f64 / 100.0
}

type Group = (
    Option<UserId>,
    LeadStatus,
    LeadSource,
    i64,
    Option<i64>,
    i64,
    i64,
);

/// One pass over the leads, grouped as finely as what is wanted needs; the rest is adding up.
pub(super) async fn totals(
    conn: &mut Connection,
    condition: Condition,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Totals> {
    let mut totals = Totals::default();
    if !wanted.by_agent {
        totals.add(of_all(conn, condition, now).await?);
        return Ok(totals);
    }
    if !(wanted.sums || wanted.overdue) {
        totals.by_agent = of_each(conn, condition).await?;
        return Ok(totals);
    }
    let groups: Vec<Group> = leads::table
        .filter(condition)
        .group_by((leads::assigned_to, leads::status, leads::source))
        .select((
            leads::assigned_to,
            leads::status,
            leads::source,
            count_star(),
            sum(leads::lead_score),
            count(leads::id).aggregate_filter(leads::lead_score.gt(Lead::HOT_ABOVE)),
            count(leads::id).aggregate_filter(is_overdue(now)),
        ))
        .load(conn)
        .await?;
    totals.add(groups.into_iter().map(of_group));
    Ok(totals)
}

/// The sums that are not per agent.
async fn of_all(
    conn: &mut Connection,
    condition: Condition,
    now: DateTime<Utc>,
) -> Result<impl Iterator<Item = Totals>> {
    let groups: Vec<(LeadStatus, LeadSource, i64, Option<i64>, i64, i64)> = leads::table
        .filter(condition)
        .group_by((leads::status, leads::source))
        .select((
            leads::status,
            leads::source,
            count_star(),
            sum(leads::lead_score),
            count(leads::id).aggregate_filter(leads::lead_score.gt(Lead::HOT_ABOVE)),
            count(leads::id).aggregate_filter(is_overdue(now)),
        ))
        .load(conn)
        .await?;
    let groups = groups.into_iter();
    Ok(
        groups.map(|(status, source, total, score_sum, hot, overdue)| Totals {
            total,
            hot,
            overdue,
            by_status: [(status, total)].into(),
            by_source: [(source, total)].into(),
            score_sum: score_sum.unwrap_or(0),
            ..Totals::default()
        }),
    )
}

/// The sums per agent.
async fn of_each(conn: &mut Connection, condition: Condition) -> Result<Vec<AgentTotals>> {
    let is_won = leads::status.eq(LeadStatus::Won);
    let agents: Vec<(Option<UserId>, i64, i64, Option<i64>)> = leads::table
        .filter(condition)
        .group_by(leads::assigned_to)
        .select((
            leads::assigned_to,
            count_star(),
            count(leads::id).aggregate_filter(is_won),
            sum(leads::lead_score),
        ))
        .load(conn)
        .await?;
    let agents = agents.into_iter();
    let agents = agents.map(|(agent, total, won, score_sum)| AgentTotals {
        agent,
        total,
        won,
        score_sum: score_sum.unwrap_or(0),
    });
    Ok(agents.collect())
}

/// The follow-up was planned before `now`, and the lead is neither WON nor LOST.
fn is_overdue(now: DateTime<Utc>) -> Box<dyn BoxableExpression<leads::table, Pg, SqlType = Bool>> {
    let is_open = leads::status.ne_all([LeadStatus::Won, LeadStatus::Lost]);
    // Without a follow-up the condition is NULL, and what is not true is not counted.
    Box::new(leads::next_follow_up.assume_not_null().lt(now).and(is_open))
}

fn of_group((agent, status, source, count, score_sum, hot, overdue): Group) -> Totals {
    let score_sum = score_sum.unwrap_or(0);
    Totals {
        total: count,
        hot,
        overdue,
        by_status: [(status, count)].into(),
        by_source: [(source, count)].into(),
        by_agent: vec![AgentTotals {
            agent,
            total: count,
            won: if status == LeadStatus::Won { count } else { 0 },
            score_sum,
        }],
        score_sum,
    }
}

impl Totals {
    /// Adds the sums of other leads.
    pub(super) fn add(&mut self, parts: impl IntoIterator<Item = Self>) {
        let mut agents: HashMap<Option<UserId>, AgentTotals> = HashMap::new();
        let mut by_agent = std::mem::take(&mut self.by_agent);
        for part in parts {
            self.total += part.total;
            self.score_sum += part.score_sum;
            self.hot += part.hot;
            self.overdue += part.overdue;
            for (status, count) in part.by_status {
                *self.by_status.entry(status).or_default() += count;
            }
            for (source, count) in part.by_source {
                *self.by_source.entry(source).or_default() += count;
            }
            by_agent.extend(part.by_agent);
        }
        for part in by_agent {
            let agent = agents.entry(part.agent).or_default();
            agent.agent = part.agent;
            agent.total += part.total;
            agent.score_sum += part.score_sum;
            agent.won += part.won;
        }
        self.by_status.retain(|_, count| *count != 0);
        self.by_source.retain(|_, count| *count != 0);
        // What is kept ready has a row of zeros where there were leads once.
        self.by_agent = agents
            .into_values()
            .filter(|agent| agent.total > 0)
            .collect();
        self.by_agent
            .sort_by_key(|agent| (-agent.total, agent.agent));
    }
}

#[cfg(test)]
mod tests {
    use super::rounded_ratio;

    #[test]
    fn ratios_are_rounded_half_up_to_two_decimals() {
        assert_eq!(rounded_ratio(423_800, 8_800), 48.16);
        assert_eq!(rounded_ratio(1, 200), 0.01);
        assert_eq!(rounded_ratio(200, 3), 66.67);
        assert_eq!(rounded_ratio(0, 0), 0.0);
    }
}
