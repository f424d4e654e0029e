use jsonwebtoken::{Algorithm, AlgorithmFamily, Header, Validation, decode};
use serde::Deserialize;

use super::keys::{Keys, Unknown};
use super::settings::{OidcSettings, UserClaim, trustworthy};
use crate::service::jwt;
use crate::service::users::Identity;
use crate::service::{Result, ServiceError};

/// How far the provider's clock may be from ours, in seconds.
const LEEWAY: u64 = 30;

/// An identity provider whose tokens are taken. Clones share what is known of its keys.
#[derive(Clone)]
pub struct Provider {
    settings: OidcSettings,
    keys: Keys,
}

#[derive(Deserialize)]
struct Claims {
    /// A list, which would do for the issuer's check, is none.
    #[serde(rename = "iss")]
    _iss: String,
    sub: String,
    email: Option<String>,
    email_verified: Option<bool>,
}

impl Provider {
    /// Knows the provider; its keys are fetched with the first token. Errors: a URL that keys must
    /// not be fetched from, or no algorithm, in a sentence.
    pub fn new(settings: OidcSettings) -> Result<Self, String> {
        jwt::install();
        let url = settings.jwks_url.as_ref().unwrap_or(&settings.issuer);
        trustworthy(url)?;
        let is_secret = |algorithm: &Algorithm| algorithm.family() == AlgorithmFamily::Hmac;
        if settings.algorithms.is_empty() || settings.algorithms.iter().any(is_secret) {
            let reason = "tokens must be signed with a public key's algorithm, such as RS256";
            return Err(reason.to_owned());
        }
        let keys = Keys::new(settings.clone());
        Ok(Self { settings, keys })
    }

    /// Keeps the keys fresh, for ever.
    pub async fn follow(&self) {
        self.keys.follow().await;
    }

    /// Whom a token stands for, if it is one that the provider signed for us and that is valid now.
    /// Errors: `ProviderUnavailable` if that cannot be told.
    pub(crate) async fn verify(&self, token: &str, header: &Header) -> Result<Option<Identity>> {
        if !self.is_acceptable(header) {
            return Ok(None);
        }
        let Some(name) = &header.kid else {
            return Ok(None);
        };
        let key = self.keys.find(name).await.map_err(unavailable)?;
        let Some(key) = key.filter(|key| key.fits(header.alg)) else {
            return Ok(None);
        };
        let claims = decode::<Claims>(token, &key.key, &self.validation(header.alg));
        Ok(claims.ok().and_then(|token| self.identity(token.claims)))
    }

    /// Of an allowed algorithm and meant for access, not for something else that the provider signs
    /// with the same keys, such as a logout token. What must be understood is not.
    fn is_acceptable(&self, header: &Header) -> bool {
        let typ = header.typ.as_deref().unwrap_or_default();
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
        match self.settings.user_claim {
            UserClaim::Sub => Some(Identity::Subject(claims.sub)),
            UserClaim::Email if claims.email_verified == Some(true) => {
                claims.email.map(Identity::Email)
            }
            UserClaim::Email => None,
        }
    }
}

fn unavailable(Unknown(reason): Unknown) -> ServiceError {
    ServiceError::ProviderUnavailable(reason)
}
