use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Uuid};

use crate::service::leads::order::{LeadOrder, LeadQuery};
use crate::service::leads::{LeadFilter, LeadOrderField, LeadStatus};

/// The ids of the first leads of several lists, merged into one list of the same order.
///
/// An index that begins with the status has the leads of each status in order, but not those of
/// several. PostgreSQL would walk the order of all leads instead, and a probability or a score goes
/// with the status: the leads that are asked for may all lie at its far end.
pub(super) struct Merged {
    /// One for each status, in order.
    pub lists: Vec<LeadQuery<'static>>,
    pub order: LeadOrder,
    pub backwards: bool,
    pub limit: i64,
    pub offset: i64,
}

/// The filter for each of the statuses that it names, each once, if there are several and an index has
/// each status's leads in this order. The newest are in no need of it: the statuses lie among each
/// other, and what a walk passes over is told by the order's index.
pub(super) fn by_status(filter: &LeadFilter, order: LeadOrder) -> Option<Vec<LeadFilter>> {
    let is_merged = matches!(
        order.field,
        LeadOrderField::ConversionProbability | LeadOrderField::Score
    );
    let mut statuses: Vec<LeadStatus> = filter.status.clone().filter(|_| is_merged)?;
    statuses.sort();
    statuses.dedup();
    let one = |status| LeadFilter {
        status: Some(vec![status]),
        ..filter.clone()
    };
    (statuses.len() > 1).then(|| statuses.into_iter().map(one).collect())
}

impl QueryFragment<Pg> for Merged {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let column = self.order.column();
        let descending = self.order.descends(self.backwards);
        let direction = if descending { "DESC" } else { "ASC" };
        // It stands in the text, so that a generic plan knows it, too: one of few numbers.
        let most = (self.limit + self.offset)
            .unsigned_abs()
            .next_power_of_two();
        for (index, list) in self.lists.iter().enumerate() {
            let start = if index == 0 {
                "SELECT id FROM ("
            } else {
                " UNION ALL "
            };
            out.push_sql(&format!("{start}SELECT id, {column} FROM ("));
            push(list, out.reborrow())?;
            out.push_sql(&format!(" LIMIT {most}) AS list"));
        }
        out.push_sql(&format!(
            ") AS lists ORDER BY {column} {direction}, id {direction} LIMIT "
        ));
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(" OFFSET ");
        out.push_bind_param::<BigInt, _>(&self.offset)
    }
}

/// A query inside another. As a function, because its type alone leaves open which dialect is meant.
fn push<'b>(query: &'b impl QueryFragment<Pg>, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    query.walk_ast(out)
}

impl Query for Merged {
    type SqlType = Uuid;
}

// Its text depends on filter and order: diesel is to look at it, not at the type.
impl QueryId for Merged {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
