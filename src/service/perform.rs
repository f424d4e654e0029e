use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel_async::AsyncConnection;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::db::{BETWEEN_CANCELS, Canceller, Connection, Db, DbError, PooledConnection, carried};
use crate::service::idempotency::{self, IdempotencyKey};
use crate::service::{Actor, Command, Result, ServiceError};

/// The time after its deadline in which a change may end by itself.
const GRACE: Duration = Duration::from_millis(800);

/// Runs a command: a task and a transaction of its own.
///
/// A client that goes away drops this future, but not the task: the change is then fully done or
/// fully absent, and no connection goes back to the pool with locks in its hands. At the request's
/// deadline it is undone, unless it is being committed: it is then answered, if PostgreSQL answers.
#[tracing::instrument(level = "debug", skip_all, fields(otel.name = C::NAME))]
pub async fn perform<C: Command>(db: &Db, actor: &Actor, command: C) -> Result<C::Answer> {
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
    db: &Db,
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
    db: &Db,
    actor: &Actor,
    work: Work<T>,
) -> Result<T> {
    let (db, actor) = (db.for_change(), actor.clone());
    let deadline = db.deadline();
    let change = async move {
        let mut conn = connection(&db, deadline).await?;
        let canceller = conn.canceller();
        let is_committing = AtomicBool::new(false);
        let transaction = conn.transaction(async |conn| {
            let answer = work(conn, &actor).await?;
            match deadline {
                Some(deadline) if Instant::now() >= deadline => Err(too_late()),
                _ => {
                    is_committing.store(true, Ordering::Relaxed);
                    Ok(answer)
                }
            }
        });
        match deadline {
            Some(deadline) => until(deadline, transaction, &canceller, &is_committing).await,
            None => transaction.await,
        }
    };
    match tokio::spawn(carried(change)).await {
        Ok(answer) => answer,
        Err(panic) => Err(ServiceError::Internal(format!("{name}: {panic}"))),
    }
}

/// A connection by the deadline, also where PostgreSQL says nothing: nothing has been changed then.
async fn connection(db: &Db, deadline: Option<Instant>) -> Result<PooledConnection> {
    Ok(match deadline {
        None => db.connection().await?,
        Some(deadline) => match timeout_at(deadline, db.connection()).await {
            Ok(connection) => connection?,
            Err(_) => return Err(DbError::Late.into()),
        },
    })
}

/// Has a transaction that is not done by the deadline end by itself: its statement is cancelled, as
/// often as it takes. One that still does not end is on a connection which PostgreSQL does not
/// answer on. It is given up, and the connection with it, which is closed: what was not being
/// committed is then undone as soon as PostgreSQL sees that.
async fn until<T>(
    deadline: Instant,
    transaction: impl Future<Output = Result<T>>,
    canceller: &Canceller,
    is_committing: &AtomicBool,
) -> Result<T> {
    let mut transaction = pin!(transaction);
    if let Ok(outcome) = timeout_at(deadline, &mut transaction).await {
        return outcome;
    }
    let cancelling = async {
        loop {
            canceller.cancel().await;
            sleep(BETWEEN_CANCELS).await;
        }
    };
    tokio::select! {
        outcome = &mut transaction => outcome.map_err(|error| match error {
            ServiceError::TimedOut(_) => too_late(),
            error => error,
        }),
        () = cancelling => Err(too_late()),
        () = sleep_until(deadline + GRACE) => Err(match is_committing.load(Ordering::Relaxed) {
            true => ServiceError::TimedOut(UNKNOWN),
            false => too_late(),
        }),
    }
}

const UNKNOWN: &str = "it is not known whether the change was made, because the database";

fn too_late() -> ServiceError {
    ServiceError::TimedOut("the change was undone, because it")
}
