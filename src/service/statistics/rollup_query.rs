//! The statement that sums the rollups of some intervals and the deltas of writers. It is hand-written,
//! because diesel does not support a UNION in FROM. Everything that varies between requests is a
//! parameter, so that there are few statements to prepare.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, HasSqlType, Nullable, Timestamptz, Uuid};

use crate::service::leads::{LeadSource, LeadStatus};
use crate::service::statistics::granularity::StatisticsGranularity;
use crate::service::statistics::intervals::IntervalSet;

/// The assignee in the rollups of unassigned leads.
pub(super) const NOBODY: uuid::Uuid = uuid::Uuid::nil();
/// The assignee in the rollups of all leads.
pub(super) const EVERYBODY: uuid::Uuid = uuid::Uuid::max();

/// A sum, by its column: see the table `lead_statistics_sums`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sum {
    /// The number of leads.
    Total,
    /// The sum of their scores.
    Score,
    /// The number of hot leads.
    Hot,
    /// The number of leads that are not hot.
    NotHot,
    /// The number of overdue follow-ups.
    Overdue,
    /// The number of leads with a status.
    Status(LeadStatus),
    /// The number of leads from a source.
    Source(LeadSource),
}

impl Sum {
    pub(super) fn of_each_status() -> impl Iterator<Item = Self> {
        LeadStatus::ALL.iter().copied().map(Self::Status)
    }

    pub(super) fn of_each_source() -> impl Iterator<Item = Self> {
        LeadSource::ALL.iter().copied().map(Self::Source)
    }

    fn column(self) -> String {
        match self {
            Self::Total => "total".to_owned(),
            Self::Score => "score".to_owned(),
            Self::Hot => "hot".to_owned(),
            Self::NotHot => "not_hot".to_owned(),
            Self::Overdue => "overdue".to_owned(),
            Self::Status(status) => format!("status_{}", status.as_str().to_lowercase()),
            Self::Source(source) => format!("source_{}", source.as_str().to_lowercase()),
        }
    }
}

/// The assignees whose rollups are read.
#[derive(Debug)]
pub(super) enum Assignees {
    /// The rollups of all leads together.
    Together,
    /// All but these, as literals of the statement: a comparison with a parameter takes twice as long.
    AllBut(&'static [uuid::Uuid]),
    /// These.
    Only(Vec<uuid::Uuid>),
}

/// The grouping of the sums.
#[derive(Debug, PartialEq)]
pub(super) enum GroupBy {
    /// A single group.
    Nothing,
    /// Each assignee.
    Assignee,
    /// The period between two of these instants; a time within the period identifies the group.
    CreatedBetween(Vec<DateTime<Utc>>),
}

/// Sums over the leads of some assignees, created in some intervals: for each group its assignee, a time
/// within its period, and the sums.
#[derive(Debug)]
pub(super) struct RollupQuery<'a> {
    pub sums: &'a [Sum],
    pub assignees: Assignees,
    pub intervals: &'a IntervalSet,
    /// The time by which a follow-up is overdue.
    pub now: DateTime<Utc>,
    pub group_by: GroupBy,
}

/// One query to be executed, and no list of columns to choose from.
type Pass<'a, 'b> = AstPass<'a, 'b, Pg>;

impl RollupQuery<'_> {
    /// `OFFSET 0` is an optimization fence: the index is scanned interval by interval, whatever the planner
    /// estimates.
    fn push_rollups<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql(" FROM unnest(");
        push_unseen::<Array<StatisticsGranularity>, _>(out, &self.intervals.granularities)?;
        for instants in [&self.intervals.starts, &self.intervals.ends] {
            out.push_sql(", ");
            push_unseen::<Array<Nullable<Timestamptz>>, _>(out, instants)?;
        }
        out.push_sql(
            ") AS of (granularity, first, ends_at), LATERAL (\
             SELECT * FROM lead_statistics_rollups WHERE granularity = of.granularity \
             AND starts_at >= coalesce(of.first, '-infinity') \
             AND starts_at < coalesce(of.ends_at, 'infinity') AND ",
        );
        match self.assignees {
            Assignees::Together => out.push_sql(&format!("assignee = '{EVERYBODY}'")),
            Assignees::AllBut(_) | Assignees::Only(_) => self.push_assignees(out)?,
        }
        out.push_sql(" OFFSET 0) AS rollup");
        Ok(())
    }

    /// The follow-ups that became overdue since the watermark; they count in no other sum.
    fn push_overdue_since<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql(" UNION ALL SELECT assignee, created_at");
        for sum in self.sums {
            let is_overdue = *sum == Sum::Overdue;
            out.push_sql(if is_overdue { ", change" } else { ", 0" });
        }
        out.push_sql(" FROM (SELECT ");
        push_unseen::<Timestamptz, _>(out, &self.now)?;
        out.push_sql(" AS now) AS times, lead_statistics_overdue_since(now) WHERE ");
        self.push_selected(out)
    }

    /// The condition on deltas and follow-ups: created in the intervals, of a selected assignee.
    fn push_selected<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        let IntervalSet { starts, ends, .. } = self.intervals;
        let [Some(from), Some(to)] = [starts.first(), ends.last()] else {
            out.push_sql("false");
            return Ok(());
        };
        out.push_sql("created_at >= coalesce(");
        push_unseen::<Nullable<Timestamptz>, _>(out, from)?;
        out.push_sql(", '-infinity') AND created_at < coalesce(");
        push_unseen::<Nullable<Timestamptz>, _>(out, to)?;
        out.push_sql(", 'infinity') AND ");
        self.push_assignees(out)
    }

    /// The condition on the assignee, if each row or lead has one.
    fn push_assignees<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        match &self.assignees {
            Assignees::Together => out.push_sql("true"),
            Assignees::AllBut(assignees) => {
                let each = assignees.iter().map(|one| format!("assignee <> '{one}'"));
                out.push_sql(&each.collect::<Vec<_>>().join(" AND "));
            }
            Assignees::Only(assignees) => {
                out.push_sql("assignee = ANY (");
                push_unseen::<Array<Uuid>, _>(out, assignees)?;
                out.push_sql("::uuid[])");
            }
        }
        Ok(())
    }
}

/// A parameter as a subquery, which hides its value from the planner: it would estimate a custom plan as
/// cheaper than the generic one, and plan at each execution.
fn push_unseen<'b, T, U>(out: &mut Pass<'_, 'b>, value: &'b U) -> QueryResult<()>
where
    Pg: HasSqlType<T>,
    U: ToSql<T, Pg>,
{
    out.push_sql("(SELECT ");
    out.push_bind_param(value)?;
    out.push_sql(")");
    Ok(())
}

impl QueryFragment<Pg> for RollupQuery<'_> {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        let out = &mut out;
        let columns: Vec<String> = self.sums.iter().map(|sum| sum.column()).collect();
        let sum = |column| format!("sum_bigint({column})");
        let sums = columns.iter().map(sum).collect::<Vec<_>>().join(", ");
        let columns = columns.join(", ");
        // The rollups of several assignees are summed before the steps that cost more per row.
        let (key, rollups, grouped) = match (&self.assignees, &self.group_by) {
            (Assignees::Together, _) => ("assignee, starts_at", &columns, ""),
            (_, GroupBy::Nothing) => ("NULL::uuid, NULL::timestamptz", &sums, ""),
            (_, GroupBy::Assignee) => ("assignee, NULL::timestamptz", &sums, " GROUP BY assignee"),
            (_, GroupBy::CreatedBetween(_)) => {
                ("NULL::uuid, starts_at", &sums, " GROUP BY starts_at")
            }
        };
        out.push_sql(match self.group_by {
            GroupBy::Nothing => "SELECT NULL::uuid, NULL::timestamptz",
            GroupBy::Assignee => "SELECT assignee, NULL::timestamptz",
            GroupBy::CreatedBetween(_) => "SELECT NULL::uuid, min(at)",
        });
        out.push_sql(&format!(", ARRAY[{sums}] FROM (SELECT {key}, {rollups}"));
        self.push_rollups(out)?;
        out.push_sql(&format!(
            "{grouped} UNION ALL SELECT assignee, created_at, {columns} \
             FROM lead_statistics_changes WHERE "
        ));
        self.push_selected(out)?;
        if self.sums.contains(&Sum::Overdue) {
            self.push_overdue_since(out)?;
        }
        out.push_sql(&format!(") AS counted (assignee, at, {columns})"));
        match &self.group_by {
            GroupBy::Nothing => {}
            GroupBy::Assignee => out.push_sql(" GROUP BY assignee"),
            GroupBy::CreatedBetween(instants) => {
                out.push_sql(" GROUP BY width_bucket(at, ");
                push_unseen::<Array<Timestamptz>, _>(out, instants)?;
                out.push_sql(")");
            }
        }
        Ok(())
    }
}

impl Query for RollupQuery<'_> {
    type SqlType = (Nullable<Uuid>, Nullable<Timestamptz>, Array<BigInt>);
}

// No static id: the text depends on the sums and the grouping, not only on the type.
impl QueryId for RollupQuery<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
