//! SIGHUP, by which operators have a service read its files again.

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Failure;

/// Receives SIGHUP for as long as it is polled. It would end the process otherwise, as that of a closed
/// terminal.
///
/// This is the place where files are read anew.
pub(super) fn on_hangup() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut hangup = signal(SignalKind::hangup()).map_err(Failure::new)?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            tracing::info!("received SIGHUP, going on: no setting is read again while running");
        }
    })
}
