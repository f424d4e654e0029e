//! A request's state, as the pool and its connections see it: deadline, cancellation, its share of the
//! connections, the check of its caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::auth_revision::AuthRevision;
use super::error::DbError;
use super::party::Party;

/// The most connections that a request holds: what it asks for beyond that waits for its own.
const MOST_OF_A_REQUEST: usize = 4;

/// A request as its connections know it; by default the program itself, without a deadline.
#[derive(Clone, Default)]
pub(super) struct RequestContext {
    /// On whose account its connections are held.
    pub(super) party: Party,
    /// When its statements are cancelled.
    pub(super) deadline: Option<Instant>,
    /// A change goes on where nobody waits for it any more.
    pub(super) is_change: bool,
    /// State shared by everything that works for the request, where it is for one.
    shared: Option<Arc<Shared>>,
    /// The revision that its cached authentication is valid for.
    pub(super) revision: AuthRevision,
}

struct Shared {
    /// Set when nobody waits for it any more.
    is_abandoned: AtomicBool,
    /// The connections that it may still take.
    left: Semaphore,
}

/// One of the connections that a request may hold, until this is dropped.
pub(super) struct RequestPermit(Arc<Shared>);

impl Drop for RequestPermit {
    fn drop(&mut self) {
        self.0.left.add_permits(1);
    }
}

/// Held by whoever waits for a request's statements. Dropped, it has those that still run cancelled,
/// so it must be dropped before what runs them is.
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

    /// True when nobody waits for it, or its time is over: whatever still runs for it is to end.
    pub(super) fn is_over(&self) -> bool {
        self.is_abandoned() || self.deadline.is_some_and(|at| Instant::now() >= at)
    }

    fn is_abandoned(&self) -> bool {
        let shared = self.shared.as_ref().filter(|_| !self.is_change);
        shared.is_some_and(|shared| shared.is_abandoned.load(Ordering::Relaxed))
    }

    /// Waits until the request holds fewer connections than it may. Its deadline alone bounds that,
    /// since nobody but itself is in its way. Errors: `Late`.
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

    /// The statement that checks the revision of the request's authentication, where none has yet.
    pub(super) fn check(
        &self,
        pg: &AsyncPgConnection,
    ) -> Option<impl Future<Output = QueryResult<()>>> {
        self.revision.check(pg)
    }
}
