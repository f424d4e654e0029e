use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::service::{Result, random, sha256};

/// Kind of an opaque token. Its prefix lets people and scanners know a leaked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A session's, `crm_session_…`.
    Session,
    /// An API key's secret, `crm_key_…`.
    ApiKey,
    /// The link that makes the first administrator, `crm_admin_…`.
    FirstAdmin,
    /// An invited user's link, `crm_invitation_…`.
    Invitation,
    /// The link to choose another password, `crm_reset_…`.
    PasswordReset,
}

impl TokenKind {
    const ALL: [Self; 5] = [
        Self::Session,
        Self::ApiKey,
        Self::FirstAdmin,
        Self::Invitation,
        Self::PasswordReset,
    ];

    fn prefix(self) -> &'static str {
        match self {
            Self::Session => "crm_session_",
            Self::ApiKey => "crm_key_",
            Self::FirstAdmin => "crm_admin_",
            Self::Invitation => "crm_invitation_",
            Self::PasswordReset => "crm_reset_",
        }
    }
}

/// Opaque bearer token: the prefix of its kind and 32 random bytes, which say nothing by
/// themselves. The database has only its SHA-256; a fast hash is enough for something that nobody
/// can guess.
pub struct OpaqueToken {
    kind: TokenKind,
    text: String,
    hash: [u8; 32],
}

impl OpaqueToken {
    pub(crate) fn generate(kind: TokenKind) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.encode(random::<32>()?);
        Ok(Self::of(kind, format!("{}{bytes}", kind.prefix())))
    }

    /// A token as a client sent it; nothing if it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut kinds = TokenKind::ALL.into_iter();
        let prefixed = |kind: TokenKind| Some((kind, text.strip_prefix(kind.prefix())?));
        let (kind, random) = kinds.find_map(prefixed)?;
        let is_token = URL_SAFE_NO_PAD
            .decode(random)
            .is_ok_and(|bytes| bytes.len() == 32);
        is_token.then(|| Self::of(kind, text.to_owned()))
    }

    fn of(kind: TokenKind, text: String) -> Self {
        let hash = sha256(&text);
        Self { kind, text, hash }
    }

    /// Its kind, as the text says it.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// Its SHA-256, as the database has it.
    pub(crate) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The link of an account, which begins with the service's address. Behind `#` no log sees the token.
    pub fn link(self, public_url: &str) -> String {
        format!("{public_url}/welcome#{}", self.text)
    }

    /// The text, for the client that it is given to.
    pub fn reveal(self) -> String {
        self.text
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpaqueToken")
    }
}
