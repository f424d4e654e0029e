//! A connection of the pool: how it is opened, when it may be reused, and how it is returned.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, RecycleError, RecycleResult};
use diesel_async::SimpleAsyncConnection;
use diesel_async::pooled_connection::PoolableConnection;

use super::config::ConnectionConfig;
use super::connection::Connection;
use super::error::DbError;
use super::fair_queue::Permit;
use super::request_context::{RequestContext, RequestPermit};

/// A connection that was last used this long ago is pinged before it is reused; a more recent one is
/// only checked for a closed socket. Under load that saves a round trip per request, and a restart of
/// the server is still noticed, because it closes the socket.
const REST: Duration = Duration::from_secs(1);

/// A connection of the pool, returned when it is dropped. If it is dropped inside a transaction (its
/// request was cancelled), or after its request's deadline, it is closed instead, so that PostgreSQL
/// rolls back and frees the locks at once.
pub struct PooledConnection {
    /// Always there until `drop` takes it.
    object: Option<Object<Manager>>,
    /// Released after the connection: the next holder may need its slot in the pool.
    permits: Option<Permits>,
}

/// The permits of a connection: one of the request's few, and one of the pool's.
pub(super) type Permits = (Option<RequestPermit>, Permit);

impl PooledConnection {
    pub(super) fn new(
        mut object: Object<Manager>,
        permits: Permits,
        request: RequestContext,
    ) -> Self {
        object.request = request;
        Self {
            object: Some(object),
            permits: Some(permits),
        }
    }
}

impl Deref for PooledConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.object.as_deref().expect("there until dropped")
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut Connection {
        self.object.as_deref_mut().expect("there until dropped")
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else {
            return;
        };
        if object.request.is_over() {
            // A statement may still run on it, which would delay the next user.
            let canceller = object.canceller();
            drop(Object::take(object));
            // Its permits are released once the server has been told: a client that keeps sending
            // requests and disconnecting runs no more statements than one that waits.
            let permits = self.permits.take();
            tokio::spawn(async move {
                canceller.cancel().await;
                drop(permits);
            });
            return;
        }
        if object.is_broken() {
            drop(Object::take(object));
        } else {
            object.request = RequestContext::default();
        }
    }
}

/// Makes connections for the pool, and decides whether one may be used again.
pub(super) struct Manager {
    pub(super) target: ConnectionConfig,
    pub(super) slow: Option<Duration>,
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = DbError;

    async fn create(&self) -> Result<Connection, DbError> {
        // Every future that takes a connection contains this one three times: boxed, it makes each
        // waiting request 25 kB smaller.
        Box::pin(Connection::open(&self.target, self.slow)).await
    }

    async fn recycle(
        &self,
        connection: &mut Connection,
        metrics: &Metrics,
    ) -> RecycleResult<DbError> {
        if connection.is_broken() {
            return Err(RecycleError::message("closed, or inside a transaction"));
        }
        if connection.is_full() {
            return Err(RecycleError::message("has prepared too many statements"));
        }
        if connection.is_read_only() {
            return Err(RecycleError::message("its server only reads"));
        }
        if metrics.last_used() > REST {
            let alive = connection.batch_execute("").await;
            alive.map_err(|error| RecycleError::message(error.to_string()))?;
        }
        Ok(())
    }
}
