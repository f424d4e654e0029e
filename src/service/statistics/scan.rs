//! Figures from one pass over leads: all selected ones, or those of a partial bucket.

use chrono::{DateTime, Utc};
use diesel::dsl::{count, count_star, min, sum};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Timestamptz};

use crate::db::schema::leads;
use crate::db::{Connection, RunQueryDsl};
use crate::service::leads::{Condition, Lead, LeadSource, LeadStatus};
use crate::service::statistics::series::Counts;
use crate::service::statistics::totals::{AgentTotals, Totals};
use crate::service::{Result, UserId};

diesel::define_sql_function! {
    /// The number of these sorted instants at or before a time.
    fn width_bucket(at: Timestamptz, instants: Array<Timestamptz>) -> Integer;
}

type Group = (
    (Option<UserId>, LeadStatus, LeadSource),
    (i64, Option<i64>, i64, i64),
);

/// All sums over the leads, from one grouped query whose groups are added up.
pub(super) async fn totals(
    conn: &mut Connection,
    condition: Condition,
    now: DateTime<Utc>,
) -> Result<Totals> {
    let key = (leads::assigned_to, leads::status, leads::source);
    let sums = (
        count_star(),
        sum(leads::lead_score),
        count(leads::id).aggregate_filter(leads::lead_score.gt(Lead::HOT_ABOVE)),
        count(leads::id).aggregate_filter(is_overdue(now)),
    );
    let groups: Vec<Group> = leads::table
        .filter(condition)
        .group_by(key)
        .select((key, sums))
        .load(conn)
        .await?;
    Ok(Totals::sum(groups.into_iter().map(of_group)))
}

/// The sums per agent only: for a part of a day, finer groups would be as many as the leads.
pub(super) async fn by_agent(conn: &mut Connection, condition: Condition) -> Result<Totals> {
    let won = count(leads::id).aggregate_filter(leads::status.eq(LeadStatus::Won));
    let agents: Vec<(Option<UserId>, i64, i64, Option<i64>)> = leads::table
        .filter(condition)
        .group_by(leads::assigned_to)
        .select((
            leads::assigned_to,
            count_star(),
            won,
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
    Ok(Totals {
        by_agent: agents.collect(),
        ..Totals::default()
    })
}

fn of_group(((agent, status, source), (total, score_sum, hot, overdue)): Group) -> Totals {
    let score_sum = score_sum.unwrap_or(0);
    Totals {
        total,
        hot,
        overdue,
        by_status: [(status, total)].into(),
        by_source: [(source, total)].into(),
        by_agent: vec![AgentTotals {
            agent,
            total,
            won: if status == LeadStatus::Won { total } else { 0 },
            score_sum,
        }],
        score_sum,
    }
}

/// The condition that the follow-up was planned before `now`, and the lead is neither WON nor LOST.
fn is_overdue(now: DateTime<Utc>) -> Box<dyn BoxableExpression<leads::table, Pg, SqlType = Bool>> {
    let is_open = leads::status.ne_all([LeadStatus::Won, LeadStatus::Lost]);
    // Without a follow-up the condition is NULL, which does not count.
    Box::new(leads::next_follow_up.assume_not_null().lt(now).and(is_open))
}

/// Adds the leads to a series.
pub(super) async fn series(
    conn: &mut Connection,
    condition: Condition,
    counts: &mut Counts,
) -> Result<()> {
    // The time of any lead of a group identifies its period. So the grouped expression is not selected,
    // too: its second bind parameter would make it another expression for PostgreSQL.
    let groups: Vec<(Option<DateTime<Utc>>, i64)> = leads::table
        .filter(condition)
        .group_by(width_bucket(leads::created_at, &counts.boundaries))
        .select((min(leads::created_at), count_star()))
        .load(conn)
        .await?;
    counts.add(groups);
    Ok(())
}
