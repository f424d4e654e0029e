use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::poll_immediate;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpListener;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::http::server::connection::Connection;
use crate::http::server::watched_stream::WatchedStream;

/// The certificate for https and its key, of two PEM files. It can be read again while it is served: new
/// connections get the new one.
#[derive(Debug)]
pub struct TlsCertificate {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl TlsCertificate {
    /// Reads the files. Errors: a sentence that names the file and what is wrong with it.
    pub fn read(certificate: &Path, key: &Path) -> Result<Arc<Self>, String> {
        Ok(Arc::new(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            current: RwLock::new(certified(certificate, key)?),
        }))
    }

    /// Reads the files again. Errors: as [`read`](Self::read); the former certificate stays then.
    pub fn reload(&self) -> Result<(), String> {
        let read = certified(&self.certificate, &self.key)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }
}

impl ResolvesServerCert for TlsCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read();
        Some(Arc::clone(&current.unwrap_or_else(PoisonError::into_inner)))
    }
}

fn certified(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, String> {
    let fault = |path: &Path, error: &dyn Display| format!("{}: {error}", path.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| fault(certificate, &error))?;
    if chain.is_empty() {
        return Err(fault(certificate, &"there is no certificate in PEM"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| fault(key, &error))?;
    // Also where the key is not the certificate's.
    let certified = CertifiedKey::from_der(chain, private, &default_provider());
    certified.map(Arc::new).map_err(|error| fault(key, &error))
}

/// A socket that connections are accepted from, which speak https if there is a certificate.
pub struct Listener {
    pub(super) socket: TcpListener,
    pub(super) tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Errors: a sentence, if TLS can't be set up at all.
    pub fn new(
        socket: TcpListener,
        certificate: Option<Arc<TlsCertificate>>,
    ) -> Result<Self, String> {
        let tls = certificate.map(acceptor).transpose()?;
        Ok(Self { socket, tls })
    }
}

impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Self {
        Self { socket, tls: None }
    }
}

fn acceptor(certificate: Arc<TlsCertificate>) -> Result<TlsAcceptor, String> {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = config.with_no_client_auth().with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The encrypted stream of a connection, whose deadlines the sweep checks meanwhile; `None` if the client
/// speaks no TLS or goes away. `newcomer` is dropped once its first bytes were read.
pub(super) async fn handshake(
    acceptor: &TlsAcceptor,
    stream: WatchedStream,
    connection: &Connection,
    newcomer: Option<OwnedSemaphorePermit>,
) -> Option<TlsStream<WatchedStream>> {
    let mut handshake = acceptor.accept(stream);
    let begun = poll_immediate(&mut handshake).await;
    connection.mark_read();
    drop(newcomer);
    let shaken = match begun {
        Some(shaken) => shaken,
        None => tokio::select! {
            shaken = handshake => shaken,
            () = connection.cut.notified() => return None,
            () = connection.finish.notified() => return None,
        },
    };
    let failed = |error: &std::io::Error| tracing::debug!(%error, "no TLS connection came about");
    shaken.inspect_err(failed).ok()
}
