use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, AlgorithmFamily, Header, Validation, decode};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::jwt;
use super::keys::{Key, Keys, Unknown};
use super::settings::{OidcSettings, UserClaim, trustworthy};
use crate::service::users::Identity;
use crate::service::{Result, ServiceError};

/// Maximum difference between the provider's clock and ours, in seconds.
const LEEWAY: u64 = 30;

/// An identity provider whose tokens are accepted. Clones share its cached keys.
#[derive(Clone)]
pub struct Provider {
    settings: OidcSettings,
    keys: Keys,
}

#[derive(Deserialize)]
struct Claims {
    /// A single string: the library's check of the issuer would also accept a list.
    #[serde(rename = "iss")]
    _iss: String,
    sub: String,
    email: Option<String>,
    email_verified: Option<bool>,
    /// The events of a security event token, such as a logout token, which gives no access.
    events: Option<IgnoredAny>,
}

impl Provider {
    /// The provider of these settings; its keys are fetched with the first token. Errors: an untrusted
    /// URL of keys, an invalid file of authorities, or no algorithm, in a sentence.
    pub fn new(settings: OidcSettings) -> Result<Self, String> {
        jwt::install();
        let url = settings.jwks_url.as_ref().unwrap_or(&settings.issuer);
        trustworthy(url)?;
        let is_secret = |algorithm: &Algorithm| algorithm.family() == AlgorithmFamily::Hmac;
        if settings.algorithms.is_empty() || settings.algorithms.iter().any(is_secret) {
            let reason = "tokens must be signed with a public key's algorithm, such as RS256";
            return Err(reason.to_owned());
        }
        let keys = Keys::new(settings.clone())?;
        Ok(Self { settings, keys })
    }

    /// Keeps the keys fresh, for ever.
    pub async fn follow(&self) {
        self.keys.follow().await;
    }

    /// The identity of a token, if the provider signed it for this service and it is valid now. Errors:
    /// `ProviderUnavailable` if the keys cannot be fetched.
    pub(crate) async fn verify(&self, token: &str, header: &Header) -> Result<Option<Identity>> {
        if !self.is_acceptable(header) {
            return Ok(None);
        }
        let (name, algorithm) = (header.kid.as_deref(), header.alg);
        let key = self.keys.find(name, algorithm).await;
        let Some(key) = key.map_err(unavailable)? else {
            return Ok(None);
        };
        let mut claims = self.claims(token, &key, algorithm);
        // A key that was not found by its `kid` may have been replaced since.
        if !key.is_called(name) && claims.as_ref().is_err_and(is_of_another_key) {
            let other = self.keys.instead_of(&key, name, algorithm).await;
            if let Some(other) = other.map_err(unavailable)? {
                claims = self.claims(token, &other, algorithm);
            }
        }
        Ok(claims.ok().and_then(|claims| self.identity(claims)))
    }

    fn claims(&self, token: &str, key: &Key, algorithm: Algorithm) -> Result<Claims, Error> {
        let token = decode(token, &key.key, &self.validation(algorithm))?;
        Ok(token.claims)
    }

    /// True for an allowed algorithm and a type for access, not for other tokens that the provider signs
    /// with the same keys, such as logout tokens. Many providers set no type. Critical extensions
    /// (`crit`) are not supported.
    fn is_acceptable(&self, header: &Header) -> bool {
        let typ = header.typ.as_deref().unwrap_or("jwt");
        let typ = typ.to_ascii_lowercase();
        let is_access = matches!(typ.trim_start_matches("application/"), "jwt" | "at+jwt");
        self.settings.algorithms.contains(&header.alg) && is_access && header.crit.is_none()
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY;
        validation
    }

    fn identity(&self, claims: Claims) -> Option<Identity> {
        if claims.events.is_some() {
            return None;
        }
        match self.settings.user_claim {
            UserClaim::Sub => Some(Identity::Subject(claims.sub)),
            UserClaim::Email if claims.email_verified == Some(true) => {
                claims.email.map(Identity::Email)
            }
            UserClaim::Email => None,
        }
    }
}

fn is_of_another_key(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidSignature)
}

fn unavailable(Unknown(reason): Unknown) -> ServiceError {
    ServiceError::ProviderUnavailable(reason)
}
