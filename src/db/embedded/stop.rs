//! Leaves the server; the last one out stops it.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::EmbeddedError;
use super::lock::{InUse, StartLock};
use super::place::Place;
use super::postmaster;

/// Time limit of a stop: the server first writes a checkpoint.
const PATIENCE: Duration = Duration::from_secs(60);

/// Leaves the server and, if nobody else uses it, tells it to stop: it ends the connections, rolls
/// back what is open and writes everything down. Returns the process that is stopping.
pub(super) fn leave(
    place: &Place,
    in_use: InUse,
    _lock: &StartLock,
) -> Result<Option<Pid>, EmbeddedError> {
    if !in_use.leave(&place.in_use)? {
        return Ok(None);
    }
    let server = postmaster::running(place);
    if let Some(pid) = server {
        // A server that ended in this moment is what we want, too.
        kill(pid, Signal::SIGINT).ok();
    }
    Ok(server)
}

/// Waits until the process has ended.
pub(super) async fn ended(place: &Place, pid: Pid) -> Result<(), EmbeddedError> {
    let began = Instant::now();
    while postmaster::running(place) == Some(pid) {
        if began.elapsed() > PATIENCE {
            return Err(EmbeddedError::StillStopping { pid: pid.as_raw() });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
