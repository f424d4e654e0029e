//! TLS to PostgreSQL: rustls on ring, with the verification that `sslmode` requires.

mod certificate;
mod verifier;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::certificate::X509Fields;
pub(super) use self::verifier::CertificateFault;
use self::verifier::{Check, Verifier};
use super::error::{DbError, reason};

/// The verification of the server. The text is the path of a PEM file of roots; without one, or with
/// `system`, the machine's own roots are used.
pub(super) enum ServerVerification {
    /// No verification: encryption only.
    Nobody,
    /// A certificate that is signed by a root, or is itself in the file.
    Authority(Option<String>),
    /// The same, and issued for the host's name.
    AuthorityAndName(Option<String>),
}

/// The PEM files of a client certificate.
pub(super) struct ClientFiles {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// Makes the TLS side of connections. `BadUrl` if a file can't be read.
pub(super) fn connector(
    verification: ServerVerification,
    client: Option<ClientFiles>,
) -> Result<MakeRustlsConnect, DbError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| DbError::BadUrl(reason(&error)))?;
    let check = match verification {
        ServerVerification::Nobody => None,
        ServerVerification::Authority(file) => Some((file, false)),
        ServerVerification::AuthorityAndName(file) => Some((file, true)),
    };
    let check = check.map(|(file, by_name)| {
        let (roots, own) = roots(file)?;
        Ok(Check {
            roots,
            own,
            by_name,
        })
    });
    let check = check.transpose()?;
    let client = client
        .map(|files| certified(&files, &provider))
        .transpose()?;
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { provider, check }));
    let config = match client {
        // Without rustls' own check of the certificate, as above.
        Some(key) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key))),
        None => builder.with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(config))
}

/// The trusted roots, and the certificates of the file.
fn roots(file: Option<String>) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), DbError> {
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
        return Ok((store, Vec::new()));
    };
    let certificates = certificates("sslrootcert", &file)?;
    for certificate in &certificates {
        let added = store.add(certificate.clone());
        added.map_err(|error| unreadable("sslrootcert", &file, &error.to_string()))?;
    }
    Ok((store, certificates))
}

fn certificates(what: &str, file: &str) -> Result<Vec<CertificateDer<'static>>, DbError> {
    let failed = |error: pem::Error| unreadable(what, file, &error.to_string());
    let certificates = CertificateDer::pem_file_iter(file).map_err(failed)?;
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(failed)?;
    if certificates.is_empty() {
        return Err(unreadable(what, file, "there is no certificate in it"));
    }
    Ok(certificates)
}

/// The client's certificate with its key.
fn certified(files: &ClientFiles, provider: &CryptoProvider) -> Result<CertifiedKey, DbError> {
    let chain = certificates("sslcert", &files.certificate)?;
    let bad_key = |why: &str| unreadable("sslkey", &files.key, why);
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| match error {
        pem::Error::NoItemsFound => bad_key("there is no key in it that has no passphrase"),
        error => bad_key(&error.to_string()),
    })?;
    // As in libpq: if root owns it, its group may read it.
    let file = fs::metadata(&files.key).map_err(|error| bad_key(&error.to_string()))?;
    let forbidden = if file.uid() == 0 { 0o027 } else { 0o077 };
    if file.mode() & forbidden != 0 {
        return Err(bad_key("others may read it, too: chmod 0600"));
    }
    let key = provider.key_provider.load_private_key(key);
    let key = key.map_err(|error| bad_key(&error.to_string()))?;
    // Not with rustls' own comparison, which cannot parse every certificate that servers accept.
    let facts = chain.first().and_then(X509Fields::read);
    let public = key.public_key();
    let is_other = public.is_some_and(|public| facts.is_some_and(|facts| !facts.is_of(&public)));
    if is_other {
        return Err(bad_key("it is not the key of the certificate in sslcert"));
    }
    Ok(CertifiedKey::new(chain, key))
}

fn unreadable(what: &str, file: &str, why: &str) -> DbError {
    DbError::BadUrl(format!("its {what} {file:?}: {why}"))
}
