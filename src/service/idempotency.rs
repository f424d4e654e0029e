//! The same key again has no second effect, and answers what was done the first time.
//!
//! Only ids, counts and codes of that are stored. A repeated key asks permission again, and is
//! answered with the objects as they are now: it is no way round to what was deleted or taken away.
//! Key, hash and what was done are written in the transaction of the change itself: a crash loses all of
//! it or nothing. A second request with the key waits at the primary key for the first one's end.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::Serialize;

use crate::db::schema::idempotency_keys;
use crate::db::{Cached, Connection, RequestDb, RunQueryDsl};
use crate::service::command::{Answer, Command};
use crate::service::permission::require_somewhere;
use crate::service::{Actor, Json, Result, ServiceError, sha256};

/// For how long a key is remembered.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// A client's name for one change, 1–200 characters, valid for the user who made it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Errors: `InvalidData` unless it has 1–200 characters, none of them NUL.
    pub fn parse(key: &str) -> Result<Self> {
        if key.is_empty() || key.chars().count() > 200 || key.contains('\0') {
            return Err(ServiceError::invalid(
                "idempotencyKey",
                "must have 1 to 200 characters",
            ));
        }
        Ok(Self(key.to_owned()))
    }
}

/// Applies the command unless it was applied for this key already.
///
/// Errors: `IdempotencyConflict` if the key stands for another operation or input.
pub(crate) async fn once<C: Command>(
    conn: &mut Connection,
    actor: &Actor,
    key: &IdempotencyKey,
    command: C,
) -> Result<Option<C::Answer>> {
    let hash = request_hash(&command)?;
    let now = Utc::now();
    // A key past its time counts as never used; the row may still wait for the cleaner.
    let expired = idempotency_keys::table
        .find((actor.id, &key.0))
        .filter(idempotency_keys::created_at.lt(now - KEPT_FOR));
    diesel::delete(expired).execute(conn).await?;
    let insert = diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::user_id.eq(actor.id),
            idempotency_keys::key.eq(&key.0),
            idempotency_keys::request_hash.eq(&hash),
            idempotency_keys::created_at.eq(now),
        ))
        .on_conflict_do_nothing();
    let is_new = Cached(insert).execute(conn).await? == 1;
    let row = idempotency_keys::table.find((actor.id, &key.0));
    if is_new {
        let answer = command.apply(conn, actor).await?;
        let done = serde_json::to_string(&answer.done()).map_err(unreadable)?;
        let done = Json::of_text(done);
        let update = diesel::update(row).set(idempotency_keys::done.eq(Some(done)));
        Cached(update).execute(conn).await?;
        return Ok(Some(answer));
    }
    let (first_hash, done): (Vec<u8>, Option<Json>) = row
        .select((idempotency_keys::request_hash, idempotency_keys::done))
        .first(conn)
        .await?;
    if first_hash != hash {
        return Err(ServiceError::IdempotencyConflict);
    }
    require_somewhere(actor, C::ACTION)?;
    let done = serde_json::from_str(done.unwrap_or_default().as_str()).map_err(unreadable)?;
    C::Answer::again(conn, actor, done).await
}

/// Forgets the keys whose time is over. Returns how many.
pub async fn forget_expired(db: &RequestDb, now: DateTime<Utc>) -> Result<usize> {
    let mut conn = db.connection().await?;
    let expired = idempotency_keys::table.filter(idempotency_keys::created_at.lt(now - KEPT_FOR));
    Ok(diesel::delete(expired).execute(&mut conn).await?)
}

fn request_hash<C: Command>(command: &C) -> Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Request<'a, C>(&'static str, &'a C);
    let text = serde_json::to_vec(&Request(C::NAME, command)).map_err(unreadable)?;
    Ok(sha256(text).to_vec())
}

fn unreadable(error: serde_json::Error) -> ServiceError {
    ServiceError::Internal(format!("what a key stands for: {error}"))
}
