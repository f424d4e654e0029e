use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::http::server::limits::{ConnectionLimits, LINGER};
use crate::http::server::network::Network;

/// Time limit of a client's part once the server was told to stop.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// Time that a connection has for its first request, once it was read from, before it may be evicted
/// for others of its address.
const SETTLED: Duration = Duration::from_millis(250);

/// Minimum number of bytes that a client must read within its time, so that it cannot hold an answer
/// for ever by reading a little now and then.
const LEAST_TAKEN: usize = 64 * 1024;

/// The state of a client's connection: its phase, and the time at which that began.
pub(super) struct Connection {
    pub(super) id: u64,
    pub(super) peer: IpAddr,
    /// The network that it is counted in; `None` if its address is not counted.
    pub(super) network: Option<Network>,
    opened: Instant,
    /// The time of the first read.
    first_read: OnceLock<Instant>,
    progress: Mutex<Progress>,
    is_cut: AtomicBool,
    /// Closes it at once.
    pub(super) cut: Notify,
    /// Closes it after its current request.
    pub(super) finish: Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The client sends a request's head.
    Head,
    /// The client sends a request's body.
    Body,
    /// The request is complete; the server answers it.
    Answer,
    /// The answer is being sent or was sent, and no next request has begun.
    Rest,
}

struct Progress {
    phase: Phase,
    since: Instant,
    /// Set while the client has not read everything that is to be sent.
    stall: Option<Stall>,
    /// The number of requests so far.
    requests: u64,
}

/// An answer that waits for its client to read more of it.
struct Stall {
    since: Instant,
    /// The number of bytes sent since then.
    taken: usize,
}

/// The two ways to close a connection: at once, or after its current request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    Cut,
    Finish,
}

impl Connection {
    pub(super) fn new(id: u64, peer: IpAddr, network: Option<Network>) -> Self {
        let progress = Progress {
            phase: Phase::Head,
            since: Instant::now(),
            stall: None,
            requests: 0,
        };
        Self {
            id,
            peer,
            network,
            opened: Instant::now(),
            first_read: OnceLock::new(),
            progress: Mutex::new(progress),
            is_cut: AtomicBool::new(false),
            cut: Notify::new(),
            finish: Notify::new(),
        }
    }

    /// Closes it at once.
    pub(super) fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
        self.cut.notify_one();
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }

    /// Time since it was accepted.
    pub(super) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Notes that it was read from: a request that came with it is known by now.
    pub(super) fn mark_read(&self) {
        self.first_read.get_or_init(Instant::now);
    }

    /// True if it was read from. On a busy machine that may be long after it was accepted.
    pub(super) fn was_read(&self) -> bool {
        self.first_read.get().is_some()
    }

    /// True if its time for a first request has passed.
    pub(super) fn is_settled(&self) -> bool {
        let first_read = self.first_read.get();
        first_read.is_some_and(|at| at.elapsed() >= SETTLED)
    }

    /// True if its request is complete and not answered yet.
    pub(super) fn is_being_answered(&self) -> bool {
        self.progress().phase == Phase::Answer
    }

    /// Notes received bytes: without a current request, the first ones of a head.
    pub(super) fn received(&self) {
        let mut progress = self.progress();
        if progress.phase == Phase::Rest {
            progress.enter(Phase::Head);
        }
    }

    /// Notes sent bytes. The time of a stalled answer begins anew with each `LEAST_TAKEN`.
    pub(super) fn sent(&self, bytes: usize) {
        let mut progress = self.progress();
        if let Some(stall) = &mut progress.stall {
            stall.taken += bytes;
            if stall.taken >= LEAST_TAKEN {
                progress.stall = None;
            }
        }
        if progress.phase == Phase::Rest {
            progress.since = Instant::now();
        }
    }

    /// Notes that the socket accepts no bytes, because the client has not read the earlier ones.
    pub(super) fn stalled(&self) {
        let mut progress = self.progress();
        progress.stall.get_or_insert_with(|| Stall {
            since: Instant::now(),
            taken: 0,
        });
    }

    /// Notes that all bytes were sent.
    pub(super) fn flushed(&self) {
        self.progress().stall = None;
    }

    /// Checks the deadline of its phase, and that of an answer that is not read. Once the server was told
    /// to stop, a client has a second at most.
    pub(super) fn overdue(
        &self,
        now: Instant,
        limits: &ConnectionLimits,
        stopped: Option<Instant>,
    ) -> Option<Close> {
        let progress = self.progress();
        let has_passed = |since: Instant, time: Duration| match stopped {
            Some(stopped) => now >= since.max(stopped) + time.min(STOP_GRACE),
            None => now >= since + time,
        };
        let stall = progress.stall.as_ref();
        if stall.is_some_and(|stall| has_passed(stall.since, limits.client)) {
            return Some(Close::Cut);
        }
        let (time, close) = match progress.phase {
            Phase::Head => (limits.header, Close::Cut),
            // The body's reader answers 408 at its time limit, then the close lingers: both come first.
            Phase::Body => (limits.client + LINGER + STOP_GRACE, Close::Cut),
            Phase::Answer => return None,
            Phase::Rest => (limits.keep_alive, Close::Finish),
        };
        has_passed(progress.since, time).then_some(close)
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }
}

/// A request and its answer. This is dropped when both bodies are finished; then the connection is
/// idle.
pub(super) struct Exchange {
    connection: Arc<Connection>,
    number: u64,
}

impl Exchange {
    /// Begins with a complete head of a request.
    pub(super) fn begin(connection: &Arc<Connection>) -> Self {
        let mut progress = connection.progress();
        progress.requests += 1;
        progress.enter(Phase::Body);
        Self {
            connection: Arc::clone(connection),
            number: progress.requests,
        }
    }

    /// Notes that the request is complete.
    pub(super) fn is_read(&self) {
        self.enter(Phase::Answer);
    }

    /// Enters a phase, unless the next request has begun.
    fn enter(&self, phase: Phase) {
        let mut progress = self.connection.progress();
        if progress.requests == self.number {
            progress.enter(phase);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.enter(Phase::Rest);
    }
}
