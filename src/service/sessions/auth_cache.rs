use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;

use crate::service::{Actor, OpaqueToken};

/// Largest number of remembered tokens and API keys: some kilobytes each.
const MOST: usize = 5_000;
/// Longest time that one is remembered: then it is looked up again, which notes that it is used.
const LASTS: TimeDelta = TimeDelta::minutes(1);

/// Cached authentication: the users of sessions' tokens and API keys, as of a revision of the
/// users, sessions and keys.
///
/// Nothing is answered on the strength of that alone: the database must say that this is still the
/// revision, see [`crate::db::AuthRevision`]. Clones share it.
#[derive(Clone)]
pub struct AuthCache(Arc<Shared>);

struct Shared {
    /// By the hash of the token.
    known: Cache<[u8; 32], CachedActor>,
    lasts: TimeDelta,
    /// The newest revision that was met.
    revision: AtomicI64,
}

#[derive(Clone)]
struct CachedActor {
    actor: Actor,
    until: DateTime<Utc>,
}

/// A token's or key's cached authentication, valid while users, sessions and keys have its revision.
pub struct Remembered {
    /// The user.
    pub actor: Actor,
    /// The revision.
    pub revision: i64,
}

impl Default for AuthCache {
    fn default() -> Self {
        Self::lasting(LASTS)
    }
}

impl AuthCache {
    /// The same, but with another longest time that a token or key is remembered.
    pub fn lasting(lasts: TimeDelta) -> Self {
        Self(Arc::new(Shared {
            known: Cache::new(MOST),
            lasts,
            revision: AtomicI64::new(i64::MIN),
        }))
    }

    /// Looks a token or key up in the cache.
    pub fn recall(&self, token: &OpaqueToken) -> Option<Remembered> {
        let known = self.0.known.get(token.hash())?;
        let revision = known.actor.auth_revision?;
        let is_good =
            revision == self.0.revision.load(Ordering::Relaxed) && known.until > Utc::now();
        is_good.then_some(Remembered {
            actor: known.actor,
            revision,
        })
    }

    /// Tells whether a token was known lately, though that may be over.
    pub fn has_known(&self, token: &OpaqueToken) -> bool {
        self.0.known.get(token.hash()).is_some()
    }

    /// Forgets a token that stands for nobody any more.
    pub fn forget(&self, token: &OpaqueToken) {
        self.0.known.remove(token.hash());
    }

    /// Remembers until then who stands behind a token, as the database has just said.
    pub fn remember(&self, token: &OpaqueToken, actor: &Actor, until: DateTime<Utc>) {
        let Some(revision) = actor.auth_revision else {
            return;
        };
        self.0.revision.fetch_max(revision, Ordering::Relaxed);
        let known = CachedActor {
            actor: actor.clone(),
            until: until.min(Utc::now() + self.0.lasts),
        };
        self.0.known.insert(*token.hash(), known);
    }
}
