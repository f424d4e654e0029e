//! A connection of the pool: how it is made, when it is good for another use, and how it goes back.

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

/// A connection that was handed out this long ago is asked for a sign of life before it is handed
/// out again; a fresher one is only checked for being closed. Under load that spares a round trip
/// for each request, and a restart of the server is noticed all the same: it closes the socket.
const REST: Duration = Duration::from_secs(1);

/// A connection out of the pool; it goes back when it is dropped. One that is dropped inside a
/// transaction (its request was cancelled), or after its request's deadline, is closed instead, so that
/// PostgreSQL rolls back and frees the locks at once rather than when the pool next looks at it.
pub struct PooledConnection {
    /// Always there until `drop` takes it.
    object: Option<Object<Manager>>,
    /// Goes after the connection has: the next one may need its place in the pool.
    permits: Option<Permits>,
}

/// Leave to hold a connection: of the request's few, and of the pool's.
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
            // It may be in the middle of a statement, which would hold up whoever has it next.
            let canceller = object.canceller();
            drop(Object::take(object));
            // Its place is free when the server knows: whoever asks and leaves, again and again, has
            // no more statements run than those who wait.
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
        // Every future that asks for a connection contains this one, three times over: in a box it
        // makes each request that waits for its turn 25 kB smaller.
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
        if metrics.last_used() > REST {
            let alive = connection.batch_execute("").await;
            alive.map_err(|error| RecycleError::message(error.to_string()))?;
        }
        Ok(())
    }
}
