use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use tokio::time;

use crate::db::{DbError, FairQueue, NoPermit, Party, Permit};
use crate::service::{OpaqueToken, Result};

/// Tokens that this copy does not know are looked up so many at a time.
const AT_A_TIME: usize = 2;
/// Longest time that an address waits without a turn. Far beyond what a look-up takes: whoever waits
/// for it waits for a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// A token that was refused is refused for so long without a look-up.
const REFUSED_FOR: Duration = Duration::from_secs(1);
/// Largest number of refused tokens that are remembered: about a megabyte.
const MOST_REFUSED: usize = 10_000;

/// Rate limit of the look-ups of opaque tokens that this copy does not know: a flood of invented ones
/// takes two connections at most, and no turn from clients at other addresses. Clones share it.
#[derive(Clone)]
pub struct TokenLookups(Arc<Shared>);

struct Shared {
    turns: FairQueue,
    /// When a token was refused, by its hash.
    refused: Cache<[u8; 32], Instant>,
}

impl Default for TokenLookups {
    fn default() -> Self {
        Self(Arc::new(Shared {
            turns: FairQueue::new(AT_A_TIME, PATIENCE),
            refused: Cache::new(MOST_REFUSED),
        }))
    }
}

impl TokenLookups {
    /// Waits for a turn to look a token up; addresses are served in turn. Errors: `Unavailable`,
    /// `TimedOut`.
    #[tracing::instrument(name = "token_lookups::turn", level = "debug", skip_all)]
    pub async fn turn(&self, party: Party, deadline: time::Instant) -> Result<Permit> {
        let permit = self.0.turns.enter(party, Some(deadline)).await;
        permit.map_err(|none| match none {
            NoPermit::Late => DbError::Late.into(),
            NoPermit::Exhausted => {
                DbError::Unavailable("no token could be looked up for seconds".to_owned()).into()
            }
        })
    }

    /// Remembers that the database does not know a token.
    pub fn refuse(&self, token: &OpaqueToken) {
        self.0.refused.insert(*token.hash(), Instant::now());
    }

    /// Tells whether a token was refused a moment ago. One that was refused may be taken later only where its
    /// user, the owner of an API key, is activated again.
    pub fn was_refused(&self, token: &OpaqueToken) -> bool {
        let refused = self.0.refused.get(token.hash());
        refused.is_some_and(|at| at.elapsed() < REFUSED_FOR)
    }
}
