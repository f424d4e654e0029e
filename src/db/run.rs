use std::future::Future;
use std::panic::Location;
use std::time::{Duration, Instant};

use diesel::dsl::Limit;
use diesel::query_dsl::methods::LimitDsl;
use diesel::result::{Error, QueryResult};
use diesel_async::methods::{ExecuteDsl, LoadQuery};
use futures_util::TryStreamExt;

use super::Connection;
use super::{tally, watch};

/// Runs statements, as diesel-async's trait of the same name does, and sees what that one cannot:
/// from where a statement is run, how many rows came, and what went wrong after the first ones.
pub trait RunQueryDsl: Sized {
    /// Runs it. Returns how many rows it changed.
    #[track_caller]
    fn execute<'query>(
        self,
        conn: &mut Connection,
    ) -> impl Future<Output = QueryResult<usize>> + Send
    where
        Self: ExecuteDsl<Connection> + 'query,
    {
        let running = watch::called_from(Location::caller(), || ExecuteDsl::execute(self, conn));
        async move {
            let changed = running.await?;
            tally::add_rows(changed as u64, Duration::ZERO);
            Ok(changed)
        }
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
        let running = watch::called_from(Location::caller(), || self.internal_load(conn));
        async move {
            let stream = running.await?;
            let began = Instant::now();
            let rows: Vec<U> = stream.try_collect().await.inspect_err(watch::count_error)?;
            tally::add_rows(rows.len() as u64, began.elapsed());
            Ok(rows)
        }
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
        let running = watch::called_from(Location::caller(), || self.internal_load(conn));
        async move {
            let mut stream = std::pin::pin!(running.await?);
            let began = Instant::now();
            let row = stream.try_next().await.inspect_err(watch::count_error)?;
            tally::add_rows(row.is_some().into(), began.elapsed());
            row.ok_or(Error::NotFound)
        }
    }

    /// The first row of many. Errors: `NotFound` without one.
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
