use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::db::RequestDb;
use crate::service::users::{User, users_by_id};
use crate::service::{Actor, Result, UserId};

/// The most users that are remembered; with more, all are forgotten and read anew. About 5 MB.
const MOST: usize = 10_000;

/// The users whose names stand on leads and notes, remembered until any user changes.
///
/// An actor is read together with the users' revision, for every request. What is remembered of
/// that revision is what the database holds at that moment, so it is never out of date, on however
/// many copies of the server users are changed.
#[derive(Clone, Default)]
pub struct UserCache {
    cached: Arc<Mutex<CachedUsers>>,
}

#[derive(Default)]
struct CachedUsers {
    revision: i64,
    users: HashMap<UserId, Arc<User>>,
}

impl UserCache {
    /// Users by id, whoever asks: the names that stand on leads and notes which the asker may see.
    /// Ids of nobody are not in the answer.
    #[tracing::instrument(name = "users::named", level = "debug", skip_all)]
    pub async fn named(
        &self,
        db: &RequestDb,
        actor: &Actor,
        ids: impl IntoIterator<Item = UserId>,
    ) -> Result<HashMap<UserId, Arc<User>>> {
        let ids: HashSet<UserId> = ids.into_iter().collect();
        let mut found = match actor.auth_revision {
            Some(revision) => self.remembered(revision, &ids),
            None => HashMap::new(),
        };
        let missing: Vec<UserId> = ids
            .into_iter()
            .filter(|id| !found.contains_key(id))
            .collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let read = users_by_id(&mut *db.connection().await?, &missing).await?;
        let read = read.into_iter().map(|(id, user)| (id, Arc::new(user)));
        found.extend(read);
        if let Some(revision) = actor.auth_revision {
            let new = missing
                .iter()
                .filter_map(|id| Some((*id, found.get(id)?.clone())));
            self.remember(revision, new.collect());
        }
        Ok(found)
    }

    fn remembered(&self, revision: i64, ids: &HashSet<UserId>) -> HashMap<UserId, Arc<User>> {
        let cached = self.cached(revision);
        let users = ids.iter().filter_map(|id| cached.users.get_key_value(id));
        users.map(|(id, user)| (*id, user.clone())).collect()
    }

    /// Remembers what was read after this revision, unless somebody has met a later one in the
    /// meantime: what was read may be older than that.
    fn remember(&self, revision: i64, users: Vec<(UserId, Arc<User>)>) {
        let mut cached = self.cached(revision);
        if cached.revision != revision {
            return;
        }
        if cached.users.len() + users.len() > MOST {
            cached.users.clear();
        }
        cached.users.extend(users);
    }

    /// The users cached, as of this revision or a later one.
    fn cached(&self, revision: i64) -> MutexGuard<'_, CachedUsers> {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.revision < revision {
            cached.users.clear();
            cached.revision = revision;
        }
        cached
    }
}
