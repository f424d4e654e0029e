use std::future::Future;
use std::pin::pin;

use diesel_async::AsyncConnection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};

use crate::db::{BETWEEN_CANCELS, Canceller, Connection, Db, carried};
use crate::service::idempotency::{self, IdempotencyKey};
use crate::service::{Actor, Result, ServiceError};

/// One change that a client can ask for. Its serialized form is what an idempotency key is
/// compared by, and its answer is what a repeated key gets back.
pub trait Command: Serialize + Send + Sync + 'static {
    /// The operation's name in the API.
    const NAME: &'static str;
    /// What the change answers with.
    type Answer: Serialize + DeserializeOwned + Send + 'static;

    /// Makes the change in the caller's transaction: locks, checks, writes, records.
    fn apply(
        self,
        conn: &mut Connection,
        actor: &Actor,
    ) -> impl Future<Output = Result<Self::Answer>> + Send;
}

/// Runs a command: a task and a transaction of its own, once per idempotency key.
///
/// A client that goes away drops this future, but not the task: the change is then fully done or
/// fully absent, and no connection goes back to the pool with locks in its hands. At the request's
/// deadline it is undone, unless it is being committed: it is then answered.
#[tracing::instrument(level = "debug", skip_all, fields(otel.name = C::NAME))]
pub async fn perform<C: Command>(
    db: &Db,
    actor: &Actor,
    key: Option<IdempotencyKey>,
    command: C,
) -> Result<C::Answer> {
    let (db, actor) = (db.for_change(), actor.clone());
    let deadline = db.deadline();
    let change = async move {
        let mut conn = db.connection().await?;
        let canceller = conn.canceller();
        let transaction = conn.transaction(async |conn| {
            let answer = match key {
                None => command.apply(conn, &actor).await,
                Some(key) => idempotency::once(conn, &actor, &key, command).await,
            }?;
            match deadline {
                Some(deadline) if Instant::now() >= deadline => Err(too_late()),
                _ => Ok(answer),
            }
        });
        match deadline {
            Some(deadline) => until(deadline, transaction, &canceller).await,
            None => transaction.await,
        }
    };
    match tokio::spawn(carried(change)).await {
        Ok(answer) => answer,
        Err(panic) => Err(ServiceError::Internal(format!("{}: {panic}", C::NAME))),
    }
}

/// Has a transaction that is not done by the deadline end by itself: its statement is cancelled, as
/// often as it takes, and its connection is left in order.
async fn until<T>(
    deadline: Instant,
    transaction: impl Future<Output = Result<T>>,
    canceller: &Canceller,
) -> Result<T> {
    let mut transaction = pin!(transaction);
    if let Ok(outcome) = timeout_at(deadline, &mut transaction).await {
        return outcome;
    }
    loop {
        canceller.cancel().await;
        if let Ok(outcome) = timeout(BETWEEN_CANCELS, &mut transaction).await {
            return outcome.map_err(|error| match error {
                ServiceError::TimedOut(_) => too_late(),
                error => error,
            });
        }
    }
}

fn too_late() -> ServiceError {
    ServiceError::TimedOut("the change was undone, because it")
}
