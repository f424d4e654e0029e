//! Statements that nobody waits for any more: how they are ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::CancelToken;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::pool::Db;
use super::premise::Premise;

/// How long it may take to tell the server that a statement is to end.
const TELLING: Duration = Duration::from_secs(2);

/// What is known of a request at the database.
#[derive(Clone, Default)]
pub(super) struct Errand {
    /// When its changes are given up.
    deadline: Option<Instant>,
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
}

impl Db {
    /// The same database for one request, which ends at the deadline and takes this for granted.
    pub fn for_request(&self, deadline: Option<Instant>, premise: Premise) -> (Db, Waiting) {
        let flag = Arc::new(AtomicBool::new(false));
        let errand = Errand {
            deadline,
            is_abandoned: Some(Arc::clone(&flag)),
            premise,
        };
        (self.on(errand), Waiting(flag))
    }

    /// The same for what goes on when nobody waits for it, until the deadline.
    pub fn for_change(&self) -> Db {
        self.on(Errand {
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
