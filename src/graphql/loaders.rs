//! Look-ups that are batched over one request. Loaders belong to one request and its actor, so that
//! nothing one user may see is ever served to another.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use futures_util::FutureExt;

use crate::db::{RequestDb, carried};
use crate::graphql::error::defect;
use crate::graphql::execute::answer_size::AnswerSize;
use crate::service::leads::{self, Lead};
use crate::service::page::{Page, PageResult, Start};
use crate::service::timeline::{self, Entry, EntryType};
use crate::service::users::{User, UserCache};
use crate::service::{Actor, LeadId, NoteId, Result, ServiceError, UserId};

/// The error of a failed batch; every look-up of the batch gets the same.
#[derive(Clone)]
pub struct LoadError(Arc<ServiceError>);

impl AsRef<ServiceError> for LoadError {
    fn as_ref(&self) -> &ServiceError {
        &self.0
    }
}

impl From<ServiceError> for LoadError {
    fn from(error: ServiceError) -> Self {
        Self(Arc::new(error))
    }
}

/// The most objects that are looked up in one statement. So many of the largest objects take as much
/// memory as one request may have without a slot for large answers.
const MOST_AT_ONCE: usize = 250;

/// The loaders of one request.
pub type Loaders = DataLoader<Lookup>;

/// The database and the actor that the loaders look objects up for.
pub struct Lookup {
    pub(super) db: RequestDb,
    pub(super) user_cache: UserCache,
    pub(super) actor: Actor,
    pub(super) size: Arc<AnswerSize>,
}

impl Lookup {
    /// The loaders of a request.
    pub(super) fn loaders(self) -> Loaders {
        // Resolvers of one level ask in the same poll: after a short delay the batch is complete.
        DataLoader::new(self, |work| tokio::spawn(carried(work)))
            .delay(Duration::from_micros(100))
            .max_batch_size(MOST_AT_ONCE)
    }

    async fn entries(&self, keys: &[EntriesOf]) -> Result<HashMap<EntriesOf, PageResult<Entry>>> {
        let mut alike: HashMap<_, Vec<LeadId>> = HashMap::new();
        for key in keys {
            alike
                .entry((&key.types, key.size, key.after))
                .or_default()
                .push(key.lead);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for ((types, size, after), leads) in alike {
            let start = after.map_or(Start::Offset(0), Start::After);
            let page = Page { size, start };
            for leads in leads.chunks(MOST_AT_ONCE.div_ceil(size + 1)) {
                let read =
                    timeline::entries_of(&self.db, &self.actor, leads, types.as_deref(), &page);
                let entries = self.size.reading(read, |found| {
                    found
                        .values()
                        .flat_map(|slice| &slice.rows)
                        .map(Entry::size)
                        .sum()
                });
                let entries = entries.await?.into_iter().map(|(lead, slice)| {
                    let types = types.clone();
                    let of = EntriesOf {
                        lead,
                        types,
                        size,
                        after,
                    };
                    (of, slice)
                });
                found.extend(entries);
            }
        }
        Ok(found)
    }
}

/// The result of a look-up. A panic in a batch would panic every field that waits for it, so it is
/// turned into an error, which fails only these fields.
async fn batch<T>(work: impl Future<Output = Result<T>>) -> Result<T, LoadError> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    Ok(outcome.unwrap_or_else(|panic| Err(defect(panic.as_ref())))?)
}

impl Loader<UserId> for Lookup {
    type Value = Arc<User>;
    type Error = LoadError;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, Arc<User>>, LoadError> {
        let keys = keys.iter().copied();
        batch(self.user_cache.named(&self.db, &self.actor, keys)).await
    }
}

impl Loader<LeadId> for Lookup {
    type Value = Lead;
    type Error = LoadError;

    async fn load(&self, keys: &[LeadId]) -> Result<HashMap<LeadId, Lead>, LoadError> {
        let read = leads::read_many(&self.db, &self.actor, keys);
        let read = self
            .size
            .reading(read, |leads| leads.iter().map(Lead::size).sum());
        let leads = batch(read).await?;
        Ok(leads.into_iter().map(|lead| (lead.id, lead)).collect())
    }
}

impl Loader<NoteId> for Lookup {
    type Value = Entry;
    type Error = LoadError;

    async fn load(&self, keys: &[NoteId]) -> Result<HashMap<NoteId, Entry>, LoadError> {
        let read = timeline::read_many(&self.db, &self.actor, keys);
        let read = self
            .size
            .reading(read, |entries| entries.iter().map(Entry::size).sum());
        let entries = batch(read).await?;
        Ok(entries.into_iter().map(|entry| (entry.id, entry)).collect())
    }
}

/// A page of a lead's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct EntriesOf {
    pub lead: LeadId,
    pub types: Option<Vec<EntryType>>,
    pub size: usize,
    /// The position after which the page begins, newest first.
    pub after: Option<i64>,
}

impl Loader<EntriesOf> for Lookup {
    type Value = PageResult<Entry>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[EntriesOf],
    ) -> Result<HashMap<EntriesOf, PageResult<Entry>>, LoadError> {
        batch(self.entries(keys)).await
    }
}
