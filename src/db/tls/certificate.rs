//! The fields of a certificate that rustls does not read.

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error};
use x509_cert::der::oid::db::rfc4519::COMMON_NAME;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::{Certificate, Version};

pub(super) struct X509Fields(Certificate);

impl X509Fields {
    /// Parses a certificate; `None` if it can't be parsed.
    pub(super) fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        Certificate::from_der(certificate).ok().map(Self)
    }

    /// True if the certificate has this public key.
    pub(super) fn is_of(&self, key: &[u8]) -> bool {
        let own = self.0.tbs_certificate.subject_public_key_info.to_der();
        own.is_ok_and(|own| own == key)
    }

    pub(super) fn is_version_one(&self) -> bool {
        self.0.tbs_certificate.version == Version::V1
    }

    /// Checks that it is valid at that time.
    pub(super) fn check_dates(&self, now: UnixTime) -> Result<(), Error> {
        let validity = &self.0.tbs_certificate.validity;
        if now.as_secs() < validity.not_before.to_unix_duration().as_secs() {
            return Err(CertificateError::NotValidYet.into());
        }
        if now.as_secs() > validity.not_after.to_unix_duration().as_secs() {
            return Err(CertificateError::Expired.into());
        }
        Ok(())
    }

    /// True if the common name matches the host, with `*` for its first label. As in libpq, it does not
    /// count if there are alternative names of the same kind.
    pub(super) fn has_common_name(&self, host: &ServerName<'_>) -> bool {
        let is_address = matches!(host, ServerName::IpAddress(_));
        let of_its_kind = |name: &GeneralName| match name {
            GeneralName::DnsName(_) => !is_address,
            GeneralName::IpAddress(_) => is_address,
            _ => false,
        };
        let names = self.0.tbs_certificate.get::<SubjectAltName>();
        if !matches!(&names, Ok(names) if !names.iter().any(|(_, n)| n.0.iter().any(of_its_kind))) {
            return false;
        }
        let host = host.to_str();
        let fits = |name: &str| match name.strip_prefix("*.") {
            Some(parent) if !is_address && parent.contains('.') => {
                host.split_once('.').is_some_and(|(label, rest)| {
                    !label.is_empty() && rest.eq_ignore_ascii_case(parent)
                })
            }
            _ => name.eq_ignore_ascii_case(&host),
        };
        let subject = &self.0.tbs_certificate.subject.0;
        let attributes = subject.iter().flat_map(|part| part.0.iter());
        let mut names = attributes.filter(|attribute| attribute.oid == COMMON_NAME);
        names.any(|name| std::str::from_utf8(name.value.value()).is_ok_and(fits))
    }
}
