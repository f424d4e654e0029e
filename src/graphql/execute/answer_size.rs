//! The size limit of an answer, whose bytes are counted while its values are read and written.

use std::future::Future;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo,
};
use async_graphql::{
    QueryPathNode, QueryPathSegment, ServerResult, Value, async_trait::async_trait,
};
use tokio::sync::{Mutex, OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant, sleep, timeout_at};

use crate::db::{FairQueue, Party, Permit};
use crate::graphql::execute::raw_json::{is_left_out, left_out};
use crate::graphql::execute::schema_description::DESCRIPTION;
use crate::service::ServiceError;

/// The maximum size of a small answer, in bytes: it needs no slot.
pub const SMALL_ANSWER: usize = 1024 * 1024;
/// The maximum number of larger answers that are being made or sent at a time.
const LARGE_AT_A_TIME: usize = 4;
/// The maximum number of lists of one request read at a time: as many as it may hold connections.
const READS_AT_A_TIME: usize = 4;
/// The number of bytes after which a large answer pauses, so that small requests find a free core. The
/// pauses take a tenth of a second for each 12 MB.
const BETWEEN_PAUSES: usize = 128 * 1024;
const PAUSE: Duration = Duration::from_millis(1);
/// Longer than any request takes: its deadline ends the wait for a slot.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// The slots of large answers, which users take in turn; small ones need none. Large answers are made
/// in turns, on half of the cores at a time; the other cores are left to small answers.
#[derive(Clone)]
pub(in crate::graphql) struct LargeAnswers {
    slots: FairQueue,
    turns: Arc<Semaphore>,
    limit: usize,
}

/// The size of one answer in bytes. They are counted when they are read from PostgreSQL and again when
/// they are written; the limit holds for both. Beyond a megabyte the answer needs a slot for large
/// answers, which it holds until it is dropped.
pub struct AnswerSize {
    large: LargeAnswers,
    party: Party,
    deadline: Instant,
    is_change: bool,
    read: AtomicUsize,
    written: AtomicUsize,
    /// The number of bytes at the last pause.
    paused_at: AtomicUsize,
    reads: Semaphore,
    slot: OnceCell<Permit>,
    turn: Mutex<Option<OwnedSemaphorePermit>>,
    refusal: OnceLock<Refusal>,
}

/// The reason why the rest of an answer is left out.
#[derive(Clone, Copy)]
enum Refusal {
    TooLarge,
    NoPlace,
}

impl LargeAnswers {
    /// The slots for answers of at most `limit` bytes each.
    pub(in crate::graphql) fn new(limit: usize) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self {
            slots: FairQueue::new(LARGE_AT_A_TIME, PATIENCE),
            turns: Arc::new(Semaphore::new((cores / 2).max(1))),
            limit,
        }
    }

    /// The size of a new answer.
    pub(in crate::graphql) fn answer(
        &self,
        party: Party,
        deadline: Instant,
        is_change: bool,
    ) -> AnswerSize {
        AnswerSize {
            large: self.clone(),
            party,
            deadline,
            is_change,
            read: AtomicUsize::new(0),
            written: AtomicUsize::new(0),
            paused_at: AtomicUsize::new(0),
            reads: Semaphore::new(READS_AT_A_TIME),
            slot: OnceCell::new(),
            turn: Mutex::new(None),
            refusal: OnceLock::new(),
        }
    }
}

impl AnswerSize {
    /// Reads rows of this size; few lists of a request at a time, so that later ones see the size of
    /// earlier ones. Errors: those of reading, and `AnswerTooLarge` beyond the limit.
    pub(in crate::graphql) async fn reading<T, E: From<ServiceError>>(
        &self,
        read: impl Future<Output = Result<T, E>>,
        size: impl FnOnce(&T) -> usize,
    ) -> Result<T, E> {
        let _one_of_few = self.reads.acquire().await;
        self.check()?;
        // A slow read must not hold up the answers of others.
        self.end_turn().await;
        let rows = read.await?;
        let size = size(&rows);
        let read = self.read.fetch_add(size, Ordering::Relaxed) + size;
        if read > self.large.limit {
            self.refuse(Refusal::TooLarge);
        }
        self.check()?;
        if self.is_large() {
            self.room().await;
        }
        Ok(rows)
    }

    /// Counts written bytes.
    pub(in crate::graphql) fn add(&self, bytes: usize) {
        let written = self.written.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if written > self.large.limit {
            self.refuse(Refusal::TooLarge);
        }
    }

    /// The approximate number of bytes written so far.
    pub fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// True once the rest of the answer is left out.
    pub(in crate::graphql) fn is_beyond(&self) -> bool {
        self.refusal.get().is_some()
    }

    /// True once the answer is larger than `SMALL_ANSWER`.
    pub fn is_large(&self) -> bool {
        self.counted() > SMALL_ANSWER
    }

    /// The number of bytes read and written so far.
    fn counted(&self) -> usize {
        self.written() + self.read.load(Ordering::Relaxed)
    }

    /// Lets small answers go first once this one is large: waits for a slot, once, and for a turn, and
    /// pauses from time to time. If it gets none before the deadline, the rest is left out.
    pub(in crate::graphql) async fn room(&self) {
        if self.slot.get().is_some() {
            self.pause().await;
        } else if self.is_beyond() {
            return;
        }
        let enter = || self.large.slots.enter(self.party, Some(self.deadline));
        if self.slot.get_or_try_init(enter).await.is_err() || !self.take_turn().await {
            self.refuse(Refusal::NoPlace);
        }
    }

    async fn pause(&self) {
        let counted = self.counted();
        let since = counted.saturating_sub(self.paused_at.load(Ordering::Relaxed));
        if since >= BETWEEN_PAUSES {
            self.paused_at.store(counted, Ordering::Relaxed);
            sleep(PAUSE * (since / BETWEEN_PAUSES) as u32).await;
        }
    }

    async fn take_turn(&self) -> bool {
        let mut turn = self.turn.lock().await;
        if turn.is_none() {
            let next = Arc::clone(&self.large.turns).acquire_owned();
            *turn = timeout_at(self.deadline, next)
                .await
                .ok()
                .and_then(Result::ok);
        }
        turn.is_some()
    }

    /// Ends the turn, if this answer has it, before a wait for others or for the client.
    pub async fn end_turn(&self) {
        self.turn.lock().await.take();
    }

    /// True if a field is always written, whatever the size: the counts and ids of a change, and the
    /// few plain fields of its object, so that a committed change does not look failed. `is_leaf` is
    /// true for a field without a selection set.
    pub(in crate::graphql) fn is_kept(
        &self,
        path: Option<&QueryPathNode<'_>>,
        is_leaf: bool,
    ) -> bool {
        self.is_change && depth(path) <= if is_leaf { 3 } else { 2 }
    }

    /// Checks that nothing is left out. Errors: `AnswerTooLarge`, `TimedOut`.
    pub(in crate::graphql) fn check(&self) -> Result<(), ServiceError> {
        match self.refusal.get() {
            None => Ok(()),
            Some(Refusal::TooLarge) => Err(ServiceError::AnswerTooLarge(self.large.limit)),
            Some(Refusal::NoPlace) => {
                Err(ServiceError::TimedOut("waiting for other large answers"))
            }
        }
    }

    fn refuse(&self, refusal: Refusal) {
        let _ = self.refusal.set(refusal);
    }
}

/// The number of fields on the path to this one, inclusive.
fn depth(mut path: Option<&QueryPathNode<'_>>) -> usize {
    let mut depth = 0;
    while let Some(node) = path {
        depth += usize::from(matches!(node.segment, QueryPathSegment::Name(_)));
        path = node.parent;
    }
    depth
}

/// An extension that counts each value which the library resolves.
pub(in crate::graphql) struct Counting;

impl ExtensionFactory for Counting {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Counting {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        if info.parent_type == "__Schema" && info.name == "description" {
            return Ok(Some(Value::from(DESCRIPTION)));
        }
        let Some(size) = ctx.data_opt::<Arc<AnswerSize>>() else {
            return next.run(ctx, info).await;
        };
        let is_leaf = info.field.selection_set.node.items.is_empty();
        let key = info.alias.unwrap_or(info.name).len();
        let path = info.path_node;
        if size.is_beyond() && !size.is_kept(Some(path), is_leaf) {
            return Ok(Some(left_out()));
        }
        let value = next.run(ctx, info).await?;
        // The bytes of an object that is JSON were counted when it was written.
        let bytes = value.as_ref().filter(|_| is_leaf).map_or(0, leaf_bytes);
        size.add(key + SIGNS + bytes);
        if size.is_large() && (bytes > LONG || size.slot.get().is_none()) {
            size.room().await;
        }
        // An object stays: its excess was left out when it was resolved.
        if is_leaf && size.is_beyond() && !size.is_kept(Some(path), true) {
            return Ok(Some(left_out()));
        }
        Ok(value)
    }
}

/// The size of a value, in bytes, from which others go first.
const LONG: usize = 1024;
/// Quotes, colon and comma of a member.
const SIGNS: usize = 4;

/// The approximate number of bytes of a leaf value.
fn leaf_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Boolean(_) | Value::Number(_) => 4,
        Value::String(text) => text.len() + 2,
        Value::Enum(name) => name.len() + 2,
        Value::Binary(_) if is_left_out(value) => 0,
        Value::Binary(json) => json.len(),
        Value::List(items) => items.iter().map(|item| leaf_bytes(item) + 1).sum(),
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(key, value)| key.len() + SIGNS + leaf_bytes(value))
                .sum()
        }
    }
}
