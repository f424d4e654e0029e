//! Cached authentication that is valid for one revision, checked before any row is used.

use std::sync::{Arc, OnceLock};

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable};

use super::error::DbError;
use super::pool::Db;
use super::run::RunQueryDsl;
use super::{Connection, PooledConnection};

/// That the users, their sessions and API keys are still as they were at a revision. By default
/// nothing is taken for granted. Clones share what the database said.
///
/// Nobody gets a connection before that is confirmed, but through [`Db::unconfirmed_connection`]:
/// whoever reads with that one reads the revision in the same statement, and has it judged before
/// anything that was read is used. That spares a statement for each request.
#[derive(Debug, Clone, Default)]
pub struct Premise(Option<Arc<Supposed>>);

#[derive(Debug)]
struct Supposed {
    revision: i64,
    verdict: OnceLock<Verdict>,
}

#[derive(Debug, Clone)]
enum Verdict {
    Holds,
    Outdated,
    /// The database could not be asked.
    Unknown(String),
}

/// The revision as of a statement, to be selected beside what that reads. Diesel's own way binds a
/// LIMIT as a parameter.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct UsersRevision;

impl QueryFragment<Pg> for UsersRevision {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(SELECT revision FROM auth_revision)");
        Ok(())
    }
}

impl Expression for UsersRevision {
    type SqlType = Nullable<BigInt>;
}

impl<T> AppearsOnTable<T> for UsersRevision {}
impl<T> SelectableExpression<T> for UsersRevision {}

impl ValidGrouping<()> for UsersRevision {
    type IsAggregate = is_aggregate::Never;
}

impl Premise {
    /// That this is the revision.
    pub fn of(revision: i64) -> Self {
        Self(Some(Arc::new(Supposed {
            revision,
            verdict: OnceLock::new(),
        })))
    }

    /// Tells whether the revision has still to be checked.
    pub fn is_open(&self) -> bool {
        let supposed = self.0.as_ref();
        supposed.is_some_and(|supposed| supposed.verdict.get().is_none())
    }

    /// Judges by the revision that was read. What was judged before stands.
    ///
    /// Errors: `Outdated` if it is another one, `Unavailable` if the database could not be asked.
    pub fn judge(&self, revision: Option<i64>) -> Result<(), DbError> {
        self.settle(|supposed| match revision {
            Some(revision) if revision == supposed => Verdict::Holds,
            _ => Verdict::Outdated,
        })
    }

    /// Asks the database, if that has still to be done. Errors: like [`Premise::judge`].
    pub async fn confirm(&self, conn: &mut Connection) -> Result<(), DbError> {
        if !self.is_open() {
            return self.verdict();
        }
        match diesel::select(UsersRevision).get_result(conn).await {
            Ok(revision) => self.judge(revision),
            Err(error) => self.settle(|_| Verdict::Unknown(error.to_string())),
        }
    }

    /// Gives up asking, since there is no connection.
    fn give_up(&self, error: &DbError) {
        let _ = self.settle(|_| Verdict::Unknown(error.to_string()));
    }

    fn settle(&self, judge: impl FnOnce(i64) -> Verdict) -> Result<(), DbError> {
        if let Some(supposed) = &self.0 {
            supposed.verdict.get_or_init(|| judge(supposed.revision));
        }
        self.verdict()
    }

    fn verdict(&self) -> Result<(), DbError> {
        let supposed = self.0.as_ref();
        match supposed.and_then(|supposed| supposed.verdict.get()) {
            None | Some(Verdict::Holds) => Ok(()),
            Some(Verdict::Outdated) => Err(DbError::Outdated),
            Some(Verdict::Unknown(reason)) => Err(DbError::Unavailable(reason.clone())),
        }
    }
}

impl Db {
    /// The cached authentication that this one's request relies on.
    pub fn premise(&self) -> &Premise {
        &self.errand().premise
    }

    /// Takes a connection out of the pool; it goes back when it is dropped. What the request takes
    /// for granted is confirmed by then.
    ///
    /// Errors: `Unavailable`; after [`PoolOptions::wait`](super::PoolOptions::wait) when all are in
    /// use, at once when the server is down, after `wait` and `connect` together when it no longer
    /// answers. `Outdated`.
    pub async fn connection(&self) -> Result<PooledConnection, DbError> {
        let mut connection = self.unconfirmed_connection().await?;
        self.premise().confirm(&mut connection).await?;
        Ok(connection)
    }

    /// A connection for whoever confirms what the request takes for granted with what is read:
    /// see [`Premise`]. Errors: `Unavailable`, like [`Db::connection`].
    pub async fn unconfirmed_connection(&self) -> Result<PooledConnection, DbError> {
        let connection = self.pooled().await;
        connection.inspect_err(|error| self.premise().give_up(error))
    }

    /// Makes sure of what the request takes for granted, unless that is done.
    /// Errors: like [`Db::connection`].
    pub async fn confirm(&self) -> Result<(), DbError> {
        if self.premise().is_open() {
            self.connection().await?;
        }
        self.premise().verdict()
    }
}
