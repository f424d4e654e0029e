//! A cache of the provider's public keys.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::fetch::Fetch;
use super::settings::OidcSettings;

/// Time between two requests for the keys, so that one which the provider withdrew is dropped.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// Time until the next request for the keys if the last one failed.
const RETRY: Duration = Duration::from_secs(30);
/// Time limit of all requests of one refresh.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most keys that are cached.
const MOST: usize = 100;

/// The error if the provider's keys cannot be fetched: it is unknown if a key is the provider's.
#[derive(Debug, Clone)]
pub(super) struct Unknown(pub(super) String);

/// The cached keys. Clones share them.
#[derive(Clone)]
pub(super) struct Keys(Arc<Shared>);

struct Shared {
    settings: OidcSettings,
    fetch: Fetch,
    /// Read for every token, written after each refresh.
    known: RwLock<Option<CachedKeys>>,
    /// The time and outcome of the last refresh; the lock allows one at a time.
    asked: Mutex<Option<(Instant, Result<(), Unknown>)>>,
}

struct CachedKeys {
    keys: Vec<Arc<Key>>,
    at: Instant,
}

/// A key, and the algorithms that it may verify.
pub(super) struct Key {
    pub(super) key: DecodingKey,
    /// Its `kid`, if the provider gave it one.
    name: Option<String>,
    /// Its `alg`, if the provider gave it one.
    named: Option<KeyAlgorithm>,
    curve: Option<Algorithm>,
}

impl Key {
    /// True if this is the key of tokens with this `kid`.
    pub(super) fn is_called(&self, name: Option<&str>) -> bool {
        name.is_some() && self.name.as_deref() == name
    }

    /// True if this key may verify tokens with this algorithm.
    fn fits(&self, algorithm: Algorithm) -> bool {
        let is_named = |named| named == KeyAlgorithm::from(algorithm);
        self.key.family() == algorithm.family()
            && self.named.is_none_or(is_named)
            && self.curve.is_none_or(|curve| curve == algorithm)
    }
}

impl Keys {
    /// Errors: an invalid file of authorities, in a sentence.
    pub(super) fn new(settings: OidcSettings) -> Result<Self, String> {
        let fetch = Fetch::trusting(settings.authorities.as_deref())?;
        Ok(Self(Arc::new(Shared {
            settings,
            fetch,
            known: RwLock::default(),
            asked: Mutex::default(),
        })))
    }

    /// The key of a token with this algorithm and this `kid`, if it has one. An unknown key may be new:
    /// the provider is asked, unless it was asked a moment ago.
    pub(super) async fn find(
        &self,
        name: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<Key>>, Unknown> {
        if let Some(key) = self.known(name, algorithm) {
            return Ok(Some(key));
        }
        self.ask().await?;
        Ok(self.known(name, algorithm))
    }

    /// The key that has replaced a key without a `kid`, if the provider has another one now.
    pub(super) async fn instead_of(
        &self,
        key: &Arc<Key>,
        name: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<Key>>, Unknown> {
        self.ask().await?;
        let now = self.known(name, algorithm);
        Ok(now.filter(|now| !Arc::ptr_eq(now, key)))
    }

    /// Refreshes the keys at intervals, for ever.
    pub(super) async fn follow(&self) {
        loop {
            let outcome = self.ask().await;
            tokio::time::sleep(if outcome.is_ok() { FRESH } else { RETRY }).await;
        }
    }

    /// The cached key with this `kid`. If the token or the key has none, it is the only key that fits the
    /// algorithm, or none. Keys that are too old are not used.
    fn known(&self, name: Option<&str>, algorithm: Algorithm) -> Option<Arc<Key>> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_ref()?;
        if known.at.elapsed() >= self.0.settings.keys_serve_for {
            return None;
        }
        let keys = &known.keys;
        let is_known = keys.iter().any(|key| key.is_called(name));
        let may_be = |key: &&Arc<Key>| match name {
            Some(_) if is_known => key.is_called(name),
            Some(_) => key.name.is_none(),
            None => true,
        };
        let mut fitting = keys.iter().filter(may_be).filter(|key| key.fits(algorithm));
        let only = fitting.next()?;
        fitting.next().is_none().then(|| only.clone())
    }

    /// Refreshes the keys, one request at a time and with a pause in between; concurrent callers wait
    /// and get the same result.
    async fn ask(&self) -> Result<(), Unknown> {
        let mut asked = self.0.asked.lock().await;
        if let Some((at, outcome)) = &*asked
            && at.elapsed() < self.0.settings.ask_again_after
        {
            return outcome.clone();
        }
        let outcome = match timeout(PATIENCE, fetch_keys(&self.0.settings, &self.0.fetch)).await {
            Ok(Ok(keys)) => {
                let at = Instant::now();
                let known = Some(CachedKeys { keys, at });
                *self.0.known.write().unwrap_or_else(PoisonError::into_inner) = known;
                Ok(())
            }
            Ok(Err(reason)) => Err(Unknown(reason)),
            Err(_) => Err(Unknown(format!("no answer within {PATIENCE:?}"))),
        };
        if let Err(Unknown(reason)) = &outcome {
            tracing::warn!(%reason, "the identity provider's keys could not be fetched");
        }
        *asked = Some((Instant::now(), outcome.clone()));
        outcome
    }
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

async fn fetch_keys(settings: &OidcSettings, fetch: &Fetch) -> Result<Vec<Arc<Key>>, String> {
    let url = match &settings.jwks_url {
        Some(url) => url.clone(),
        None => {
            let found: Discovery = fetch.json(&settings.discovery_url()).await?;
            if found.issuer != settings.issuer {
                return Err(format!("the issuer calls itself {}", found.issuer));
            }
            found.jwks_uri
        }
    };
    let set: KeySet = fetch.json(&url).await?;
    // A key that cannot be parsed is of an unsupported type, and is left out.
    let keys = set.keys.into_iter().filter_map(key);
    let keys: Vec<_> = keys.take(MOST).map(Arc::new).collect();
    if keys.is_empty() {
        return Err(format!("{url}: there is no key for signatures"));
    }
    Ok(keys)
}

/// Parses a public key for signatures. A symmetric key must never be published, and is refused.
fn key(value: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let is_for_signatures = jwk.common.public_key_use.is_none()
        || jwk.common.public_key_use == Some(PublicKeyUse::Signature);
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    if !is_for_signatures || key.family() == AlgorithmFamily::Hmac {
        return None;
    }
    let curve = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
            EllipticCurve::P256 => Some(Algorithm::ES256),
            EllipticCurve::P384 => Some(Algorithm::ES384),
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve != EllipticCurve::Ed25519 => {
            return None;
        }
        _ => None,
    };
    Some(Key {
        key,
        name: jwk.common.key_id,
        named: jwk.common.key_algorithm,
        curve,
    })
}
