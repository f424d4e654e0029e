//! A request's state for the pool and its connections: deadline, cancellation, its share of the
//! connections, the check of its revision.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::auth_revision::AuthRevision;
use super::error::DbError;
use super::party::Party;

/// The most connections that a request holds: beyond that it waits for its own.
const MOST_OF_A_REQUEST: usize = 4;

/// The state of a request; by default that of the program itself, without a deadline.
#[derive(Clone, Default)]
pub(super) struct RequestContext {
    /// The party that its connections are counted for.
    pub(super) party: Party,
    /// The time at which its statements are cancelled.
    pub(super) deadline: Option<Instant>,
    /// True for a change, which goes on even if the client has gone.
    pub(super) is_change: bool,
    /// State shared by all tasks of the request; none for the program itself.
    shared: Option<Arc<Shared>>,
    /// The revision for which its cached authentication is valid.
    pub(super) revision: AuthRevision,
}

struct Shared {
    /// Set when the client has gone.
    is_abandoned: AtomicBool,
    /// The number of connections that it may still take.
    left: Semaphore,
}

/// The right to hold one of the request's connections, until this is dropped.
pub(super) struct RequestPermit(Arc<Shared>);

impl Drop for RequestPermit {
    fn drop(&mut self) {
        self.0.left.add_permits(1);
    }
}

/// Held while a request's statements are waited for. When it is dropped, those that still run are
/// cancelled, so it must be dropped before the future that runs them.
pub struct CancelOnDrop(Arc<Shared>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.is_abandoned.store(true, Ordering::Relaxed);
    }
}

impl RequestContext {
    /// A request of this party, which ends at the deadline and relies on authentication of this revision.
    pub(super) fn new(
        party: Party,
        deadline: Instant,
        revision: AuthRevision,
    ) -> (Self, CancelOnDrop) {
        let shared = Arc::new(Shared {
            is_abandoned: AtomicBool::new(false),
            left: Semaphore::new(MOST_OF_A_REQUEST),
        });
        let context = Self {
            party,
            deadline: Some(deadline),
            is_change: false,
            shared: Some(Arc::clone(&shared)),
            revision,
        };
        (context, CancelOnDrop(shared))
    }

    /// True if the client has gone or the deadline has passed: its running statements must end.
    pub(super) fn is_over(&self) -> bool {
        self.is_abandoned() || self.deadline.is_some_and(|at| Instant::now() >= at)
    }

    fn is_abandoned(&self) -> bool {
        let shared = self.shared.as_ref().filter(|_| !self.is_change);
        shared.is_some_and(|shared| shared.is_abandoned.load(Ordering::Relaxed))
    }

    /// Waits until the request holds fewer connections than it may. Only its deadline bounds the wait,
    /// because it waits for its own connections. Errors: `Late`.
    pub(super) async fn permit(&self) -> Result<Option<RequestPermit>, DbError> {
        let Some(shared) = &self.shared else {
            return Ok(None);
        };
        let permit = match (shared.left.try_acquire(), self.deadline) {
            (Ok(permit), _) => Ok(permit),
            (Err(_), None) => shared.left.acquire().await,
            (Err(_), Some(deadline)) => Box::pin(timeout_at(deadline, shared.left.acquire()))
                .await
                .map_err(|_| DbError::Late)?,
        };
        // It is never closed.
        permit.map_err(|_| DbError::Late)?.forget();
        Ok(Some(RequestPermit(Arc::clone(shared))))
    }

    /// The statement that checks the revision, unless a statement has already done so.
    pub(super) fn check(
        &self,
        pg: &AsyncPgConnection,
    ) -> Option<impl Future<Output = QueryResult<()>>> {
        self.revision.check(pg)
    }
}
