use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use quick_cache::sync::Cache;

use crate::service::sessions::Token;
use crate::service::{Actor, sha256};

/// How many sessions are remembered: some kilobytes each.
const MOST: usize = 5_000;
/// How long one is remembered: then its signature is looked at again, as its key may have been
/// taken out.
const LASTS: Duration = Duration::from_secs(60);

/// Who stood behind the tokens that came lately, as of a revision of the users and sessions.
///
/// Nothing is answered on the strength of that alone: the database must say that this is still the
/// revision, see [`crate::db::Premise`]. Clones share it.
#[derive(Clone)]
pub struct Memory(Arc<Shared>);

struct Shared {
    /// By the hash of the token's text.
    sessions: Cache<[u8; 32], Known>,
    /// The newest revision that was met.
    revision: AtomicI64,
}

#[derive(Clone)]
struct Known {
    actor: Actor,
    token: Token,
    at: Instant,
}

/// Who stands behind a token if the users and sessions are still those of a revision.
pub struct Remembered {
    /// The user.
    pub actor: Actor,
    /// The session's token.
    pub token: Token,
    /// The revision.
    pub revision: i64,
}

impl Default for Memory {
    fn default() -> Self {
        Self(Arc::new(Shared {
            sessions: Cache::new(MOST),
            revision: AtomicI64::new(i64::MIN),
        }))
    }
}

impl Memory {
    /// Who stood behind the token with this text.
    pub fn recall(&self, text: &str) -> Option<Remembered> {
        let known = self.0.sessions.get(&sha256(text))?;
        let revision = known.actor.users_revision?;
        let is_good = revision == self.0.revision.load(Ordering::Relaxed)
            && known.at.elapsed() < LASTS
            && known.token.expires_at() > Utc::now();
        is_good.then_some(Remembered {
            actor: known.actor,
            token: known.token,
            revision,
        })
    }

    /// Remembers who stands behind a token, as the database has just said.
    pub fn remember(&self, text: &str, actor: &Actor, token: &Token) {
        let Some(revision) = actor.users_revision else {
            return;
        };
        self.0.revision.fetch_max(revision, Ordering::Relaxed);
        let known = Known {
            actor: actor.clone(),
            token: token.clone(),
            at: Instant::now(),
        };
        self.0.sessions.insert(sha256(text), known);
    }
}
