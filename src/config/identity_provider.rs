use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jsonwebtoken::Algorithm;

use crate::config::value::{algorithm, user_claim};
use crate::http::{OidcSettings, Provider, UserClaim};

/// The identity provider whose tokens are taken, beside sessions.
#[derive(Args, Debug, Clone)]
pub struct OidcConfig {
    /// The identity provider whose tokens are taken, too: what `iss` must be, a URL. Without a
    /// --oidc-jwks-url the provider is discovered below it.
    #[arg(
        long,
        env = "CRM_OIDC_ISSUER",
        requires = "oidc_audience",
        global = true
    )]
    pub oidc_issuer: Option<String>,

    /// Required `aud` of the identity provider's tokens.
    #[arg(
        long,
        env = "CRM_OIDC_AUDIENCE",
        requires = "oidc_issuer",
        global = true
    )]
    pub oidc_audience: Option<String>,

    /// By which claim users are found: the verified e-mail address, or the subject, which
    /// administrators note at the user.
    #[arg(
        long,
        env = "CRM_OIDC_USER_CLAIM",
        default_value = "email",
        value_parser = user_claim,
        global = true
    )]
    pub oidc_user_claim: UserClaim,

    /// URL of the identity provider's keys.
    #[arg(
        long,
        env = "CRM_OIDC_JWKS_URL",
        requires = "oidc_issuer",
        global = true
    )]
    pub oidc_jwks_url: Option<String>,

    /// A PEM file of the authorities that the identity provider's certificate must be signed by,
    /// where those of this machine are not meant.
    #[arg(
        long,
        env = "CRM_OIDC_CA_FILE",
        requires = "oidc_issuer",
        global = true
    )]
    pub oidc_ca_file: Option<PathBuf>,

    /// The algorithms that the identity provider's tokens may be signed with.
    #[arg(
        long,
        env = "CRM_OIDC_ALGORITHMS",
        value_delimiter = ',',
        default_value = "RS256,ES256",
        value_parser = algorithm,
        global = true
    )]
    pub oidc_algorithms: Vec<Algorithm>,
}

impl OidcConfig {
    /// The identity provider, if there is one. Errors: a URL that keys must not be fetched from, a
    /// file of authorities that is none.
    pub fn provider(&self) -> Result<Option<Provider>, String> {
        let (Some(issuer), Some(audience)) = (&self.oidc_issuer, &self.oidc_audience) else {
            return Ok(None);
        };
        let settings = OidcSettings {
            issuer: issuer.clone(),
            audience: audience.clone(),
            user_claim: self.oidc_user_claim,
            jwks_url: self.oidc_jwks_url.clone(),
            authorities: self.oidc_ca_file.clone(),
            algorithms: self.oidc_algorithms.clone(),
            ask_again_after: Duration::from_secs(10),
            keys_serve_for: Duration::from_secs(24 * 60 * 60),
        };
        let provider = Provider::new(settings).map_err(|error| format!("CRM_OIDC: {error}"))?;
        Ok(Some(provider))
    }
}
