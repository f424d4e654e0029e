use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use jsonwebtoken::Algorithm;

/// Settings of an identity provider: the claims that its tokens must have, and its keys.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// Required value of `iss`, and base URL of the provider's discovery document.
    pub issuer: String,
    /// Required value or member of `aud`.
    pub audience: String,
    /// The claim by which users are found.
    pub user_claim: UserClaim,
    /// URL of the keys, if it is not taken from the discovery document.
    pub jwks_url: Option<String>,
    /// A PEM file of the only trusted authorities for the provider's certificate; without it, the
    /// machine's are used.
    pub authorities: Option<PathBuf>,
    /// The algorithms that tokens may be signed with.
    pub algorithms: Vec<Algorithm>,
    /// Minimum time between two requests for the provider's keys, whatever tokens come in
    /// between.
    pub ask_again_after: Duration,
    /// The time for which cached keys are used while the provider cannot be reached.
    pub keys_serve_for: Duration,
}

/// The claim of a token by which its user is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserClaim {
    /// The e-mail address, if the provider says that it is verified.
    Email,
    /// The subject, which administrators enter as the user's `oidcSubject`.
    Sub,
}

impl OidcSettings {
    /// URL of the provider's discovery document.
    pub(super) fn discovery_url(&self) -> String {
        let issuer = self.issuer.trim_end_matches('/');
        format!("{issuer}/.well-known/openid-configuration")
    }
}

/// Parses a URL that keys may be fetched from: by https, or from this machine itself. Otherwise an
/// attacker in between could insert their own keys.
pub(super) fn trustworthy(url: &str) -> Result<Uri, String> {
    let uri: Uri = url
        .parse()
        .map_err(|error| format!("{url} is not a URL: {error}"))?;
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_here = host == "localhost"
        || address
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    match uri.scheme_str() {
        Some("https") if !host.is_empty() => Ok(uri),
        Some("http") if is_here => Ok(uri),
        _ => Err(format!("{url} must begin with https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::trustworthy;

    #[test]
    fn keys_come_by_https_or_from_this_machine() {
        for good in [
            "https://id.example.com",
            "https://id.example.com:8443/realms/a",
            "http://localhost:9000/keys",
            "http://127.0.0.1/keys",
            "http://[::1]:9000/keys",
        ] {
            assert!(trustworthy(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "id.example.com",
            "http://id.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost@example.com",
            "file:///etc/passwd",
            "https://",
            "/keys",
        ] {
            assert!(trustworthy(bad).is_err(), "{bad}");
        }
    }
}
