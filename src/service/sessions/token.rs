use std::fmt;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::service::sessions::keys::SessionKey;
use crate::service::{Result, ServiceError, UserId, random, sha256};

/// The only algorithm: one secret, shared by those who sign and those who verify, which are the same.
const ALGORITHM: Algorithm = Algorithm::HS256;
/// The `typ` of a session's token, so that it is taken for no other.
const TYPE: &str = "crm-session+jwt";
/// Its `iss` and `aud`.
const ISSUER: &str = "crm";

/// Made once, since every request needs it.
static VALIDATION: LazyLock<Validation> = LazyLock::new(|| {
    let mut validation = Validation::new(ALGORITHM);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[ISSUER]);
    validation.leeway = 0;
    validation
});

/// A session's token: a JSON Web Token that this service signed. It can be told from
/// an invented one without the database, and then stands for a session only if that still has its
/// row. The database has only its SHA-256; a fast hash is enough for something that nobody can guess.
#[derive(Clone)]
pub struct Token {
    text: String,
    expires_at: DateTime<Utc>,
}

/// All of them are required.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    /// 16 random bytes: with a copy of the keys still nobody knows a session's token.
    jti: String,
    iat: i64,
    exp: i64,
}

impl Token {
    pub(super) fn sign(
        key: &SessionKey,
        user: UserId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Self> {
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(key.name.clone()),
            ..Header::new(ALGORITHM)
        };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: user,
            jti: URL_SAFE_NO_PAD.encode(random::<16>()?),
            iat: from.timestamp(),
            exp: until.timestamp(),
        };
        let text = encode(&header, &claims, &key.to_sign);
        let failed = |error| ServiceError::Internal(format!("a token was not signed: {error}"));
        Ok(Self {
            text: text.map_err(failed)?,
            expires_at: until,
        })
    }

    /// Tells whether a token with this header says to be a session's.
    pub fn is_meant(header: &Header) -> bool {
        header.typ.as_deref() == Some(TYPE)
    }

    /// The token, if this key signed it, it is complete and its time is not over.
    pub(super) fn verified(text: &str, key: &DecodingKey) -> Option<Self> {
        let token = decode::<Claims>(text, key, &VALIDATION).ok()?;
        let is_plain = Self::is_meant(&token.header) && token.header.crit.is_none();
        let expires_at = DateTime::from_timestamp(token.claims.exp, 0)?;
        is_plain.then(|| Self {
            text: text.to_owned(),
            expires_at,
        })
    }

    pub(super) fn hash(&self) -> Vec<u8> {
        sha256(&self.text).to_vec()
    }

    /// When its time is over.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }

    /// The text, for the client that it is given to.
    pub fn reveal(self) -> String {
        self.text
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
