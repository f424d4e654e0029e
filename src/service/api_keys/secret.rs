use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::service::{Result, random, sha256};

const PREFIX: &str = "crm_key_";

/// The secret that identifies a service: `crm_key_` and 32 random bytes. The prefix lets people and
/// scanners know a leaked one. The database has only its SHA-256; a fast hash is enough for
/// something that nobody can guess.
pub struct Secret(String);

impl Secret {
    pub(super) fn generate() -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.encode(random::<32>()?);
        Ok(Self(format!("{PREFIX}{bytes}")))
    }

    /// A secret as a client sent it; nothing if it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let random = text.strip_prefix(PREFIX)?;
        let is_secret = URL_SAFE_NO_PAD
            .decode(random)
            .is_ok_and(|bytes| bytes.len() == 32);
        is_secret.then(|| Self(text.to_owned()))
    }

    pub(super) fn hash(&self) -> Vec<u8> {
        sha256(&self.0).to_vec()
    }

    /// The text, for the client that it is given to.
    pub fn reveal(self) -> String {
        self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
