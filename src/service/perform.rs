use std::sync::atomic::{AtomicBool, Ordering};

use diesel_async::AsyncConnection;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

use crate::db::{CANCEL_GRACE, Connection, RequestDb, carried};
use crate::service::idempotency::{self, IdempotencyKey};
use crate::service::{Actor, Command, Result, ServiceError};

/// Runs a command: a task and a transaction of its own.
///
/// A client that goes away drops this future, but not the task: the change is then fully done or
/// fully absent, and no connection goes back to the pool with locks in its hands. At the request's
/// deadline it is undone, unless it is being committed: it is then answered, if PostgreSQL answers.
#[tracing::instrument(level = "debug", skip_all, fields(otel.name = C::NAME))]
pub async fn perform<C: Command>(db: &RequestDb, actor: &Actor, command: C) -> Result<C::Answer> {
    let work: Work<C::Answer> = Box::new(move |conn, actor| Box::pin(command.apply(conn, actor)));
    in_transaction(C::NAME, db, actor, work).await
}

/// Like [`perform`], but done only once for each idempotency key. A repeated one has no effect, and
/// the answer of the first time with the objects as they are now: nothing where they are gone or out
/// of the actor's reach.
///
/// Errors: `IdempotencyConflict` if the key stands for another operation or input.
#[tracing::instrument(level = "debug", skip_all, fields(otel.name = C::NAME))]
pub async fn perform_once<C: Command>(
    db: &RequestDb,
    actor: &Actor,
    key: IdempotencyKey,
    command: C,
) -> Result<Option<C::Answer>> {
    let work: Work<Option<C::Answer>> = Box::new(move |conn, actor| {
        Box::pin(async move { idempotency::once(conn, actor, &key, command).await })
    });
    in_transaction(C::NAME, db, actor, work).await
}

/// The work of a transaction.
type Work<T> =
    Box<dyn for<'a> FnOnce(&'a mut Connection, &'a Actor) -> BoxFuture<'a, Result<T>> + Send>;

async fn in_transaction<T: Send + 'static>(
    name: &'static str,
    db: &RequestDb,
    actor: &Actor,
    work: Work<T>,
) -> Result<T> {
    let (db, actor) = (db.for_change(), actor.clone());
    let change = async move {
        let mut conn = db.connection().await?;
        let is_committing = AtomicBool::new(false);
        let is_late = || db.deadline().is_some_and(|at| Instant::now() >= at);
        let transaction = conn.transaction(async |conn| {
            let answer = work(conn, &actor).await?;
            if is_late() {
                return Err(too_late());
            }
            is_committing.store(true, Ordering::Relaxed);
            Ok(answer)
        });
        let outcome = by_the_deadline(&db, transaction).await;
        match outcome {
            None if is_committing.load(Ordering::Relaxed) => Err(ServiceError::TimedOut(UNKNOWN)),
            None => Err(too_late()),
            Some(Err(ServiceError::TimedOut(_))) if is_late() => Err(too_late()),
            Some(outcome) => outcome,
        }
    };
    match tokio::spawn(carried(change)).await {
        Ok(answer) => answer,
        Err(panic) => Err(ServiceError::Internal(format!("{name}: {panic}"))),
    }
}

/// Waits for a transaction, which ends by itself: its statements are cancelled at the deadline. One
/// that still does not end is on a connection on which PostgreSQL does not answer. It is given up, and
/// the connection with it, which is closed: what was not being committed is then undone as soon as
/// PostgreSQL sees that.
async fn by_the_deadline<T>(
    db: &RequestDb,
    transaction: impl Future<Output = Result<T>>,
) -> Option<Result<T>> {
    match db.deadline() {
        None => Some(transaction.await),
        Some(deadline) => timeout_at(deadline + CANCEL_GRACE, transaction).await.ok(),
    }
}

const UNKNOWN: &str = "it is not known whether the change was made, because the database";

fn too_late() -> ServiceError {
    ServiceError::TimedOut("the change was undone, because it")
}
