//! The verification of a server's certificate.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError};
use rustls::{RootCertStore, SignatureScheme};

use super::certificate::X509Fields;

/// A fault of a server's certificate for which rustls' message names no remedy.
#[derive(Debug, thiserror::Error)]
pub(in crate::db) enum CertificateFault {
    /// A version 1 certificate, which `openssl x509 -req` makes without extensions.
    #[error(
        "its certificate is of X.509 version 1, which can't be verified here: make it anew with an \
         extension (`openssl x509 -req … -extfile FILE`, in FILE the line \
         subjectAltName=DNS:HOST), or let sslmode=require without a sslrootcert verify nothing"
    )]
    VersionOne,
    #[error(
        "its certificate is an authority's own: name that very certificate in sslrootcert, or make \
         the server one with basicConstraints=CA:FALSE"
    )]
    Authority,
    #[error("its certificate is signed by none of the roots: name its authority's in sslrootcert")]
    UnknownIssuer,
    #[error("its certificate is not in the name of {0}, by which the database URL calls it")]
    OtherName(String),
}

impl From<CertificateFault> for Error {
    fn from(fault: CertificateFault) -> Self {
        CertificateError::Other(OtherError(Arc::new(fault))).into()
    }
}

/// The verification of a server's certificate.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) roots: RootCertStore,
    /// Certificates that are trusted if the server presents exactly the same one.
    pub(super) own: Vec<CertificateDer<'static>>,
    /// True if the certificate must be issued for the host's name.
    pub(super) by_name: bool,
}

/// The rules of libpq that differ from rustls: without roots nothing is verified; a server's certificate
/// may be its own root; without an alternative name the common name counts.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) check: Option<Check>,
}

impl Check {
    fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
        provider: &CryptoProvider,
    ) -> Result<(), Error> {
        let facts = X509Fields::read(certificate);
        if facts.as_ref().is_some_and(X509Fields::is_version_one) {
            return Err(CertificateFault::VersionOne.into());
        }
        let parsed = ParsedCertificate::try_from(certificate)?;
        let is_own = self.own.iter().any(|own| own == certificate);
        match &facts {
            Some(facts) if is_own => facts.check_dates(now)?,
            _ => verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &self.roots,
                intermediates,
                now,
                provider.signature_verification_algorithms.all,
            )
            .map_err(with_remedy)?,
        }
        let is_named = |facts: &X509Fields| facts.has_common_name(name);
        if self.by_name
            && verify_server_name(&parsed, name).is_err()
            && !facts.as_ref().is_some_and(is_named)
        {
            return Err(CertificateFault::OtherName(name.to_str().into_owned()).into());
        }
        Ok(())
    }
}

/// Replaces rustls' error by ours if there is a remedy to name.
fn with_remedy(error: Error) -> Error {
    match &error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            CertificateFault::UnknownIssuer.into()
        }
        Error::InvalidCertificate(CertificateError::Other(other))
            if format!("{other:?}").contains("CaUsedAsEndEntity") =>
        {
            CertificateFault::Authority.into()
        }
        _ => error,
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(check) = &self.check {
            check.verify(certificate, intermediates, name, now, &self.provider)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // A signature by the key of an unverified certificate proves nothing, and webpki cannot parse
        // every certificate.
        if self.check.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.check.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
