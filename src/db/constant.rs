use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Nullable};

/// `TRUE` or `FALSE`, in the statement itself.
///
/// Diesel binds a boolean as a parameter. PostgreSQL's generic plan must then take it for as likely as
/// not, expects half the rows that there are, and looks dearer than it is: the statement is planned
/// anew at every execution.
#[derive(Debug, Clone, Copy)]
pub struct Constant(pub bool);

impl Expression for Constant {
    type SqlType = Nullable<Bool>;
}

impl QueryFragment<Pg> for Constant {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(if self.0 { "TRUE" } else { "FALSE" });
        Ok(())
    }
}

impl<From> AppearsOnTable<From> for Constant {}

impl<From> SelectableExpression<From> for Constant {}

impl ValidGrouping<()> for Constant {
    type IsAggregate = is_aggregate::Never;
}

/// Which of both is not in the type: statements are told apart by their text.
impl QueryId for Constant {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
