use std::future::Future;

use diesel_async::AsyncConnection;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::{Connection, Db, carried};
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
/// fully absent, and no connection goes back to the pool with locks in its hands.
#[tracing::instrument(level = "debug", skip_all, fields(otel.name = C::NAME))]
pub async fn perform<C: Command>(
    db: &Db,
    actor: &Actor,
    key: Option<IdempotencyKey>,
    command: C,
) -> Result<C::Answer> {
    let (db, actor) = (db.clone(), actor.clone());
    let change = async move {
        let mut conn = db.connection().await?;
        conn.transaction(async |conn| match key {
            None => command.apply(conn, &actor).await,
            Some(key) => idempotency::once(conn, &actor, &key, command).await,
        })
        .await
    };
    match tokio::spawn(carried(change)).await {
        Ok(answer) => answer,
        Err(panic) => Err(ServiceError::Internal(format!("{}: {panic}", C::NAME))),
    }
}
