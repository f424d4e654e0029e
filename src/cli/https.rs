//! The certificate for https.

use std::sync::Arc;

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
    let public = config.public_url.as_deref().unwrap_or_default();
    if public.starts_with("http://") {
        tracing::warn!(
            "{public} is no https, which alone is served: links of accounts begin with it"
        );
    }
    let read = TlsCertificate::read(certificate, key);
    let wanted = |fault| Failure::new(format!("CRM_TLS_CERT and CRM_TLS_KEY: {fault}"));
    read.map(Some).map_err(wanted)
}
