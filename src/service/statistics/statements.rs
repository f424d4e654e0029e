//! The statements that read what is kept ready: the folded rows of some pieces of time, the deltas
//! that writers have added since, and the leads of ragged ends, summed together. They are written
//! by hand, because diesel has no queries that read from several at once. Everything that differs
//! from one question to the next is a parameter, so that there are few texts to prepare.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, HasSqlType, Nullable, Timestamptz, Uuid};

use crate::service::leads::{Condition, Lead, LeadSource, LeadStatus, Span};
use crate::service::statistics::kept::{EVERYBODY, Grain, NOBODY, StatisticsGrain};

/// Whose rows are meant.
#[derive(Debug)]
pub(super) enum Rows {
    /// Those of everybody together.
    Together,
    /// Those of each agent, and of nobody.
    Each,
    /// Those of each agent.
    EachAgent,
    /// Those of these.
    Only(Vec<uuid::Uuid>),
}

/// What is summed.
pub(super) struct Selection {
    pub rows: Rows,
    /// The pieces of time that are read from folded rows, and of what grain.
    pub pieces: Stretches,
    pub grains: Vec<Grain>,
    /// The pieces together: deltas of these times are read.
    pub created: Span<DateTime<Utc>>,
    /// The ragged ends, whose leads are read one by one.
    pub ends: Stretches,
    /// Whose leads: each condition is answered from one index, without a look at the leads, which all
    /// of them together would not be.
    pub owners: Vec<Condition>,
}

/// Stretches of time, open where absent, and how many times each counts: in columns, as parameters
/// are sent.
#[derive(Debug, Default)]
pub(super) struct Stretches {
    from: Vec<Option<DateTime<Utc>>>,
    to: Vec<Option<DateTime<Utc>>>,
    changes: Vec<i64>,
}

/// All sums but those per agent: score, total, hot, overdue; statuses; sources.
pub(super) struct Sums {
    pub of: Selection,
    /// As of when follow-ups are overdue.
    pub now: DateTime<Utc>,
    /// Whether the follow-ups since the watermark are looked for.
    pub with_overdue: bool,
}

/// The sums per agent: score, total, won.
pub(super) struct ByAgent {
    pub of: Selection,
}

/// How many leads were created in each stretch of time, with a moment of the stretch.
pub(super) struct ByStretch {
    pub of: Selection,
    /// The instants at which stretches begin.
    pub boundaries: Vec<DateTime<Utc>>,
}

/// One query to be executed, and no list of columns to choose from.
type Pass<'a, 'b> = AstPass<'a, 'b, Pg>;

impl Stretches {
    pub(super) fn add(
        &mut self,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
        change: i64,
    ) {
        self.from.push(from);
        self.to.push(to);
        self.changes.push(change);
    }

    fn push<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        for moments in [&self.from, &self.to] {
            push_unseen::<Array<Nullable<Timestamptz>>, _>(out, moments)?;
            out.push_sql(", ");
        }
        push_unseen::<Array<BigInt>, _>(out, &self.changes)
    }
}

/// A parameter, as a subquery of its own. The planner does not see through it: it would find that a
/// plan for just these values is cheaper than one for any, by its guesses, and plan anew each time.
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

impl Selection {
    /// Folded rows, each `AS f` with the `piece` that it belongs to. `OFFSET 0` is a fence: the index
    /// is asked piece by piece, whatever the planner guesses of what it cannot know.
    fn push_folded<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql(" FROM unnest(");
        push_unseen::<Array<StatisticsGrain>, _>(out, &self.grains)?;
        out.push_sql(", ");
        self.pieces.push(out)?;
        out.push_sql(
            ") AS piece (grain, starts_at, ends_at, change), LATERAL (\
             SELECT * FROM lead_statistics_folded WHERE grain = piece.grain \
             AND starts_at >= coalesce(piece.starts_at, '-infinity') \
             AND starts_at < coalesce(piece.ends_at, 'infinity') AND ",
        );
        match self.rows {
            Rows::Together => out.push_sql(&format!("agent = '{EVERYBODY}'")),
            Rows::Each => out.push_sql(&format!("agent <> '{EVERYBODY}'")),
            Rows::EachAgent | Rows::Only(_) => self.push_agents(out)?,
        }
        out.push_sql(" OFFSET 0) AS f");
        Ok(())
    }

    /// What writers have added and nobody has folded.
    fn push_deltas<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql(" FROM lead_statistics_deltas WHERE ");
        self.push_created(out)?;
        out.push_sql(" AND ");
        self.push_agents(out)
    }

    /// Created in the times of the folded rows.
    fn push_created<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql("created_at >= coalesce(");
        push_unseen::<Nullable<Timestamptz>, _>(out, &self.created.from)?;
        out.push_sql(", '-infinity') AND created_at < coalesce(");
        push_unseen::<Nullable<Timestamptz>, _>(out, &self.created.to)?;
        out.push_sql(", 'infinity')");
        Ok(())
    }

    /// Of an agent who is meant, where each row or lead is of one.
    fn push_agents<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        match &self.rows {
            Rows::Together | Rows::Each => out.push_sql("true"),
            Rows::EachAgent => {
                out.push_sql(&format!("agent NOT IN ('{EVERYBODY}', '{NOBODY}')"));
            }
            Rows::Only(agents) => {
                out.push_sql("agent = ANY (");
                push_unseen::<Array<Uuid>, _>(out, agents)?;
                out.push_sql("::uuid[])");
            }
        }
        Ok(())
    }

    /// The leads of ragged ends, as further rows with what `push_columns` makes of leads that count
    /// `change` times.
    fn push_ends<'b>(
        &'b self,
        out: &mut Pass<'_, 'b>,
        push_columns: impl Fn(&mut Pass<'_, 'b>) -> QueryResult<()>,
    ) -> QueryResult<()> {
        let owners = self.owners.iter();
        for condition in owners.filter(|_| !self.ends.changes.is_empty()) {
            out.push_sql(" UNION ALL SELECT ");
            push_columns(out)?;
            out.push_sql(" FROM unnest(");
            self.ends.push(out)?;
            out.push_sql(
                ") AS part (starts_at, ends_at, change), LATERAL (\
                 SELECT assigned_to, status, source, lead_score, created_at, next_follow_up \
                 FROM \"leads\" WHERE created_at >= part.starts_at AND created_at < part.ends_at AND ",
            );
            condition.walk_ast(out.reborrow())?;
            out.push_sql(" OFFSET 0) AS leads");
        }
        Ok(())
    }
}

/// The agent of a lead's row.
fn agent() -> String {
    format!("coalesce(assigned_to, '{NOBODY}')")
}

const IS_OPEN: &str = "status NOT IN ('WON', 'LOST')";

impl QueryFragment<Pg> for Sums {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        let out = &mut out;
        let statuses = LeadStatus::ALL.iter().map(|status| status.as_str());
        let sources = LeadSource::ALL.iter().map(|source| source.as_str());
        let columns = |of: &dyn Fn(&str, &str) -> String| {
            let statuses = statuses.clone().map(|word| of("status", word));
            let sources = sources.clone().map(|word| of("source", word));
            [statuses.collect::<Vec<_>>(), sources.collect()].map(|of_each| of_each.join(", "))
        };
        let [statuses, sources] =
            columns(&|kind, word| format!("sum_bigint({kind}_{})", word.to_lowercase()));
        out.push_sql(&format!(
            "SELECT sum_bigint(score_sum), sum_bigint(total), sum_bigint(hot), sum_bigint(overdue), \
             ARRAY[{statuses}], ARRAY[{sources}] FROM (",
        ));
        let [statuses, sources] = columns(&|kind, word| {
            let column = format!("{kind}_{}", word.to_lowercase());
            format!("change * f.{column} AS {column}")
        });
        out.push_sql(&format!(
            "SELECT change * score_sum AS score_sum, change * total AS total, change * hot AS hot, \
             change * overdue AS overdue, {statuses}, {sources}",
        ));
        self.of.push_folded(out)?;
        let [statuses, sources] =
            columns(&|kind, word| format!("CASE {kind} WHEN '{word}' THEN total ELSE 0 END"));
        out.push_sql(&format!(
            " UNION ALL SELECT score_sum, total, hot, overdue, {statuses}, {sources} FROM (",
        ));
        self.push_changes(out)?;
        out.push_sql(") AS changes");
        if self.with_overdue {
            self.push_passed(out)?;
        }
        out.push_sql(") AS counted");
        Ok(())
    }
}

impl Sums {
    /// What is read one by one, grouped so far that the rest is adding up columns.
    fn push_changes<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql(&format!(
            "SELECT status, source, sum_bigint(change * lead_score) AS score_sum, \
             sum_bigint(change) AS total, sum_bigint(change) FILTER (WHERE lead_score > {}) AS hot, \
             sum_bigint(change) FILTER (WHERE is_overdue) AS overdue FROM (\
             SELECT status, source, lead_score, change, {IS_OPEN} AND next_follow_up < \
             (SELECT moment FROM lead_statistics_watermark) AS is_overdue",
            Lead::HOT_ABOVE
        ));
        self.of.push_deltas(out)?;
        self.of.push_ends(out, |out| {
            out.push_sql(&format!(
                "status, source, lead_score, change, {IS_OPEN} AND next_follow_up < "
            ));
            push_unseen::<Timestamptz, _>(out, &self.now)
        })?;
        out.push_sql(") AS each GROUP BY status, source");
        Ok(())
    }

    /// The follow-ups that became overdue since the watermark, or become so up to it. They are
    /// looked for by that condition alone, the narrowest by far, which the planner cannot know.
    fn push_passed<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        let zeros = ", 0".repeat(LeadStatus::ALL.len() + LeadSource::ALL.len());
        out.push_sql(&format!(
            " UNION ALL SELECT 0, 0, 0, passed.change{zeros} \
             FROM (SELECT moment AS mark, "
        ));
        push_unseen::<Timestamptz, _>(out, &self.now)?;
        out.push_sql(&format!(
            " AS now FROM lead_statistics_watermark) AS times, LATERAL (\
             SELECT {} AS agent, created_at, CASE WHEN mark < now THEN 1 ELSE -1 END AS change \
             FROM leads WHERE next_follow_up >= least(mark, now) \
             AND next_follow_up < greatest(mark, now) AND archived_at IS NULL AND {IS_OPEN} \
             OFFSET 0) AS passed WHERE ",
            agent()
        ));
        self.of.push_created(out)?;
        out.push_sql(" AND ");
        self.of.push_agents(out)
    }
}

impl QueryFragment<Pg> for ByAgent {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        let out = &mut out;
        out.push_sql(
            "SELECT agent, sum_bigint(score_sum), sum_bigint(total), sum_bigint(won) FROM (\
             SELECT f.agent, change * score_sum AS score_sum, change * total AS total, \
             change * status_won AS won",
        );
        self.of.push_folded(out)?;
        out.push_sql(
            " UNION ALL SELECT agent, change * lead_score, change, \
             CASE status WHEN 'WON' THEN change ELSE 0 END",
        );
        self.of.push_deltas(out)?;
        self.of.push_ends(out, |out| {
            out.push_sql(&agent());
            out.push_sql(
                ", change * lead_score, change, CASE status WHEN 'WON' THEN change ELSE 0 END",
            );
            Ok(())
        })?;
        out.push_sql(") AS counted GROUP BY agent");
        Ok(())
    }
}

impl QueryFragment<Pg> for ByStretch {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        let out = &mut out;
        out.push_sql(
            "SELECT min(at), sum_bigint(count) FROM (\
             SELECT f.starts_at AS at, change * total AS count",
        );
        self.of.push_folded(out)?;
        out.push_sql(" UNION ALL SELECT created_at, change");
        self.of.push_deltas(out)?;
        self.of.push_ends(out, |out| {
            out.push_sql("created_at, change");
            Ok(())
        })?;
        out.push_sql(") AS counted GROUP BY width_bucket(at, ");
        push_unseen::<Array<Timestamptz>, _>(out, &self.boundaries)?;
        out.push_sql(")");
        Ok(())
    }
}

impl Query for Sums {
    type SqlType = (BigInt, BigInt, BigInt, BigInt, Array<BigInt>, Array<BigInt>);
}

impl Query for ByAgent {
    type SqlType = (Uuid, BigInt, BigInt, BigInt);
}

impl Query for ByStretch {
    type SqlType = (Timestamptz, BigInt);
}

// Their text depends on whose rows and how many ends: diesel is to look at it, not at the type.
impl QueryId for Sums {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryId for ByAgent {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryId for ByStretch {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
