//! Fetches a small JSON document: no redirect is followed, no more is read than is wanted.

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::http::header::{ACCEPT, HOST, USER_AGENT};
use axum::http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, crypto};
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::settings::trustworthy;

/// The largest document that is read, in bytes. Keys with their certificates are some 20 kB.
const LARGEST: usize = 256 * 1024;

/// The document at a URL, or in a sentence why it cannot be had.
pub(super) async fn json<T: DeserializeOwned>(url: &str) -> Result<T, String> {
    let uri = trustworthy(url)?;
    let failed = |error: String| format!("{url}: {error}");
    let body = get(&uri).await.map_err(failed)?;
    serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))
}

async fn get(uri: &Uri) -> Result<Bytes, String> {
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
    let stream = connector()?.connect(server, stream).await.map_err(said)?;
    exchange(uri, TokioIo::new(stream)).await
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
fn connector() -> Result<TlsConnector, String> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(TlsConnector::from(config.clone()));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err("this machine has no root certificates: install ca-certificates".to_owned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(said)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = CONFIG.get_or_init(|| Arc::new(config));
    Ok(TlsConnector::from(config.clone()))
}

fn said(error: impl ToString) -> String {
    error.to_string()
}
