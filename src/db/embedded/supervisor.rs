//! Keeps the server running while the program serves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::statvfs::statvfs;
use tokio::time::{Instant, sleep};

use super::error::EmbeddedError;
use super::paths::{Paths, StartLock};
use super::{EmbeddedServer, server};
use crate::db::config::ConnectionConfig;

/// The time between two checks of the server.
const LOOK: Duration = Duration::from_millis(500);
/// Seconds before each retry of a start; the last value repeats.
const PAUSES: [u64; 4] = [1, 5, 15, 60];
/// The time after which a running server counts as healthy: the retries begin anew.
const STEADY: Duration = Duration::from_secs(60);
/// The time for which starts may fail before the program reports itself as not alive.
const LOST: Duration = Duration::from_secs(60);
/// The free disk space, in bytes, that a start needs.
const ROOM: u64 = 32 << 20;

/// The state of a server that is kept running; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Supervisor(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The time since which it has not run.
    down_since: Option<Instant>,
    /// True if a start has failed since.
    has_failed: bool,
}

impl Supervisor {
    /// True if it has not run for a minute although starts were tried: the program's own supervisor has
    /// to act. A server that is still in recovery after a crash does not count.
    pub fn is_lost(&self) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.has_failed
            && state
                .down_since
                .is_some_and(|since| since.elapsed() >= LOST)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl EmbeddedServer {
    /// Watches the server while the future is polled, and restarts it when it has ended: after 1, 5 and
    /// 15 seconds, then each minute, and at once when a full disk has free space again. Of several
    /// programs that use it one restarts it, the others find it running.
    pub fn keep(&self) -> (impl Future<Output = ()> + Send + 'static, Supervisor) {
        let supervisor = Supervisor::default();
        // Used for restarts only: the original holds the shared lock.
        let server = EmbeddedServer {
            paths: self.paths.clone(),
            options: self.options.clone(),
            user: self.user.clone(),
            in_use: None,
            start_lock: None,
        };
        (keep(server, supervisor.clone()), supervisor)
    }

    /// True if its process exists, or a server in another container answers.
    async fn lives(&self) -> bool {
        if server::running(&self.paths).is_some() {
            return true;
        }
        match ConnectionConfig::new(&self.admin_url().as_str().into(), &[], LOOK) {
            Ok(target) => target.connect().await.is_ok(),
            Err(_) => false,
        }
    }

    async fn start_again(&self) -> Result<(), EmbeddedError> {
        // A start would create a new data folder, and the program would go on with an empty database.
        if !self.paths.data.exists() {
            return Err(EmbeddedError::NotADataFolder(self.paths.data.clone()));
        }
        let lock = Arc::new(taken(&self.paths).await);
        self.run(&lock).await
    }
}

async fn keep(server: EmbeddedServer, supervisor: Supervisor) {
    let log = server.paths.log.display().to_string();
    let mut starts = PAUSES.iter();
    loop {
        let began = Instant::now();
        while server.lives().await {
            sleep(LOOK).await;
        }
        if began.elapsed() >= STEADY {
            starts = PAUSES.iter();
        }
        supervisor.change(|state| state.down_since = Some(Instant::now()));
        loop {
            let seconds = starts.next().copied().unwrap_or(PAUSES[3]);
            tracing::warn!(
                log,
                "the program's own PostgreSQL does not run: it is started again in {seconds} s"
            );
            pause_or_room(&server, Duration::from_secs(seconds)).await;
            match server.start_again().await {
                Ok(()) => break,
                Err(error) => {
                    supervisor.change(|state| state.has_failed = true);
                    tracing::error!(%error, log, "the program's own PostgreSQL could not be started");
                }
            }
        }
        supervisor.change(|state| *state = State::default());
        tracing::info!(log, "the program's own PostgreSQL runs again");
    }
}

/// Waits for the pause, or until a full disk has free space again.
async fn pause_or_room(server: &EmbeddedServer, pause: Duration) {
    let until = Instant::now() + pause;
    let mut was_full = false;
    while Instant::now() < until {
        let is_full = room(&server.paths).is_some_and(|room| room < ROOM);
        if was_full && !is_full {
            return;
        }
        was_full = is_full;
        sleep(LOOK.min(until - Instant::now())).await;
    }
}

/// Free bytes on the disk of the data, for users other than root.
fn room(paths: &Paths) -> Option<u64> {
    let disk = statvfs(&paths.data).ok()?;
    Some(disk.blocks_available() * disk.fragment_size())
}

/// Takes the start lock, once it is free; dropping the future gives up the wait.
async fn taken(paths: &Paths) -> StartLock {
    loop {
        if let Some(lock) = StartLock::take(&paths.start_lock) {
            return lock;
        }
        sleep(Duration::from_millis(100)).await;
    }
}
