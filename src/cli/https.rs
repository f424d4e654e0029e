//! The certificate for https.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::failure::Failure;
use crate::config::AddressConfig;
use crate::http::TlsCertificate;

/// The certificate, if one is configured. Without one, an address that others reach is warned of.
pub(super) fn certificate(config: &AddressConfig) -> Result<Option<Arc<TlsCertificate>>, Failure> {
    let Some((certificate, key)) = config.tls() else {
        if !config.listen.ip().to_canonical().is_loopback() {
            tracing::warn!(
                "{} is served without TLS: passwords are readable on the way unless a proxy in front speaks \
                 https; or set CRM_TLS_CERT and CRM_TLS_KEY",
                config.listen
            );
        }
        return Ok(None);
    };
    let read = TlsCertificate::read(certificate, key);
    let wanted = |fault| Failure::new(format!("CRM_TLS_CERT and CRM_TLS_KEY: {fault}"));
    read.map(Some).map_err(wanted)
}

/// The signal that the certificate is to be read again.
pub(super) fn hangup() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// Reads the certificate again at each SIGHUP. One that cannot be read leaves the former in place.
pub(super) async fn reload(certificate: Option<Arc<TlsCertificate>>, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        match certificate.as_ref().map(|certificate| certificate.reload()) {
            None => tracing::info!("SIGHUP: there is no certificate to read again"),
            Some(Ok(())) => tracing::info!("SIGHUP: the certificate was read again"),
            Some(Err(fault)) => {
                tracing::error!("SIGHUP: the certificate stays as it was, because of {fault}");
            }
        }
    }
}
