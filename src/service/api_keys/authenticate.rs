use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::db::schema::{api_keys, users};
use crate::db::{Connection, CurrentRevision, RequestDb, RunQueryDsl};
use crate::service::clock::now;
use crate::service::sessions::SignInPolicy;
use crate::service::users::{UserRole, team_of};
use crate::service::{Actor, ApiKeyId, OpaqueToken, Result, UserId};

/// The precision at which it is known when a key was last used: no more than one write in this time.
/// Nobody may remember a key for longer, as its use would not be noted.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// The actor behind a key right now, as the database says: its user, with the key's role. Together
/// with the revision as of which that is so, and the moment when the key is over or its use is to be
/// noted again: see [`AuthCache`](crate::service::sessions::AuthCache).
#[tracing::instrument(name = "api_keys::authenticate", level = "debug", skip_all)]
pub async fn authenticate(
    db: &RequestDb,
    secret: &OpaqueToken,
    policy: SignInPolicy,
) -> Result<Option<(Actor, DateTime<Utc>)>> {
    let mut conn = db.connection().await?;
    let key = api_keys::table
        .inner_join(users::table.on(users::id.eq(api_keys::user_id)))
        .filter(api_keys::secret_hash.eq(secret.hash().as_slice()))
        .filter(api_keys::revoked_at.is_null())
        .filter(api_keys::expires_at.gt(Utc::now()))
        // In the order of the type ADMIN comes first: at most the user's.
        .filter(api_keys::role.ge(users::role))
        .filter(policy.admits())
        .select((
            (
                api_keys::id,
                api_keys::role,
                api_keys::last_used_at,
                api_keys::expires_at,
            ),
            users::id,
            CurrentRevision,
        ));
    type KeyRow = (
        (ApiKeyId, UserRole, Option<DateTime<Utc>>, DateTime<Utc>),
        UserId,
        Option<i64>,
    );
    let found: Option<KeyRow> = key.get_result(&mut conn).await.optional()?;
    let Some(((key, role, last_used, expires_at), user, auth_revision)) = found else {
        return Ok(None);
    };
    let noted = note_use(&mut conn, key, last_used).await?;
    let actor = Actor {
        id: user,
        role,
        team: team_of(&mut conn, user, role).await?,
        auth_revision,
        api_key: Some(key),
        session: None,
    };
    Ok(Some((actor, expires_at.min(noted + NOTED_EVERY))))
}

/// Notes that a key is used, unless that is noted. Returns as of when.
async fn note_use(
    conn: &mut Connection,
    key: ApiKeyId,
    last_used: Option<DateTime<Utc>>,
) -> Result<DateTime<Utc>> {
    let at = now();
    let long_ago = at - NOTED_EVERY;
    if let Some(noted) = last_used.filter(|noted| *noted > long_ago) {
        return Ok(noted);
    }
    // Of many requests that come at the same time one writes; the others find it done.
    let is_due = api_keys::last_used_at
        .is_null()
        .or(api_keys::last_used_at.le(long_ago));
    diesel::update(api_keys::table.find(key))
        .filter(is_due)
        .set(api_keys::last_used_at.eq(at))
        .execute(conn)
        .await?;
    Ok(at)
}
