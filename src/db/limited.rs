use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// A query with its LIMIT as a literal in the statement.
///
/// Diesel binds its LIMIT as a parameter. PostgreSQL's generic plan must then guess the number of rows
/// and looks more expensive than it is, so that the statement is planned at every execution: a page of
/// 50 rows costs a quarter more. There are few page sizes, and so few statements.
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

/// No static id: the number is not in the type, so that statements are cached by their text.
impl<Q> QueryId for Limited<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
