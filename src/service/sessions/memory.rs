use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;

use crate::service::sessions::Token;
use crate::service::{Actor, sha256};

/// Largest number of remembered tokens and API keys: some kilobytes each.
const MOST: usize = 5_000;
/// Longest time that one is remembered: then a token's signature is verified again, as its key may
/// have been taken out.
const LASTS: TimeDelta = TimeDelta::minutes(1);

/// Cached authentication: the users of sessions' tokens and API keys, as of a revision of the
/// users, sessions and keys.
///
/// Nothing is answered on the strength of that alone: the database must say that this is still the
/// revision, see [`crate::db::Premise`]. Clones share it.
#[derive(Clone)]
pub struct Memory(Arc<Shared>);

struct Shared {
    /// By the hash of what a client showed.
    known: Cache<[u8; 32], Known>,
    /// The newest revision that was met.
    revision: AtomicI64,
}

#[derive(Clone)]
struct Known {
    actor: Actor,
    token: Option<Token>,
    until: DateTime<Utc>,
}

/// A token's or key's cached authentication, valid while users, sessions and keys have its revision.
pub struct Remembered {
    /// The user.
    pub actor: Actor,
    /// The session's token, if it is one.
    pub token: Option<Token>,
    /// The revision.
    pub revision: i64,
}

impl Default for Memory {
    fn default() -> Self {
        Self(Arc::new(Shared {
            known: Cache::new(MOST),
            revision: AtomicI64::new(i64::MIN),
        }))
    }
}

impl Memory {
    /// Looks a token or key up in the cache.
    pub fn recall(&self, text: &str) -> Option<Remembered> {
        let known = self.0.known.get(&sha256(text))?;
        let revision = known.actor.users_revision?;
        let is_good =
            revision == self.0.revision.load(Ordering::Relaxed) && known.until > Utc::now();
        is_good.then_some(Remembered {
            actor: known.actor,
            token: known.token,
            revision,
        })
    }

    /// Remembers until then who stands behind what a client shows, as the database has just said.
    pub fn remember(&self, text: &str, actor: &Actor, token: Option<&Token>, until: DateTime<Utc>) {
        let Some(revision) = actor.users_revision else {
            return;
        };
        self.0.revision.fetch_max(revision, Ordering::Relaxed);
        let known = Known {
            actor: actor.clone(),
            token: token.cloned(),
            until: until.min(Utc::now() + LASTS),
        };
        self.0.known.insert(sha256(text), known);
    }
}
