use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// Declares a cursor over the rows of a query, in the transaction that is open: PostgreSQL keeps its
/// place, so that any number of rows is read in a constant memory.
pub struct DeclareCursor<Q>(pub Q);

/// The next rows of the cursor over a query of this type.
pub struct FetchCursor<Q> {
    rows: usize,
    query: PhantomData<fn() -> Q>,
}

impl<Q> Clone for FetchCursor<Q> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q> Copy for FetchCursor<Q> {}

impl<Q> DeclareCursor<Q> {
    /// Fetches the next rows, at most so many.
    pub fn fetch(&self, rows: usize) -> FetchCursor<Q> {
        FetchCursor {
            rows,
            query: PhantomData,
        }
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for DeclareCursor<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("DECLARE rows NO SCROLL CURSOR FOR ");
        self.0.walk_ast(out)
    }
}

impl<Q> QueryFragment<Pg> for FetchCursor<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Prepared, it would keep the columns of the first cursor.
        out.unsafe_to_cache_prepared();
        out.push_sql(&format!("FETCH {} FROM rows", self.rows));
        Ok(())
    }
}

impl<Q: Query> Query for FetchCursor<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for DeclareCursor<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> QueryId for FetchCursor<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
