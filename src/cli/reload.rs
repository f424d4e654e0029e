//! SIGHUP, by which operators have a service read its files again.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

use crate::cli::Failure;
use crate::http::TlsCertificate;

/// Reads the certificate again at each SIGHUP, for as long as it is polled; one that cannot be read leaves the
/// former in place. The signal would end the process otherwise, as that of a closed terminal.
pub(super) fn on_hangup(
    certificate: Option<Arc<TlsCertificate>>,
) -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut hangup = signal(SignalKind::hangup()).map_err(Failure::new)?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            let Some(certificate) = certificate.clone() else {
                tracing::info!("SIGHUP: there is no certificate to read again, going on");
                continue;
            };
            // A disk that does not answer holds up nobody else.
            let read = spawn_blocking(move || certificate.reload()).await;
            match read.unwrap_or_else(|panic| Err(panic.to_string())) {
                Ok(()) => tracing::info!("SIGHUP: the certificate was read again"),
                Err(fault) => {
                    tracing::error!("SIGHUP: the certificate stays as it was, because of {fault}");
                }
            }
        }
    })
}
