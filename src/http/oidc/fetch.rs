//! Fetches a small JSON document: redirects are not followed, and its size is limited.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::http::header::{ACCEPT, HOST, USER_AGENT};
use axum::http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore, crypto};
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::settings::trustworthy;

/// The maximum size of a document, in bytes. Keys with their certificates are some 20 kB.
const LARGEST: usize = 256 * 1024;

/// Fetches documents. Clones share the trusted authorities.
#[derive(Clone, Default)]
pub(super) struct Fetch {
    /// TLS with the operator's own authorities; without them, the machine's are used.
    own: Option<Arc<ClientConfig>>,
}

impl Fetch {
    /// Trusts the authorities of a PEM file, or those of the machine. Errors: a file that cannot be
    /// read or has no certificate, in a sentence.
    pub(super) fn trusting(file: Option<&Path>) -> Result<Self, String> {
        let Some(file) = file else {
            return Ok(Self::default());
        };
        let failed = |error: String| format!("{}: {error}", file.display());
        let roots = authorities(file).map_err(failed)?;
        let own = Some(Arc::new(tls(roots)?));
        Ok(Self { own })
    }

    /// The document at a URL. Errors: the reason why it cannot be fetched, in a sentence.
    pub(super) async fn json<T: DeserializeOwned>(&self, url: &str) -> Result<T, String> {
        let uri = trustworthy(url)?;
        let failed = |error: String| format!("{url}: {error}");
        let body = self.get(&uri).await.map_err(failed)?;
        serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))
    }

    async fn get(&self, uri: &Uri) -> Result<Bytes, String> {
        let host = uri.host().unwrap_or_default();
        let name = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let is_https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let stream = TcpStream::connect((name.as_str(), port)).await;
        let stream = stream.map_err(said)?;
        if !is_https {
            return exchange(uri, TokioIo::new(stream)).await;
        }
        let server = ServerName::try_from(name).map_err(said)?;
        let config = match &self.own {
            Some(own) => own.clone(),
            None => machine()?,
        };
        let stream = TlsConnector::from(config).connect(server, stream).await;
        let stream = stream.map_err(|error| refused(&error))?;
        exchange(uri, TokioIo::new(stream)).await
    }
}

async fn exchange<S>(uri: &Uri, stream: S) -> Result<Bytes, String>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(stream).await.map_err(said)?;
    // Ends by itself once the sender and the answer are gone.
    tokio::spawn(connection);
    let request = Request::get(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(HOST, uri.authority().map_or("", |at| at.as_str()))
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("crm/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(said)?;
    let response = sender.send_request(request).await.map_err(said)?;
    if response.status() != StatusCode::OK {
        return Err(format!("answered with status {}", response.status()));
    }
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    body.map(|body| body.to_bytes()).map_err(said)
}

/// TLS with the machine's roots, read once.
fn machine() -> Result<Arc<ClientConfig>, String> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err("this machine has no root certificates: install ca-certificates".to_owned());
    }
    let config = Arc::new(tls(roots)?);
    Ok(CONFIG.get_or_init(|| config).clone())
}

fn authorities(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(said)? {
        roots.add(certificate.map_err(said)?).map_err(said)?;
    }
    match roots.is_empty() {
        true => Err("there is no certificate in it".to_owned()),
        false => Ok(roots),
    }
}

fn tls(roots: RootCertStore) -> Result<ClientConfig, String> {
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(said)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The error of a failed TLS handshake with the provider; an unknown authority, the usual reason, has
/// its own message.
fn refused(error: &io::Error) -> String {
    let cause = error.get_ref().map(|cause| cause as &(dyn Error + 'static));
    match cause.and_then(|cause| cause.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "its certificate is signed by no authority that is trusted here".to_owned()
        }
        _ => said(error),
    }
}

fn said(error: impl ToString) -> String {
    error.to_string()
}
