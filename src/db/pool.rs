//! The pool of connections.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, PoolError, QueueMode};
use diesel_async::SimpleAsyncConnection;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::auth_revision::AuthRevision;
use super::config::{ConnectionConfig, DatabaseOptions};
use super::error::DbError;
use super::fair_queue::{FairQueue, NoPermit};
use super::instrumentation;
use super::party::Party;
use super::pool_options::PoolOptions;
use super::pooled::{Manager, Permits, PooledConnection};
use super::request_context::RequestContext;

/// The database, as the program sees it: a pool of connections. Clones share the pool.
#[derive(Clone)]
pub struct Db {
    pool: managed::Pool<Manager>,
    /// Requests wait here, so that none waits in the pool.
    queue: FairQueue,
    patience: Duration,
    server_log: Option<Arc<Path>>,
    last_ping: Arc<LastPing>,
}

/// The time of the last ping, and true if the server answered.
type LastPing = Mutex<Option<(Instant, bool)>>;

/// The time for which the result of a ping is valid, and the time limit of a ping.
const PING: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The pool's load, in connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStatus {
    /// The most there may be.
    pub max: usize,
    /// Open connections.
    pub size: usize,
    /// Connections in use.
    pub in_use: usize,
    /// Requests that wait for one.
    pub waiting: usize,
}

impl Db {
    /// Makes the pool and opens one connection, so that a wrong URL, a wrong password or an unreachable
    /// server is one clear error at start.
    ///
    /// Errors: all of [`DbError`] but `Migration`.
    pub async fn connect(
        database: impl Into<DatabaseOptions>,
        options: &PoolOptions,
    ) -> Result<Db, DbError> {
        let target = ConnectionConfig::new(&database.into(), &options.settings(), options.connect)?;
        let server = target.server().to_owned();
        let pool: managed::Pool<Manager> = managed::Pool::builder(Manager {
            target,
            slow: options.slow,
        })
        .max_size(options.size)
        .wait_timeout(Some(options.wait))
        .create_timeout(Some(options.connect))
        .recycle_timeout(Some(options.wait))
        // Last in, first out: few connections stay warm, the others stay idle.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| DbError::Unavailable(error.to_string()))?;
        match pool.get().await {
            Ok(connection) => {
                drop(connection);
                Ok(Db {
                    pool,
                    queue: FairQueue::new(options.size, options.wait),
                    patience: options.wait + options.connect,
                    server_log: options.server_log.as_deref().map(Arc::from),
                    last_ping: Arc::default(),
                })
            }
            Err(PoolError::Backend(error)) => Err(error),
            Err(_) => Err(DbError::Unreachable {
                server,
                reason: format!("no answer within {} ms", options.connect.as_millis()),
            }),
        }
    }

    /// A connection for a request, in its turn. Errors: `Unavailable`, `Late`.
    pub(super) async fn take(&self, request: &RequestContext) -> Result<PooledConnection, DbError> {
        if request.is_over() {
            return Err(DbError::Late);
        }
        let permits = self.permits(request).await?;
        let unavailable = |reason: String| Err(DbError::Unavailable(reason));
        // deadpool bounds each step; this bounds the sum, if many idle connections are dead.
        let until = Instant::now() + self.patience;
        let until = request
            .deadline
            .map_or(until, |deadline| deadline.min(until));
        match timeout_at(until, self.pool.get()).await {
            Ok(Ok(object)) => Ok(PooledConnection::new(object, permits, request.clone())),
            Ok(Err(PoolError::Backend(error))) => {
                instrumentation::count("no_connection");
                match (error, &self.server_log) {
                    (error @ DbError::Unavailable(_), _) => Err(error),
                    (DbError::Unreachable { reason, .. }, Some(log)) => unavailable(format!(
                        "the program's own PostgreSQL does not answer ({reason}), see its log {}",
                        log.display()
                    )),
                    (error, _) => unavailable(error.to_string()),
                }
            }
            Err(_) if request.is_over() => Err(DbError::Late),
            Ok(Err(_)) | Err(_) => {
                instrumentation::count("no_answer");
                unavailable("PostgreSQL does not answer".into())
            }
        }
    }

    /// Waits for the permits to take a connection.
    async fn permits(&self, request: &RequestContext) -> Result<Permits, DbError> {
        let of_request = request.permit().await?;
        match self.queue.enter(request.party, request.deadline).await {
            Ok(permit) => Ok((of_request, permit)),
            Err(NoPermit::Late) => Err(DbError::Late),
            Err(NoPermit::Exhausted) => {
                instrumentation::count("pool_exhausted");
                Err(DbError::Unavailable("all connections are in use".into()))
            }
        }
    }

    /// Pings the server. Concurrent callers share one ping. Errors: `Unavailable`.
    pub async fn ping(&self) -> Result<(), DbError> {
        let (fresh, patience) = PING;
        let mut last = self.last_ping.lock().await;
        let is_there = match *last {
            Some((at, is_there)) if at.elapsed() < fresh => is_there,
            _ => {
                let is_there = self.is_there(patience).await;
                *last = Some((Instant::now(), is_there));
                is_there
            }
        };
        let unavailable = || DbError::Unavailable("PostgreSQL does not answer".into());
        is_there.then_some(()).ok_or_else(unavailable)
    }

    async fn is_there(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        // As a request with a deadline, so that a connection without an answer is closed.
        let (db, waiting) = self.request(Party::Program, deadline, AuthRevision::default());
        let asked = async {
            let mut connection = db.connection().await.ok()?;
            connection.batch_execute("SELECT 1").await.ok()
        };
        let asked = timeout_at(deadline, asked);
        let _waiting = waiting;
        matches!(asked.await, Ok(Some(())))
    }

    /// The target of the pool's connections, for a connection outside of the pool.
    pub(super) fn target(&self) -> &ConnectionConfig {
        &self.pool.manager().target
    }

    /// The pool's load now.
    pub fn status(&self) -> PoolStatus {
        let status = self.pool.status();
        let (in_use, waiting) = self.queue.status();
        PoolStatus {
            max: status.max_size,
            size: status.size,
            in_use,
            waiting,
        }
    }
}
