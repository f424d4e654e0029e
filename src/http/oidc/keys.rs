//! The provider's public keys, remembered.

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

/// Time between two requests for the keys, so that one which the provider withdrew is forgotten.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// Time until they are asked for again when they could not be had.
const RETRY: Duration = Duration::from_secs(30);
/// Time limit of all of the asking.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most keys that are remembered.
const MOST: usize = 100;

/// Why it cannot be told whether a key is the provider's.
#[derive(Debug, Clone)]
pub(super) struct Unknown(pub(super) String);

/// The keys that are known. Clones share them.
#[derive(Clone)]
pub(super) struct Keys(Arc<Shared>);

struct Shared {
    settings: OidcSettings,
    fetch: Fetch,
    /// Read for every token, written when the provider was asked.
    known: RwLock<Option<CachedKeys>>,
    /// One asks at a time; what became of it, and when.
    asked: Mutex<Option<(Instant, Result<(), Unknown>)>>,
}

struct CachedKeys {
    keys: Vec<Arc<Key>>,
    at: Instant,
}

/// A key, and what it may verify.
pub(super) struct Key {
    pub(super) key: DecodingKey,
    /// Its `kid`, if the provider gave it one.
    name: Option<String>,
    /// Its `alg`, if the provider gave it one.
    named: Option<KeyAlgorithm>,
    curve: Option<Algorithm>,
}

impl Key {
    /// Tells whether this is the key of tokens with this `kid`.
    pub(super) fn is_called(&self, name: Option<&str>) -> bool {
        name.is_some() && self.name.as_deref() == name
    }

    /// Tells whether tokens with this algorithm may be verified by this key.
    fn fits(&self, algorithm: Algorithm) -> bool {
        let is_named = |named| named == KeyAlgorithm::from(algorithm);
        self.key.family() == algorithm.family()
            && self.named.is_none_or(is_named)
            && self.curve.is_none_or(|curve| curve == algorithm)
    }
}

impl Keys {
    /// Errors: a file of authorities that is none, in a sentence.
    pub(super) fn new(settings: OidcSettings) -> Result<Self, String> {
        let fetch = Fetch::trusting(settings.authorities.as_deref())?;
        Ok(Self(Arc::new(Shared {
            settings,
            fetch,
            known: RwLock::default(),
            asked: Mutex::default(),
        })))
    }

    /// The key of a token with this algorithm that names its key so, or does not name it. One that
    /// is not known may be new: the provider is asked, unless it was a moment ago.
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

    /// The key that the provider has instead of one without a name, if it has another one now.
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

    /// Asks for the keys now and again, for ever.
    pub(super) async fn follow(&self) {
        loop {
            let outcome = self.ask().await;
            tokio::time::sleep(if outcome.is_ok() { FRESH } else { RETRY }).await;
        }
    }

    /// The key with that name. Where a name tells nothing, because the token or the key has none, it
    /// is the only one that fits, or none. What is known too long is of no use.
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

    /// Asks the provider, one request at a time and with a pause in between; who comes meanwhile
    /// waits and gets the same answer.
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
    // What cannot be read is of a kind that this program does not know, and is left out.
    let keys = set.keys.into_iter().filter_map(key);
    let keys: Vec<_> = keys.take(MOST).map(Arc::new).collect();
    if keys.is_empty() {
        return Err(format!("{url}: there is no key for signatures"));
    }
    Ok(keys)
}

/// A public key for signatures. A secret one has no place in what is published.
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
