//! Keeps the server running while the program serves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::statvfs::statvfs;
use tokio::time::{Instant, sleep};

use super::error::EmbeddedError;
use super::paths::{Paths, StartLock};
use super::{EmbeddedServer, server};
use crate::db::config::ConnectionConfig;

/// The time between two looks at it.
const LOOK: Duration = Duration::from_millis(500);
/// Seconds before each start in a row; before further ones as many as before the last.
const PAUSES: [u64; 4] = [1, 5, 15, 60];
/// Having run for so long it is taken to run well: the next start is the first in a row.
const STEADY: Duration = Duration::from_secs(60);
/// The time for which starts may fail before somebody else has to act.
const LOST: Duration = Duration::from_secs(60);
/// The room on a disk, in bytes, that makes another start worth while.
const ROOM: u64 = 32 << 20;

/// The state of a server that is kept running; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Supervisor(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Since when it does not run.
    down_since: Option<Instant>,
    /// Set when a start has failed since.
    has_failed: bool,
}

impl Supervisor {
    /// True when it has not run for a minute in spite of having been started: whoever supervises the
    /// program has to act. One that still reads its log again after a crash is on its way.
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
    /// Watches the server for as long as the future is polled, and starts it again when it has ended:
    /// after 1, 5 and 15 seconds, then each minute, and at once where a full disk has room again. Of
    /// several programs that use it one does so, the others find it running.
    pub fn keep(&self) -> (impl Future<Output = ()> + Send + 'static, Supervisor) {
        let supervisor = Supervisor::default();
        // Of no other use: whoever uses the server is entered by the original.
        let server = EmbeddedServer {
            paths: self.paths.clone(),
            options: self.options.clone(),
            user: self.user.clone(),
            in_use: None,
            start_lock: None,
        };
        (keep(server, supervisor.clone()), supervisor)
    }

    /// True when its process is there, or one that cannot be seen from here answers.
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
        // A start would make new ones, and the program would go on with nothing.
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

/// Waits, but no longer than until a disk that was full has room.
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

/// Free bytes on the disk of the data, for whoever is not root.
fn room(paths: &Paths) -> Option<u64> {
    let disk = statvfs(&paths.data).ok()?;
    Some(disk.blocks_available() * disk.fragment_size())
}

/// The start lock, when it is free; waiting for it can be given up.
async fn taken(paths: &Paths) -> StartLock {
    loop {
        if let Some(lock) = StartLock::take(&paths.start_lock) {
            return lock;
        }
        sleep(Duration::from_millis(100)).await;
    }
}
