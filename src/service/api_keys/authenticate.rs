use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::db::schema::{api_keys, users};
use crate::db::{Connection, Db, RunQueryDsl, UsersRevision};
use crate::service::api_keys::Secret;
use crate::service::clock::now;
use crate::service::users::{UserRole, team_of};
use crate::service::{Actor, ApiKeyId, Result, UserId};

/// How exactly it is known when a key was last used: no more than one write in this time.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Who stands behind a key right now: its user, with the key's role. Asked of the database for
/// every request, so that a revocation, a demotion or a deactivation counts at once.
#[tracing::instrument(name = "api_keys::authenticate", level = "debug", skip_all)]
pub async fn authenticate(db: &Db, secret: &Secret) -> Result<Option<Actor>> {
    let mut conn = db.connection().await?;
    let key = api_keys::table
        .inner_join(users::table.on(users::id.eq(api_keys::user_id)))
        .filter(api_keys::secret_hash.eq(secret.hash()))
        .filter(api_keys::revoked_at.is_null())
        .filter(api_keys::expires_at.gt(Utc::now()))
        // In the order of the type ADMIN comes first: at most the user's.
        .filter(users::is_active.and(api_keys::role.ge(users::role)))
        .select((
            (api_keys::id, api_keys::role, api_keys::last_used_at),
            users::id,
            UsersRevision,
        ));
    type Found = (
        (ApiKeyId, UserRole, Option<DateTime<Utc>>),
        UserId,
        Option<i64>,
    );
    let found: Option<Found> = key.get_result(&mut conn).await.optional()?;
    let Some(((key, role, last_used), user, users_revision)) = found else {
        return Ok(None);
    };
    note_use(&mut conn, key, last_used).await?;
    Ok(Some(Actor {
        id: user,
        role,
        team: team_of(&mut conn, user, role).await?,
        users_revision,
        api_key: Some(key),
    }))
}

async fn note_use(
    conn: &mut Connection,
    key: ApiKeyId,
    last_used: Option<DateTime<Utc>>,
) -> Result<()> {
    let at = now();
    let long_ago = at - NOTED_EVERY;
    if last_used.is_some_and(|last_used| last_used > long_ago) {
        return Ok(());
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
    Ok(())
}
