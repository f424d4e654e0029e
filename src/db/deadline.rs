//! Statements that nobody waits for any more: how they are ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_postgres::CancelToken;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::DbError;
use super::party::Party;
use super::pool::Db;
use super::premise::Premise;
use super::tally::carried;

/// Time limit of a cancel request to the server.
const TELLING: Duration = Duration::from_secs(2);

/// Time between two cancel requests for a connection's statement: at the first there may have
/// been none at that moment.
pub const BETWEEN_CANCELS: Duration = Duration::from_millis(100);

/// The most connections that a request holds: what it asks for beyond that waits for its own.
const MOST_OF_A_REQUEST: usize = 4;

/// A request as the database layer knows it.
#[derive(Clone, Default)]
pub(super) struct Errand {
    /// On whose account its connections are held.
    pub(super) party: Party,
    /// When its changes are given up.
    pub(super) deadline: Option<Instant>,
    /// When what it reads is given up, where it is not given up as a whole.
    reads_until: Option<Instant>,
    /// Goes on where nobody waits for it any more.
    outlives_its_client: bool,
    /// State shared by everything that works for the request, where it is for one.
    request: Option<Arc<Request>>,
    /// The cached authentication that it relies on.
    pub(super) premise: Premise,
}

struct Request {
    /// Set when nobody waits for it any more.
    is_abandoned: AtomicBool,
    /// The connections that it may still take.
    left: Semaphore,
}

/// One of the connections that a request may hold, until this is dropped.
pub(super) struct RequestPermit(Arc<Request>);

impl Drop for RequestPermit {
    fn drop(&mut self) {
        self.0.left.add_permits(1);
    }
}

/// Held by whoever waits for a request's statements. Dropped, it has those that still run ended,
/// so it must be dropped before what runs them is.
pub struct Waiting(Arc<Request>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.is_abandoned.store(true, Ordering::Relaxed);
    }
}

impl Errand {
    /// True when nobody waits for it, or its time is over: whatever still runs for it is to end.
    pub(super) fn is_over(&self) -> bool {
        self.is_abandoned() || self.deadline.is_some_and(|at| Instant::now() >= at)
    }

    fn is_abandoned(&self) -> bool {
        let request = self.request.as_ref().filter(|_| !self.outlives_its_client);
        request.is_some_and(|request| request.is_abandoned.load(Ordering::Relaxed))
    }

    /// Errors: `Late` if nothing is to be begun for it any more.
    pub(super) fn check(&self) -> Result<(), DbError> {
        match self.is_over() {
            true => Err(DbError::Late),
            false => Ok(()),
        }
    }

    /// Waits until the request holds fewer connections than it may. That is bounded by its deadline
    /// alone, since nobody but itself is in its way. Errors: `Late`.
    pub(super) async fn permit(&self) -> Result<Option<RequestPermit>, DbError> {
        let Some(request) = &self.request else {
            return Ok(None);
        };
        let permit = match (request.left.try_acquire(), self.deadline) {
            (Ok(permit), _) => Ok(permit),
            (Err(_), None) => request.left.acquire().await,
            (Err(_), Some(deadline)) => Box::pin(timeout_at(deadline, request.left.acquire()))
                .await
                .map_err(|_| DbError::Late)?,
        };
        // It is never closed.
        permit.map_err(|_| DbError::Late)?.forget();
        Ok(Some(RequestPermit(Arc::clone(request))))
    }

    /// The timer that cancels statements on a connection that is out for this.
    pub(super) fn curfew(&self, canceller: impl FnOnce() -> Canceller) -> Option<Curfew> {
        let until = self.reads_until?;
        Some(Curfew::of(until, canceller()))
    }
}

impl Db {
    /// The same database for one request of this party, which ends at the deadline and takes this for
    /// granted. It holds a few connections at a time.
    pub fn for_request(
        &self,
        party: Party,
        deadline: Option<Instant>,
        premise: Premise,
    ) -> (Db, Waiting) {
        let request = Arc::new(Request {
            is_abandoned: AtomicBool::new(false),
            left: Semaphore::new(MOST_OF_A_REQUEST),
        });
        let errand = Errand {
            party,
            deadline,
            reads_until: None,
            outlives_its_client: false,
            request: Some(Arc::clone(&request)),
            premise,
        };
        (self.on(errand), Waiting(request))
    }

    /// The same for what is read for the answer of a change: the change is never given up half-way,
    /// and its answer waited for, but nothing is read for that beyond the deadline.
    pub fn reading_until_the_deadline(&self) -> Db {
        self.on(Errand {
            reads_until: self.errand().deadline,
            ..self.errand().clone()
        })
    }

    /// The same for what goes on when nobody waits for it, until the deadline.
    pub fn for_change(&self) -> Db {
        self.on(Errand {
            reads_until: None,
            outlives_its_client: true,
            ..self.errand().clone()
        })
    }

    /// When changes are given up, if they ever are.
    pub fn deadline(&self) -> Option<Instant> {
        self.errand().deadline
    }
}

/// Ends the statement that runs on a connection, if one does.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    tls: MakeRustlsConnect,
}

impl Canceller {
    pub(super) fn new(token: CancelToken, tls: MakeRustlsConnect) -> Self {
        Self { token, tls }
    }

    /// Tells the server. That it cannot be told is no news to anybody: the statement has a timeout
    /// of its own.
    pub async fn cancel(&self) {
        let telling = self.token.cancel_query(self.tls.clone());
        let _ = tokio::time::timeout(TELLING, telling).await;
    }
}

/// Ends every statement on a connection from a moment on, until this is dropped.
pub(super) struct Curfew {
    /// Set by whichever comes first: the moment, or the connection's return.
    is_over: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Curfew {
    fn of(at: Instant, canceller: Canceller) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let is_back = Arc::clone(&is_over);
        let task = tokio::spawn(carried(async move {
            sleep_until(at).await;
            if is_back.swap(true, Ordering::Relaxed) {
                return;
            }
            loop {
                canceller.cancel().await;
                sleep(BETWEEN_CANCELS).await;
            }
        }));
        Self {
            is_over,
            task: task.abort_handle(),
        }
    }

    /// The connection goes back. Returns whether its statements were being ended: the next one may
    /// be, too, so that nobody else may have it.
    pub(super) fn has_struck(&self) -> bool {
        self.is_over.swap(true, Ordering::Relaxed)
    }
}

impl Drop for Curfew {
    fn drop(&mut self) {
        self.task.abort();
    }
}
