use std::panic::Location;
use std::pin::pin;

use diesel::dsl::Limit;
use diesel::query_dsl::methods::LimitDsl;
use diesel::result::{Error, QueryResult};
use diesel_async::methods::{ExecuteDsl, LoadQuery};
use futures_util::TryStreamExt;

use super::Connection;
use super::instrumentation::called_from;

/// Runs statements, as diesel-async's trait of the same name does, and notes the source location, by
/// which a slow one is logged.
pub trait RunQueryDsl: Sized {
    /// Runs it. Returns the number of changed rows.
    #[track_caller]
    fn execute<'query>(
        self,
        conn: &mut Connection,
    ) -> impl Future<Output = QueryResult<usize>> + Send
    where
        Self: ExecuteDsl<Connection> + 'query,
    {
        called_from(Location::caller(), || ExecuteDsl::execute(self, conn))
    }

    /// All its rows.
    #[track_caller]
    fn load<'query, U>(
        self,
        conn: &mut Connection,
    ) -> impl Future<Output = QueryResult<Vec<U>>> + Send
    where
        U: Send,
        Self: LoadQuery<'query, Connection, U> + 'query,
    {
        let running = called_from(Location::caller(), || self.internal_load(conn));
        async move { running.await?.try_collect().await }
    }

    /// Its first row. Errors: `NotFound` without one.
    #[track_caller]
    fn get_result<'query, U>(
        self,
        conn: &mut Connection,
    ) -> impl Future<Output = QueryResult<U>> + Send
    where
        U: Send,
        Self: LoadQuery<'query, Connection, U> + 'query,
    {
        let running = called_from(Location::caller(), || self.internal_load(conn));
        async move {
            let row = pin!(running.await?).try_next().await?;
            row.ok_or(Error::NotFound)
        }
    }

    /// The first of several rows. Errors: `NotFound` without one.
    #[track_caller]
    fn first<'query, U>(self, conn: &mut Connection) -> impl Future<Output = QueryResult<U>> + Send
    where
        U: Send,
        Self: LimitDsl,
        Limit<Self>: LoadQuery<'query, Connection, U> + 'query,
    {
        self.limit(1).get_result(conn)
    }
}

impl<Q> RunQueryDsl for Q {}
