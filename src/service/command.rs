use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::Connection;
use crate::service::permission::Action;
use crate::service::validation::FieldErrors;
use crate::service::{Actor, Result};

/// One change that a client can ask for. Its serialized form is what an idempotency key is
/// compared by.
pub trait Command: Serialize + Send + Sync + 'static {
    /// The operation's name in the API.
    const NAME: &'static str;
    /// The permission that it needs. `apply` asks it for the object at hand; a repeated idempotency
    /// key is answered only to a role that still has it at all.
    const ACTION: Action;
    /// The answer of the change.
    type Answer: Answer;

    /// Notes what is wrong with the input as such: with what `apply` would refuse on any object. Asked
    /// where a change is refused for a malformed id or key, so that all is said together.
    fn check(&self, _faults: &mut FieldErrors) {}

    /// Makes the change in the caller's transaction: locks, checks, writes, records.
    fn apply(
        self,
        conn: &mut Connection,
        actor: &Actor,
    ) -> impl Future<Output = Result<Self::Answer>> + Send;
}

/// The answer of a change, as an idempotency key remembers it and gives it again.
pub trait Answer: Sized + Send + 'static {
    /// The outcome, in ids, counts and codes. A person's data is not stored a second time: it
    /// would outlive the lead, and be given to somebody who may no longer see it.
    type Done: Serialize + DeserializeOwned + Send;

    /// The outcome that is to be remembered.
    fn done(&self) -> Self::Done;

    /// The answer with the objects as they are now; nothing if they are gone, or not the actor's
    /// to see.
    fn again(
        conn: &mut Connection,
        actor: &Actor,
        done: Self::Done,
    ) -> impl Future<Output = Result<Option<Self>>> + Send;
}
