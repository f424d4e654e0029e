//! A connection to PostgreSQL. Every statement of the program passes here: it ends by its request's
//! deadline, carries the pending check of the revision, and its error is translated.

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use diesel::ConnectionResult;
use diesel::connection::{CacheSize, Instrumentation};
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::{ConnectionError, DatabaseErrorKind, Error, QueryResult};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, AsyncPgConnection,
    SimpleAsyncConnection, TransactionManager,
};
use futures_util::TryStreamExt;
use futures_util::future::{BoxFuture, OptionFuture, join};
use futures_util::stream::{self, BoxStream};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_postgres::CancelToken;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::config::{ConnectionConfig, TimeLimits};
use super::error::DbError;
use super::instrumentation::{self, QueryInstrumentation};
use super::query_stats;
use super::request_context::RequestContext;

/// The most prepared statements of a connection. It keeps each one on both sides and for good, and
/// every new combination of filter, order, columns and page size is a statement. Beyond this number
/// the connection is closed instead of reused: at 20 to 50 kB each, that is about 20 MB at worst.
const MOST_STATEMENTS: usize = 500;

/// Time limit of a request to the server besides statements: a cancel request, a ping.
const ASIDE: Duration = Duration::from_secs(2);

/// Time between two cancel requests for a statement: the first one may have come between two
/// statements.
const BETWEEN_CANCELS: Duration = Duration::from_millis(100);

/// The time that a cancelled statement has to end. Without an answer by then PostgreSQL counts as
/// frozen, and the connection is given up.
pub const CANCEL_GRACE: Duration = Duration::from_millis(800);

/// The system's words for a full disk, in PostgreSQL's message: diesel keeps no SQLSTATE. A server whose
/// `lc_messages` is not English says it otherwise.
const NO_SPACE: &str = "No space left on device";

/// One connection, as every statement of the program uses it.
pub struct Connection {
    pg: AsyncPgConnection,
    limits: TimeLimits,
    prepared: Arc<AtomicUsize>,
    /// Set once a change was refused because the server only reads.
    is_read_only: AtomicBool,
    tls: MakeRustlsConnect,
    /// The request that uses it at the moment.
    pub(super) request: RequestContext,
}

impl Connection {
    /// Opens a connection. Statements that take at least `slow` are logged.
    pub(super) async fn open(
        target: &ConnectionConfig,
        slow: Option<Duration>,
    ) -> Result<Self, DbError> {
        let (mut pg, limits) = target.open().await?.driven().await?;
        let prepared = Arc::new(AtomicUsize::new(0));
        pg.set_instrumentation(QueryInstrumentation::new(prepared.clone(), slow));
        Ok(Self {
            pg,
            limits,
            prepared,
            is_read_only: AtomicBool::default(),
            tls: target.tls(),
            request: RequestContext::default(),
        })
    }

    /// True if it has prepared `MOST_STATEMENTS` statements.
    pub(super) fn is_full(&self) -> bool {
        self.prepared.load(Ordering::Relaxed) > MOST_STATEMENTS
    }

    /// True if the server refused a change because it only reads: a standby, or a primary that has
    /// become one, perhaps behind an address that leads to another server by now.
    pub(super) fn is_read_only(&self) -> bool {
        self.is_read_only.load(Ordering::Relaxed)
    }

    /// A handle that cancels its statements from another task.
    pub fn canceller(&self) -> Canceller {
        Canceller {
            token: self.pg.cancel_token(),
            tls: self.tls.clone(),
        }
    }

    /// Checks the revision of the request's authentication, unless a statement has already done so.
    pub(super) async fn check(&mut self) -> Result<(), DbError> {
        let checked = self.run(ready(Ok(()))).await;
        checked.map_err(|error| {
            let meaning = DbError::from_diesel(error);
            meaning.unwrap_or_else(|error| DbError::Unavailable(error.to_string()))
        })
    }

    /// Runs reads of several statements in a transaction that sees one snapshot.
    pub async fn snapshot<T, E: From<Error>>(
        &mut self,
        read: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        AnsiTransactionManager::begin_transaction_sql(self, begin).await?;
        let outcome = Box::pin(read(self)).await;
        // Nothing was written, so that a rollback is enough.
        let ended = AnsiTransactionManager::rollback_transaction(self).await;
        let read = outcome?;
        ended?;
        Ok(read)
    }

    /// Lifts the time limits of statements and of rests between them, until the transaction ends.
    pub async fn lift_time_limits(&mut self) -> QueryResult<()> {
        let lift =
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
        self.batch_execute(lift).await
    }

    /// Runs a statement until the request's deadline; then it is cancelled, repeatedly until it ends.
    async fn run<T>(&self, statement: impl Future<Output = QueryResult<T>>) -> QueryResult<T> {
        let Some(deadline) = self.request.deadline else {
            return self.finish(statement).await;
        };
        if self.request.is_over() {
            return Err(late());
        }
        let mut statement = pin!(self.finish(statement));
        if let Ok(outcome) = timeout_at(deadline, &mut statement).await {
            return outcome;
        }
        // Boxed because it is rare: it would make every statement's future larger.
        let cancelling = Box::pin(async {
            let canceller = self.canceller();
            loop {
                canceller.cancel().await;
                sleep(BETWEEN_CANCELS).await;
            }
        });
        tokio::select! {
            outcome = &mut statement => outcome,
            () = cancelling => Err(late()),
            () = sleep_until(deadline + CANCEL_GRACE) => Err(late()),
        }
    }

    /// Runs a statement, and with it the check of the revision if that is pending: both are sent at
    /// once, so that the check costs no round trip. The check runs second, so that it also covers the
    /// rows that the statement has read.
    async fn finish<T>(&self, statement: impl Future<Output = QueryResult<T>>) -> QueryResult<T> {
        let began = Instant::now();
        let check = OptionFuture::from(self.request.check(&self.pg));
        let (outcome, checked) = join(statement, check).await;
        let outcome = checked.unwrap_or(Ok(())).and(outcome);
        match outcome {
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(Box::pin(self.explained(error, began.elapsed())).await),
        }
    }

    /// Loads all rows, so that errors after the first row are reported here, too.
    fn loaded<'conn>(
        &'conn self,
        running: BoxFuture<'conn, QueryResult<BoxStream<'static, QueryResult<Row>>>>,
    ) -> BoxFuture<'conn, QueryResult<Rows>> {
        Box::pin(self.run(async move {
            let mut stream = running.await?;
            let began = Instant::now();
            let mut rows = Vec::new();
            while let Some(row) = stream.try_next().await? {
                rows.push(Ok(row));
            }
            query_stats::add_rows(rows.len() as u64, began.elapsed());
            Ok(stream::iter(rows))
        }))
    }

    fn executed<'conn>(
        &'conn self,
        running: BoxFuture<'conn, QueryResult<usize>>,
    ) -> BoxFuture<'conn, QueryResult<usize>> {
        Box::pin(self.run(async move {
            // Outside of a transaction a change cannot be rolled back.
            if let Some(check) = self.request.check(&self.pg) {
                check.await?;
            }
            let changed = running.await?;
            query_stats::add_rows(changed as u64, Duration::ZERO);
            Ok(changed)
        }))
    }

    /// Translates the error. Diesel distinguishes eight kinds and keeps no SQLSTATE of any other, and
    /// PostgreSQL's message may be in any language. An unknown kind is therefore classified by the time
    /// that the statement took and by the state of the connection.
    async fn explained(&self, error: Error, took: Duration) -> Error {
        let Error::DatabaseError(kind, said) = &error else {
            return error;
        };
        let is_over = |limit: Duration| !limit.is_zero() && took >= limit;
        let reason = || DbError::Unavailable(said.message().to_owned());
        let (kind, meaning) = match kind {
            DatabaseErrorKind::UniqueViolation => ("unique_violation", None),
            DatabaseErrorKind::ForeignKeyViolation => ("foreign_key_violation", None),
            DatabaseErrorKind::NotNullViolation => ("not_null_violation", None),
            DatabaseErrorKind::CheckViolation => ("check_violation", None),
            DatabaseErrorKind::SerializationFailure => ("serialization_failure", None),
            DatabaseErrorKind::ReadOnlyTransaction => {
                self.is_read_only.store(true, Ordering::Relaxed);
                ("read_only", Some(reason()))
            }
            DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => {
                ("connection_lost", Some(reason()))
            }
            _ if said.message().contains(NO_SPACE) => ("disk_full", None),
            _ if self.request.is_over() => ("statement_timeout", Some(DbError::Late)),
            _ if is_over(self.limits.statement) => {
                ("statement_timeout", Some(DbError::StatementTimeout))
            }
            _ if is_over(self.limits.lock) => ("lock_timeout", Some(DbError::LockTimeout)),
            _ if !self.is_alive().await => ("connection_lost", Some(reason())),
            _ => ("other", None),
        };
        instrumentation::count(kind);
        meaning.map_or(error, DbError::into_diesel)
    }

    /// Pings the server. A server that ends a session reports an error and closes the connection.
    async fn is_alive(&self) -> bool {
        let mut pg = &self.pg;
        let answer = timeout(ASIDE, pg.batch_execute(""));
        matches!(answer.await, Ok(Ok(())))
    }
}

fn late() -> Error {
    DbError::Late.into_diesel()
}

type Row = <AsyncPgConnection as AsyncConnectionCore>::Row<'static, 'static>;
type Rows = stream::Iter<std::vec::IntoIter<QueryResult<Row>>>;

impl AsyncConnectionCore for Connection {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = Rows;
    type Row<'conn, 'query> = Row;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        let conn = &*self;
        conn.loaded(AsyncConnectionCore::load(&mut &conn.pg, source))
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        let conn = &*self;
        conn.executed(AsyncConnectionCore::execute_returning_count(
            &mut &conn.pg,
            source,
        ))
    }
}

/// Begins and ends transactions. These statements are not cancelled: a cancelled COMMIT would leave it
/// unknown whether the change was made.
impl SimpleAsyncConnection for Connection {
    // Boxed: a future that uses a transaction or takes a connection contains this one several times.
    fn batch_execute(&mut self, sql: &str) -> impl Future<Output = QueryResult<()>> + Send {
        let conn = &*self;
        Box::pin(async move {
            let mut pg = &conn.pg;
            // The pending check comes first, not with it: a transaction that was begun although the check
            // fails would be ended by nobody, and go back to the pool.
            conn.finish(ready(Ok(()))).await?;
            conn.finish(pg.batch_execute(sql)).await
        })
    }
}

impl AsyncConnection for Connection {
    type TransactionManager = AnsiTransactionManager;

    async fn establish(_: &str) -> ConnectionResult<Self> {
        let message = "connections are made by the pool";
        Err(ConnectionError::BadConnection(message.to_owned()))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        self.pg.transaction_state()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.pg.instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.pg.set_instrumentation(instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.pg.set_prepared_statement_cache_size(size);
    }
}

impl PoolableConnection for Connection {
    fn is_broken(&mut self) -> bool {
        self.pg.is_broken()
    }
}

/// Ends the statement that runs on a connection, if one does.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    tls: MakeRustlsConnect,
}

impl Canceller {
    /// Sends a cancel request. A failure is ignored: the statement has a timeout of its own.
    pub async fn cancel(&self) {
        let telling = self.token.cancel_query(self.tls.clone());
        let _ = timeout(ASIDE, telling).await;
    }
}
