//! The signals that tell the program to stop, and the time that a stop may take.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Failure;
use crate::config::Config;

/// The time limit of a stop, whatever the program is at.
const STOP: Duration = Duration::from_secs(10);

/// The part of it that what comes after the last answer may take: the embedded server's stop, above all.
const LAST_STEPS: Duration = Duration::from_secs(1);

/// Completes on Ctrl-C and on SIGTERM.
pub(super) fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::new)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::new)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// The maximum time of a stop. Errors: settings that would have it take longer than it may.
pub(super) fn time_to_stop(config: &Config) -> Result<Duration, Failure> {
    let waiting = config.stop_delay_ms.saturating_add(config.drain_ms);
    let time = Duration::from_millis(waiting).saturating_add(LAST_STEPS);
    if time < STOP {
        return Ok(time);
    }
    Err(Failure::new(format!(
        "CRM_STOP_DELAY_MS and CRM_DRAIN_MS are {waiting} together, and must be less than {}: the \
         program ends within {} seconds of being told to",
        (STOP - LAST_STEPS).as_millis(),
        STOP.as_secs(),
    )))
}

/// Ends the process, whatever it is at, when everything that a stop waits for has had its time.
///
/// A thread does it: the runtime itself waits for what runs on its threads for blocking work. What
/// is not done then is undone by PostgreSQL, which finds its clients gone.
pub(super) async fn end_in_time(stop: impl Future<Output = ()>, time: Duration) {
    stop.await;
    std::thread::spawn(move || {
        std::thread::sleep(time);
        tracing::warn!("what did not end in time was cut");
        std::process::exit(0);
    });
}
