//! Encryption to PostgreSQL: rustls on ring, with as much checking as `sslmode` asks for.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{DbError, reason};

/// Whom we believe to be the server. The text is a PEM file of roots; without one, or with
/// `system`, the machine's own roots count.
pub(super) enum Trust {
    /// Whoever answers: encryption alone.
    Anyone,
    /// Whoever shows a certificate signed by a root.
    Authority(Option<String>),
    /// Whoever shows a certificate signed by a root, in the host's name.
    AuthorityAndName(Option<String>),
}

/// Makes the TLS side of connections. `BadUrl` if the roots can't be read.
pub(super) fn connector(trust: Trust) -> Result<MakeRustlsConnect, DbError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| DbError::BadUrl(reason(&error)))?;
    let roots = match trust {
        Trust::AuthorityAndName(file) => {
            let config = builder
                .with_root_certificates(roots(file)?)
                .with_no_client_auth();
            return Ok(MakeRustlsConnect::new(config));
        }
        Trust::Authority(file) => Some(roots(file)?),
        Trust::Anyone => None,
    };
    let config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(NamelessVerifier { provider, roots }))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn roots(file: Option<String>) -> Result<RootCertStore, DbError> {
    let mut store = RootCertStore::empty();
    let Some(file) = file.filter(|file| file != "system") else {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() {
            return Err(DbError::BadUrl(
                "its sslmode checks the server's certificate, but this machine has no root \
                 certificates: install ca-certificates or name a PEM file in sslrootcert"
                    .into(),
            ));
        }
        return Ok(store);
    };
    let unreadable = |why: String| DbError::BadUrl(format!("its sslrootcert {file:?}: {why}"));
    let certificates =
        CertificateDer::pem_file_iter(&file).map_err(|e| unreadable(e.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|e| unreadable(e.to_string()))?;
        store
            .add(certificate)
            .map_err(|e| unreadable(e.to_string()))?;
    }
    if store.is_empty() {
        return Err(unreadable("there is no certificate in it".into()));
    }
    Ok(store)
}

/// Checks that the peer holds its certificate's key and, where roots are given, that one of them
/// signed it; never whose name is on it. rustls has no such mode, libpq has two.
#[derive(Debug)]
struct NamelessVerifier {
    provider: Arc<CryptoProvider>,
    roots: Option<RootCertStore>,
}

impl ServerCertVerifier for NamelessVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(certificate)?,
                roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
