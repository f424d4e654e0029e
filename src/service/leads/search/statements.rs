//! The statements of a page: each returns the whole page, or reports that it could not. They are
//! hand-written around queries of diesel, which does not support subqueries in FROM. LIMITs are literals:
//! for a parameter PostgreSQL plans for a tenth of all rows.

use diesel::deserialize;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::row::NamedRow;
use diesel::sql_types::{BigInt, Bool, Nullable, Untyped};

use crate::service::leads::expression::{Condition, IndexCondition, LeadQuery};
use crate::service::leads::order::LeadOrder;
use crate::service::leads::search::InIndex;
use crate::service::leads::{Columns, ListedLead};

/// The statement of a page: its leads, the rows to read, and the order.
pub(super) struct PageStatement {
    pub columns: Columns,
    pub rows: Rows,
    /// The condition that the rows must meet.
    pub rest: Condition,
    pub order: LeadOrder,
    pub backwards: bool,
    pub limit: usize,
    pub offset: i64,
}

/// The rows that a step reads, behind an optimization fence: further conditions change neither the rows
/// nor the plan that reads them.
pub(super) enum Rows {
    /// The first rows of an order: leads with a value, then leads without.
    Ordered {
        parts: Vec<LeadQuery<'static>>,
        most: usize,
    },
    /// The rows found by the index of `lead_search`, at most `most`.
    Searched {
        condition: IndexCondition,
        most: usize,
    },
    /// The rows found by an index of the leads, at most `most`.
    Ranged { condition: Condition, most: usize },
    /// All leads, or all that the index of `lead_search` finds.
    All(Option<InIndex>),
}

/// A row of the result: a lead or, after the leads of a page that is not full, a flag that is true if
/// there are no more.
pub(super) enum PageRow {
    Lead(Box<ListedLead>),
    End { is_whole: bool },
}

impl QueryFragment<Pg> for PageStatement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.rows.push_found(&mut out)?;
        out.push_sql("(SELECT ");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(", NULL::boolean AS is_whole FROM (");
        self.rows.push_rows(&mut out)?;
        out.push_sql(") AS leads WHERE ");
        self.rest.walk_ast(out.reborrow())?;
        if !matches!(self.rows, Rows::Ordered { .. }) {
            self.push_order(&mut out)?;
        }
        out.push_sql(&format!(" LIMIT {}", self.limit));
        if self.offset > 0 {
            out.push_sql(" OFFSET ");
            out.push_bind_param::<BigInt, _>(&self.offset)?;
        }
        out.push_sql(") UNION ALL (SELECT ");
        out.push_sql(&"NULL, ".repeat(self.columns.count()));
        self.rows.push_is_whole(&mut out)?;
        out.push_sql(&format!(") LIMIT {}", self.limit));
        Ok(())
    }
}

impl PageStatement {
    /// Adds the order: leads without a value come last, or first if the page is read from its end.
    fn push_order(&self, out: &mut AstPass<'_, '_, Pg>) -> QueryResult<()> {
        let direction = match self.order.descends(self.backwards) {
            true => "DESC",
            false => "ASC",
        };
        let nulls = match (self.order.has_nulls(), self.backwards) {
            (false, _) => "",
            (true, false) => " NULLS LAST",
            (true, true) => " NULLS FIRST",
        };
        out.push_sql(" ORDER BY leads.");
        out.push_identifier(self.order.column())?;
        out.push_sql(&format!(" {direction}{nulls}, leads.id {direction}"));
        Ok(())
    }
}

impl Rows {
    /// The CTE that is read before the page: the ids found by the index, or the number of rows.
    fn push_found<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Searched { condition, most } => {
                out.push_sql("WITH found AS MATERIALIZED (SELECT ARRAY(SELECT lead_id FROM lead_search WHERE ");
                condition.walk_ast(out.reborrow())?;
                out.push_sql(&format!(" LIMIT {}) AS ids) ", most + 1));
            }
            Self::Ranged { condition, most } => {
                out.push_sql("WITH found AS MATERIALIZED (SELECT count(*) AS number FROM (SELECT FROM leads WHERE ");
                condition.walk_ast(out.reborrow())?;
                out.push_sql(&format!(" LIMIT {}) AS leads) ", most + 1));
            }
            Self::Ordered { .. } | Self::All(_) => {}
        }
        Ok(())
    }

    fn push_rows<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Ordered { parts, most } => push_ordered(parts, *most, out),
            Self::Searched { most, .. } => {
                out.push_sql(&format!(
                    "SELECT * FROM leads WHERE id = ANY ((SELECT ids FROM found)::uuid[]) \
                     AND (SELECT cardinality(ids) FROM found) <= {most} OFFSET 0"
                ));
                Ok(())
            }
            Self::Ranged { condition, most } => {
                out.push_sql("SELECT * FROM leads WHERE ");
                condition.walk_ast(out.reborrow())?;
                out.push_sql(&format!(
                    " AND (SELECT number FROM found) <= {most} LIMIT {most}"
                ));
                Ok(())
            }
            Self::All(condition) => {
                out.push_sql("SELECT leads.* FROM leads");
                if let Some(condition) = condition {
                    out.push_sql(" WHERE ");
                    condition.walk_ast(out.reborrow())?;
                }
                out.push_sql(" OFFSET 0");
                Ok(())
            }
        }
    }

    /// The expression that is true if there are no more rows than were read.
    fn push_is_whole<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Ordered { parts, most } => {
                out.push_sql("(SELECT count(*) FROM (");
                push_ordered(parts, *most, out)?;
                out.push_sql(&format!(") AS leads) < {most}"));
            }
            Self::Searched { most, .. } => {
                out.push_sql(&format!("(SELECT cardinality(ids) FROM found) <= {most}"));
            }
            Self::Ranged { most, .. } => {
                out.push_sql(&format!("(SELECT number FROM found) <= {most}"));
            }
            Self::All(_) => out.push_sql("TRUE"),
        }
        Ok(())
    }
}

fn push_ordered<'b>(
    parts: &'b [LeadQuery<'static>],
    most: usize,
    out: &mut AstPass<'_, 'b, Pg>,
) -> QueryResult<()> {
    if let [part] = parts {
        push(part, out.reborrow())?;
    } else {
        for (at, part) in parts.iter().enumerate() {
            out.push_sql(if at == 0 {
                "SELECT * FROM (("
            } else {
                ") UNION ALL ("
            });
            push(part, out.reborrow())?;
            out.push_sql(&format!(" LIMIT {most}"));
        }
        out.push_sql(")) AS leads");
    }
    out.push_sql(&format!(" LIMIT {most}"));
    Ok(())
}

/// Adds a subquery. A function, because the type of the query alone leaves the dialect open.
fn push<'b>(query: &'b impl QueryFragment<Pg>, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    query.walk_ast(out)
}

impl Query for PageStatement {
    type SqlType = Untyped;
}

/// No static id: the text depends on filter and order, not only on the type.
impl QueryId for PageStatement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryableByName<Pg> for PageRow {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let is_whole = NamedRow::get::<Nullable<Bool>, Option<bool>>(row, "is_whole")?;
        Ok(match is_whole {
            Some(is_whole) => Self::End { is_whole },
            None => Self::Lead(Box::new(ListedLead::build(row)?)),
        })
    }
}
