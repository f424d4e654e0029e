//! The statements of a search. They are written by hand, around queries of diesel's, because it has
//! no queries that read from queries. The number of rows of a fence stands in the text, so that a
//! generic plan knows it, too.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Uuid};

use crate::service::leads::filter::Condition;
use crate::service::leads::order::{LeadOrder, LeadQuery};

/// The ids of the leads that fulfil the condition among the first rows of an ordered query. The
/// inner limit fences the condition off: whatever the planner thinks of it, no more rows are read.
pub(super) struct Walk {
    pub ordered: LeadQuery<'static>,
    pub rows: usize,
    pub condition: Condition,
    pub limit: i64,
    pub offset: i64,
}

/// How many of the first rows of a query there are, fulfil one condition, and both. The same, but for
/// the other condition, of leads that are spread evenly over the time of all; how many of these have
/// each part; and how many leads there are, by PostgreSQL's estimate.
pub(super) struct Sample {
    pub ordered: LeadQuery<'static>,
    pub rows: usize,
    pub filter: Condition,
    pub search: Condition,
    pub parts: Vec<Condition>,
}

/// How many stretches of how many leads are spread.
const STRETCHES: usize = 10;
const STRETCH: usize = 200;

/// The first ids of a query, in an order that its plan does not know of: `OFFSET 0` is a fence, too.
pub(super) struct Gather {
    pub query: LeadQuery<'static>,
    pub order: LeadOrder,
    pub backwards: bool,
    pub limit: i64,
    pub offset: i64,
}

impl QueryFragment<Pg> for Walk {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT leads.id FROM (");
        push(&self.ordered, out.reborrow())?;
        out.push_sql(&format!(" LIMIT {}) AS leads WHERE ", self.rows));
        self.condition.walk_ast(out.reborrow())?;
        push_window(&mut out, &self.limit, &self.offset)
    }
}

impl QueryFragment<Pg> for Sample {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT first.*, spread.*, \
             (SELECT reltuples::bigint FROM pg_class WHERE oid = 'leads'::regclass) FROM (\
             SELECT count(*), count(*) FILTER (WHERE f), count(*) FILTER (WHERE f AND s) FROM (",
        );
        self.push_conditions(&mut out)?;
        out.push_sql(" FROM (");
        push(&self.ordered, out.reborrow())?;
        out.push_sql(&format!(
            " LIMIT {}) AS leads) AS sample) AS first, (\
             SELECT count(*), count(*) FILTER (WHERE f), count(*) FILTER (WHERE s), ARRAY[",
            self.rows
        ));
        for part in 0..self.parts.len() {
            let comma = if part == 0 { "" } else { ", " };
            out.push_sql(&format!("{comma}count(*) FILTER (WHERE p{part})"));
        }
        out.push_sql("]::bigint[] FROM (");
        self.push_conditions(&mut out)?;
        for (index, part) in self.parts.iter().enumerate() {
            out.push_sql(", ");
            part.walk_ast(out.reborrow())?;
            out.push_sql(&format!(" AS p{index}"));
        }
        out.push_sql(&format!(
            " FROM (SELECT min(created_at) AS start, max(created_at) AS stop FROM leads) AS times, \
             generate_series(0, {last}) AS stretch, LATERAL (SELECT * FROM leads \
             WHERE created_at >= start + (stop - start) * stretch / {STRETCHES} \
             ORDER BY created_at, id LIMIT {STRETCH}) AS leads) AS sample) AS spread",
            last = STRETCHES - 1
        ));
        Ok(())
    }
}

impl Sample {
    fn push_conditions<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        self.filter.walk_ast(out.reborrow())?;
        out.push_sql(" AS f, ");
        self.search.walk_ast(out.reborrow())?;
        out.push_sql(" AS s");
        Ok(())
    }
}

impl QueryFragment<Pg> for Gather {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let descending = self.order.descends(self.backwards);
        let direction = if descending { "DESC" } else { "ASC" };
        out.push_sql("SELECT leads.id FROM (");
        push(&self.query, out.reborrow())?;
        out.push_sql(" OFFSET 0) AS leads ORDER BY leads.");
        out.push_identifier(self.order.column())?;
        out.push_sql(&format!(" {direction}, leads.id {direction}"));
        push_window(&mut out, &self.limit, &self.offset)
    }
}

/// A query inside another. As a function, because its type alone leaves open which dialect is meant.
fn push<'b>(query: &'b impl QueryFragment<Pg>, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    query.walk_ast(out)
}

fn push_window<'b>(
    out: &mut AstPass<'_, 'b, Pg>,
    limit: &'b i64,
    offset: &'b i64,
) -> QueryResult<()> {
    out.push_sql(" LIMIT ");
    out.push_bind_param::<BigInt, _>(limit)?;
    out.push_sql(" OFFSET ");
    out.push_bind_param::<BigInt, _>(offset)
}

impl Query for Walk {
    type SqlType = Uuid;
}

impl Query for Sample {
    type SqlType = (
        (BigInt, BigInt, BigInt),
        (BigInt, BigInt, BigInt, Array<BigInt>),
        BigInt,
    );
}

impl Query for Gather {
    type SqlType = Uuid;
}

// Their text depends on filter and order: diesel is to look at it, not at the type.
impl QueryId for Walk {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryId for Sample {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryId for Gather {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
