//! The revision of users, sessions and API keys, as an expression of a statement.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable};

/// The revision in a statement's snapshot, selected together with its rows. Diesel's own subquery would
/// bind a LIMIT as a parameter.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct CurrentRevision;

/// The expression's SQL.
pub(super) const CHECK: &str = "(SELECT revision FROM auth_revision)";

impl QueryFragment<Pg> for CurrentRevision {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(CHECK);
        Ok(())
    }
}

impl Expression for CurrentRevision {
    type SqlType = Nullable<BigInt>;
}

impl<T> AppearsOnTable<T> for CurrentRevision {}
impl<T> SelectableExpression<T> for CurrentRevision {}

impl ValidGrouping<()> for CurrentRevision {
    type IsAggregate = is_aggregate::Never;
}
