//! Statements that nobody waits for any more: how they are ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_postgres::CancelToken;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::DbError;
use super::pool::Db;
use super::premise::Premise;
use super::tally::carried;

/// How long it may take to tell the server that a statement is to end.
const TELLING: Duration = Duration::from_secs(2);

/// How long a cancelled statement is waited for before it is cancelled once more: there may have
/// been none at that moment.
pub const BETWEEN_CANCELS: Duration = Duration::from_millis(100);

/// What is known of a request at the database.
#[derive(Clone, Default)]
pub(super) struct Errand {
    /// When its changes are given up.
    deadline: Option<Instant>,
    /// When what it reads is given up, where it is not given up as a whole.
    reads_until: Option<Instant>,
    /// Whether nobody waits for it any more.
    is_abandoned: Option<Arc<AtomicBool>>,
    /// What it takes for granted.
    pub(super) premise: Premise,
}

/// Held by whoever waits for a request's statements. Dropped, it has those that still run ended,
/// so it must be dropped before what runs them is.
pub struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Errand {
    pub(super) fn is_abandoned(&self) -> bool {
        let flag = self.is_abandoned.as_ref();
        flag.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// Errors: `Late` if nothing is to be read any more.
    pub(super) fn check(&self) -> Result<(), DbError> {
        match self.reads_until {
            Some(until) if Instant::now() >= until => Err(DbError::Late),
            _ => Ok(()),
        }
    }

    /// What ends the statements on a connection that is out for this.
    pub(super) fn curfew(&self, canceller: impl FnOnce() -> Canceller) -> Option<Curfew> {
        let until = self.reads_until?;
        Some(Curfew::of(until, canceller()))
    }
}

impl Db {
    /// The same database for one request, which ends at the deadline and takes this for granted.
    pub fn for_request(&self, deadline: Option<Instant>, premise: Premise) -> (Db, Waiting) {
        let flag = Arc::new(AtomicBool::new(false));
        let errand = Errand {
            deadline,
            reads_until: None,
            is_abandoned: Some(Arc::clone(&flag)),
            premise,
        };
        (self.on(errand), Waiting(flag))
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
            is_abandoned: None,
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
