use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash as PhcHash};
use passwords::analyzer::is_common_password;
use serde::{Serialize, Serializer};
use tokio::sync::Semaphore;
use zxcvbn::zxcvbn;

use crate::service::{Result, ServiceError, sha256, text};

/// Hashing takes a core and 19 MiB for tens of milliseconds: two at a time, the rest wait.
static HASHERS: Semaphore = Semaphore::const_new(2);

/// The hash that a password is compared with when there is no such user: the answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody has this password"));

/// The password of development and of the demo, which the manual prints: nobody can choose it.
pub const PUBLISHED_PASSWORD: &str = "development-only";

const SHORTEST: usize = 10;
const LONGEST: usize = 200;
/// The guesses that an attacker begins with, beside the commonest passwords as they are: these with capitals or
/// a digit for a letter, English words, patterns of the keyboard and of repeated characters.
const FIRST_GUESSES: u64 = 100_000;

/// A password in its normal form, of which no more is looked at than could be one: a letter that is
/// composed may have been typed as several.
fn normal(password: &str) -> String {
    let typed: String = password.chars().take(5 * LONGEST).collect();
    text::password(&typed)
}

/// An Argon2id hash in the PHC string format, with the default parameters of the `argon2` crate
/// (19 MiB, 2 passes, 1 lane: the first choice of OWASP's password storage cheat sheet).
///
/// It is serialized as a digest of the password itself, so that the idempotency of a change can
/// tell the same password from another although each hash has its own salt.
#[derive(Clone)]
pub struct PasswordHash {
    /// Or what is wrong with the password.
    hash: Result<String, String>,
    fingerprint: Vec<u8>,
    /// SHA-256 of the password, read as an e-mail address.
    address: [u8; 32],
}

impl PasswordHash {
    /// Hashes a password of 10–200 characters that is not among the first that are guessed. Another
    /// one is not hashed; whoever is to store it refuses it, together with all else that is wrong with
    /// the user.
    #[tracing::instrument(name = "sessions::hash_password", level = "debug", skip_all)]
    pub async fn of(password: &str) -> Result<Self> {
        let password = normal(password);
        let fingerprint = sha256(&password).to_vec();
        let address = sha256(text::typed_address(password.trim()));
        let hash = match password.chars().count() {
            SHORTEST..=LONGEST => {
                off_the_async_threads(move || hash_unless_common(&password)).await?
            }
            length => Err(format!(
                "must have {SHORTEST} to {LONGEST} characters, has {length}"
            )),
        };
        Ok(Self {
            hash,
            fingerprint,
            address,
        })
    }

    /// The hash of [`PUBLISHED_PASSWORD`], for accounts that are marked as the demo's.
    #[tracing::instrument(name = "sessions::published", level = "debug", skip_all)]
    pub async fn published() -> Result<Self> {
        let fingerprint = sha256(PUBLISHED_PASSWORD).to_vec();
        let hash = off_the_async_threads(|| hash(PUBLISHED_PASSWORD)).await?;
        Ok(Self {
            hash: Ok(hash),
            fingerprint,
            address: sha256(PUBLISHED_PASSWORD),
        })
    }

    /// The hash; `None` if something is wrong with the password.
    pub(crate) fn hash(&self) -> Option<&str> {
        self.hash.as_deref().ok()
    }

    /// Errors: what is wrong with the password, as that of somebody with this e-mail address.
    pub(crate) fn check_for(&self, email: Option<&str>) -> Result<(), String> {
        self.hash.as_ref().map_err(String::clone)?;
        if email.is_some_and(|email| sha256(email) == self.address) {
            return Err("must be another text than the e-mail address".to_owned());
        }
        Ok(())
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl Serialize for PasswordHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fingerprint.serialize(serializer)
    }
}

/// Verifies a password against its hash; without a hash no password is right. Those that were hashed
/// before passwords were normalised open as they were typed then.
pub(super) async fn is_right(password: &str, hash: Option<String>) -> Result<bool> {
    let mut forms = vec![normal(password)];
    let typed: String = password.chars().take(LONGEST).collect();
    if !forms.contains(&typed) {
        forms.push(typed);
    }
    off_the_async_threads(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let parsed = PhcHash::new(&hash);
        let is_hashed = |h: &PhcHash, form: &String| {
            let verified = Argon2::default().verify_password(form.as_bytes(), h);
            verified.is_ok()
        };
        let matches = parsed.is_ok_and(|h| forms.iter().any(|form| is_hashed(&h, form)));
        known && matches
    })
    .await
}

async fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let internal = |error: &dyn std::fmt::Display| ServiceError::Internal(error.to_string());
    let _permit = HASHERS.acquire().await.map_err(|error| internal(&error))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| internal(&error))
}

/// Errors: the password is a common one, or found by few guesses.
fn hash_unless_common(password: &str) -> Result<String, String> {
    let trimmed = password.trim();
    if trimmed.to_lowercase() == PUBLISHED_PASSWORD {
        return Err("is published in the manual: choose another".to_owned());
    }
    let is_common = is_common_password(trimmed) || is_common_password(trimmed.to_lowercase());
    if is_common || zxcvbn(trimmed, &[]).guesses() <= FIRST_GUESSES {
        return Err(
            "is too easy to guess: choose neither a common password nor one word or pattern"
                .to_owned(),
        );
    }
    Ok(hash(password))
}

fn hash(password: &str) -> String {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .unwrap_or_default()
}
