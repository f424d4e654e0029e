use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// A query that ends after a number of rows which stands in the statement itself.
///
/// Diesel binds its LIMIT as a parameter. PostgreSQL's generic plan must then guess how many rows
/// are wanted, looks dearer than it is, and the statement is planned anew at every execution: a
/// page of 50 rows costs a quarter more. Page sizes are few, so this makes few statements.
pub struct Limited<Q> {
    query: Q,
    rows: usize,
}

impl<Q> Limited<Q> {
    /// The first `rows` rows of a query that has no limit of its own.
    pub fn new(query: Q, rows: usize) -> Self {
        Self { query, rows }
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Limited<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(&format!(" LIMIT {}", self.rows));
        Ok(())
    }
}

impl<Q: Query> Query for Limited<Q> {
    type SqlType = Q::SqlType;
}

/// The number is not in the type: statements are told apart by their text.
impl<Q> QueryId for Limited<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
