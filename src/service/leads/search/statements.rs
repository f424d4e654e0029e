//! The statements of a search. They are written by hand, around queries of diesel's, because it has
//! no queries that read from queries. The number of rows of a fence stands in the text, so that a
//! generic plan knows it, too.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Untyped, Uuid};

use crate::service::LeadId;
use crate::service::leads::Columns;
use crate::service::leads::filter::Condition;
use crate::service::leads::order::{LeadOrder, LeadQuery};

/// The first rows of an order, of all leads or of several lists, as those of each status are one in an
/// index: merged, and read as far as they are asked for.
pub(super) struct Ordered {
    pub lists: Vec<LeadQuery<'static>>,
    pub rows: usize,
    pub order: LeadOrder,
    pub backwards: bool,
}

/// The leads that a filter lets through among the first rows of an order, which are fenced off as
/// those of a walk are.
pub(super) struct Peek {
    pub columns: Columns,
    pub ordered: Ordered,
    pub filter: Condition,
    pub limit: usize,
    pub offset: i64,
}

/// The ids of the leads that are searched for among the first rows of an ordered query; and, if
/// those are less than asked for, what the rows were. The inner limit fences the conditions off:
/// whatever the planner thinks of them, no more rows are read. They are read one by one, as they
/// are asked for, so that nothing is read beyond the last lead of the page, and only once.
pub(super) struct Walk {
    pub ordered: Ordered,
    pub filter: Condition,
    pub search: Condition,
    pub limit: i64,
    pub offset: i64,
}

/// Leads that are spread evenly over the time of all: how many there are, have what is searched
/// for, and fulfil each of some conditions that are parts of the search or the filter. Then how
/// many leads there are in all, by PostgreSQL's estimate. And of those that the page can begin
/// with, in order, the ids, the numbers of their lists if the search index has the order, and whether
/// each is let through; nothing where one has not what is searched for.
pub(super) struct Sample {
    pub filter: Condition,
    pub search: Condition,
    pub parts: Vec<Condition>,
    pub after: Condition,
    pub order: LeadOrder,
    pub backwards: bool,
}

/// How many stretches of how many leads are spread.
const STRETCHES: usize = 40;
const STRETCH: usize = 50;

/// The first ids of a query, in an order that its plan does not know of: `OFFSET 0` is a fence.
pub(super) struct Gather {
    pub query: LeadQuery<'static>,
    /// The last lead in the order that is of interest.
    pub until: Option<LeadId>,
    /// What no index shall be asked for.
    pub filter: Condition,
    pub order: LeadOrder,
    pub backwards: bool,
    pub limit: i64,
    pub offset: i64,
}

impl QueryFragment<Pg> for Ordered {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let end = format!(" LIMIT {}", self.rows);
        if let [one] = self.lists.as_slice() {
            push(one, out.reborrow())?;
            out.push_sql(&end);
            return Ok(());
        }
        for (index, list) in self.lists.iter().enumerate() {
            let start = if index == 0 {
                "SELECT * FROM (("
            } else {
                ") UNION ALL ("
            };
            out.push_sql(start);
            push(list, out.reborrow())?;
            out.push_sql(&end);
        }
        out.push_sql(")) AS leads ORDER BY ");
        let column = self.order.column();
        let descends = self.order.descends(self.backwards);
        let direction = if descends { "DESC" } else { "ASC" };
        out.push_sql(&format!("{column} {direction}, id {direction}{end}"));
        Ok(())
    }
}

impl QueryFragment<Pg> for Peek {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(" FROM (");
        self.ordered.walk_ast(out.reborrow())?;
        out.push_sql(") AS leads WHERE ");
        self.filter.walk_ast(out.reborrow())?;
        out.push_sql(&format!(" LIMIT {}", self.limit));
        // With a number that it does not know in general, PostgreSQL would plan each page anew.
        if self.offset > 0 {
            out.push_sql(" OFFSET ");
            out.push_bind_param::<BigInt, _>(&self.offset)?;
        }
        Ok(())
    }
}

impl QueryFragment<Pg> for Walk {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH walked AS MATERIALIZED (SELECT leads.id");
        push_conditions(&self.filter, &self.search, &mut out)?;
        out.push_sql(" FROM (");
        self.ordered.walk_ast(out.reborrow())?;
        out.push_sql(
            ") AS leads) (SELECT id, 0::bigint, 0::bigint, 0::bigint FROM walked WHERE f AND s",
        );
        push_window(&mut out, &self.limit, &self.offset)?;
        out.push_sql(
            ") UNION ALL (SELECT NULL, count(*), count(*) FILTER (WHERE f), \
             count(*) FILTER (WHERE f AND s) FROM walked) LIMIT ",
        );
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

impl QueryFragment<Pg> for Sample {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(*), count(*) FILTER (WHERE s), ARRAY[");
        for part in 0..self.parts.len() {
            let comma = if part == 0 { "" } else { ", " };
            out.push_sql(&format!("{comma}count(*) FILTER (WHERE p{part})"));
        }
        out.push_sql(
            "]::bigint[], \
             (SELECT reltuples::bigint FROM pg_class WHERE oid = 'leads'::regclass), \
             coalesce(array_agg(id) FILTER (WHERE a), '{}'), \
             coalesce(array_agg(list) FILTER (WHERE a AND list IS NOT NULL), '{}'), \
             coalesce(array_agg(CASE WHEN s THEN f IS TRUE END) FILTER (WHERE a), '{}') \
             FROM (SELECT leads.id",
        );
        push_conditions(&self.filter, &self.search, &mut out)?;
        for (index, part) in self.parts.iter().enumerate() {
            out.push_sql(", ");
            part.walk_ast(out.reborrow())?;
            out.push_sql(&format!(" AS p{index}"));
        }
        out.push_sql(", ");
        self.after.walk_ast(out.reborrow())?;
        let list = self.order.list();
        let list = list.as_deref().unwrap_or("NULL::int");
        out.push_sql(&format!(
            " AS a, {list} AS list FROM (SELECT min(created_at) AS start, max(created_at) AS stop \
             FROM leads) AS times, generate_series(0, {last}) AS stretch, LATERAL (SELECT * FROM leads \
             WHERE created_at >= start + (stop - start) * (stretch + 0.5) / {STRETCHES} \
             ORDER BY created_at, id LIMIT {STRETCH}) AS leads",
            last = STRETCHES - 1
        ));
        push_order(self.order, self.backwards, &mut out)?;
        out.push_sql(") AS sample");
        Ok(())
    }
}

impl QueryFragment<Pg> for Gather {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT leads.id FROM (SELECT * FROM (");
        push(&self.query, out.reborrow())?;
        out.push_sql(") AS leads");
        if let Some(until) = &self.until {
            self.push_until(until, &mut out)?;
        }
        out.push_sql(" OFFSET 0) AS leads WHERE ");
        self.filter.walk_ast(out.reborrow())?;
        push_order(self.order, self.backwards, &mut out)?;
        push_window(&mut out, &self.limit, &self.offset)
    }
}

impl Gather {
    /// Not beyond a lead. The second condition is there for the planner: it takes a range of
    /// unknown ends for a third of all leads, and would not think it worth to ask the order's index
    /// for that. It takes a range with one more end for a ninth.
    fn push_until<'b>(
        &'b self,
        until: &'b LeadId,
        out: &mut AstPass<'_, 'b, Pg>,
    ) -> QueryResult<()> {
        let column = self.order.column();
        let descends = self.order.descends(self.backwards);
        let comparison = if descends { ">=" } else { "<=" };
        out.push_sql(&format!(
            " WHERE (leads.{column}, leads.id) {comparison} \
             (SELECT {column}, id FROM leads WHERE id = "
        ));
        out.push_bind_param::<Uuid, _>(until)?;
        out.push_sql(&format!(") AND leads.{column} <= (SELECT "));
        if descends {
            out.push_sql(&format!("max({column}) FROM leads)"));
        } else {
            out.push_sql(&format!("{column} FROM leads WHERE id = "));
            out.push_bind_param::<Uuid, _>(until)?;
            out.push_sql(")");
        }
        Ok(())
    }
}

fn push_conditions<'b>(
    filter: &'b Condition,
    search: &'b Condition,
    out: &mut AstPass<'_, 'b, Pg>,
) -> QueryResult<()> {
    out.push_sql(", ");
    filter.walk_ast(out.reborrow())?;
    out.push_sql(" AS f, ");
    search.walk_ast(out.reborrow())?;
    out.push_sql(" AS s");
    Ok(())
}

/// Leads without a value come last, or first where the page is read from its end.
fn push_order(order: LeadOrder, backwards: bool, out: &mut AstPass<'_, '_, Pg>) -> QueryResult<()> {
    let direction = if order.descends(backwards) {
        "DESC"
    } else {
        "ASC"
    };
    let nulls = match (order.has_nulls(), backwards) {
        (false, _) => "",
        (true, false) => " NULLS LAST",
        (true, true) => " NULLS FIRST",
    };
    out.push_sql(" ORDER BY leads.");
    out.push_identifier(order.column())?;
    out.push_sql(&format!(" {direction}{nulls}, leads.id {direction}"));
    Ok(())
}

/// A query inside another. As a function, because its type alone leaves open which dialect is
/// meant.
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

impl Query for Peek {
    type SqlType = Untyped;
}

impl Query for Walk {
    type SqlType = (Nullable<Uuid>, BigInt, BigInt, BigInt);
}

impl Query for Sample {
    type SqlType = (
        (BigInt, BigInt, Array<BigInt>),
        BigInt,
        (Array<Uuid>, Array<Integer>, Array<Nullable<Bool>>),
    );
}

impl Query for Gather {
    type SqlType = Uuid;
}

// Their text depends on filter and order: diesel is to look at it, not at the type.
impl QueryId for Peek {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

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
