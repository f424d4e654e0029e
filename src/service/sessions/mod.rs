//! Signing in: passwords, sessions, and who stands behind a token.

mod auth_cache;
mod change_password;
mod end;
mod list;
mod password;
mod policy;
mod throttle;

pub use auth_cache::{AuthCache, Remembered};
pub use change_password::change_password;
pub use end::EndSession;
pub use list::{Session, count, find_many, list};
pub use password::PasswordHash;
pub use policy::SignInPolicy;
pub(crate) use throttle::LoginAttempt;

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::AsyncConnection;

use crate::db::schema::{sessions, users};
use crate::db::{Connection, CurrentRevision, RequestDb, RunQueryDsl};
use crate::service::clock::now;
use crate::service::text::typed_address;
use crate::service::users::{User, UserRole, team_of};
use crate::service::{Actor, OpaqueToken, Result, ServiceError, SessionId, TokenKind, UserId};

/// A session ends at the latest so long after the user signed in.
pub const LONGEST_LIFE: TimeDelta = TimeDelta::days(30);
/// The use of a session is written at most once in this time.
const WRITTEN_EVERY: TimeDelta = TimeDelta::minutes(10);

/// A session that was opened.
pub struct NewSession {
    /// Its token; shown once, never stored.
    pub token: OpaqueToken,
    /// When it ends unless it is used.
    pub expires_at: DateTime<Utc>,
    /// The user who signed in.
    pub user: User,
}

/// Opens a session that ends `policy.lifetime` after it was last used.
///
/// Errors: `Unauthenticated`, in the same words and after about the same time whether the user is
/// unknown, not let in, or has another password; `RateLimited` after five failures within a minute for
/// the account (from an address of its owner: from there; else from all others together), or twenty
/// from the address where it is known.
#[tracing::instrument(name = "sessions::login", level = "debug", skip_all)]
pub async fn login(
    db: &RequestDb,
    email: &str,
    password: &str,
    from: Option<IpAddr>,
    policy: SignInPolicy,
) -> Result<NewSession> {
    let refused = ServiceError::Unauthenticated("the e-mail address or the password is wrong");
    let email = typed_address(email);
    let attempt = LoginAttempt::begin(db, &email, from).await?;
    let user = users::table
        .filter(users::email.eq(&email))
        .filter(policy.admits())
        .select((User::as_select(), users::password_hash));
    let found: Option<(User, Option<String>)> =
        user.first(&mut *db.connection().await?).await.optional()?;
    let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
    let is_right = password::is_right(password, hash.clone()).await?;
    let Some(user) = user.filter(|_| is_right) else {
        attempt.failed(db).await?;
        return Err(refused);
    };
    attempt.succeeded(db, user.id).await?;
    start(db, user, hash, policy).await?.ok_or(refused)
}

/// Opens a session of a user unless the user has another password by now than the one of this hash.
pub(crate) async fn start(
    db: &RequestDb,
    user: User,
    checked: Option<String>,
    policy: SignInPolicy,
) -> Result<Option<NewSession>> {
    let token = OpaqueToken::generate(TokenKind::Session)?;
    let created_at = now();
    let expires_at = expiry(created_at, created_at, policy.lifetime);
    let session = Session {
        id: SessionId::generate(),
        user_id: user.id,
        created_at,
        last_used_at: created_at,
        expires_at,
    };
    let mut conn = db.connection().await?;
    let open = conn.transaction(async |conn| open(conn, &session, &token, checked).await);
    Ok(open.await?.then_some(NewSession {
        token,
        expires_at,
        user,
    }))
}

/// Adds a session unless its user has another password by now. A change of the password that is under way is
/// waited for: it ends the sessions that are there, and this one is not there yet.
async fn open(
    conn: &mut Connection,
    session: &Session,
    token: &OpaqueToken,
    checked: Option<String>,
) -> Result<bool> {
    let same = users::table.find(session.user_id);
    let same = same.filter(users::password_hash.eq(checked));
    let user = same.select(users::id).for_share();
    let user: Option<UserId> = user.get_result(conn).await.optional()?;
    if user.is_some() {
        diesel::insert_into(sessions::table)
            .values((session, sessions::token_hash.eq(token.hash().as_slice())))
            .execute(conn)
            .await?;
    }
    Ok(user.is_some())
}

/// Looks up the user of a session's token in the database, and prolongs the session. Together with
/// the revision as of which that is so, and the moment when the session ends: see [`AuthCache`].
#[tracing::instrument(name = "sessions::authenticate", level = "debug", skip_all)]
pub async fn authenticate(
    db: &RequestDb,
    token: &OpaqueToken,
    policy: SignInPolicy,
) -> Result<Option<(Actor, DateTime<Utc>)>> {
    let mut conn = db.connection().await?;
    let session = sessions::table
        .inner_join(users::table)
        .filter(sessions::token_hash.eq(token.hash().as_slice()))
        .filter(sessions::expires_at.gt(Utc::now()))
        .filter(policy.admits())
        .select((Session::as_select(), users::role, CurrentRevision));
    let found: Option<(Session, UserRole, Option<i64>)> =
        session.get_result(&mut conn).await.optional()?;
    let Some((session, role, auth_revision)) = found else {
        return Ok(None);
    };
    let expires_at = prolong(&mut conn, &session, policy.lifetime).await?;
    let actor = Actor {
        id: session.user_id,
        role,
        team: team_of(&mut conn, session.user_id, role).await?,
        auth_revision,
        api_key: None,
        session: Some(session.id),
    };
    Ok(Some((actor, expires_at)))
}

/// Prolongs a session that is used, unless that was done a moment ago. Returns when it ends.
async fn prolong(
    conn: &mut Connection,
    session: &Session,
    lifetime: TimeDelta,
) -> Result<DateTime<Utc>> {
    let at = now();
    let long_ago = at - WRITTEN_EVERY;
    if session.last_used_at > long_ago {
        return Ok(session.expires_at);
    }
    let expires_at = expiry(session.created_at, at, lifetime);
    // Of many requests that come at the same time one writes; a session that is over stays so.
    let is_due = sessions::last_used_at.le(long_ago);
    diesel::update(sessions::table.find(session.id))
        .filter(is_due.and(sessions::expires_at.gt(at)))
        .set((
            sessions::last_used_at.eq(at),
            sessions::expires_at.eq(expires_at),
        ))
        .execute(conn)
        .await?;
    Ok(expires_at)
}

fn expiry(created_at: DateTime<Utc>, used_at: DateTime<Utc>, lifetime: TimeDelta) -> DateTime<Utc> {
    (used_at + lifetime).min(created_at + LONGEST_LIFE)
}

/// Ends the actor's session. Returns whether there was one.
#[tracing::instrument(name = "sessions::logout", level = "debug", skip_all)]
pub async fn logout(db: &RequestDb, actor: &Actor) -> Result<bool> {
    let Some(session) = actor.session else {
        return Ok(false);
    };
    let session = diesel::delete(sessions::table.find(session));
    Ok(session.execute(&mut *db.connection().await?).await? == 1)
}

/// Forgets the sessions, and the attempts to sign in, whose time is over. Returns how many sessions.
pub async fn forget_expired(db: &RequestDb, now: DateTime<Utc>) -> Result<usize> {
    throttle::forget(db, now).await?;
    let over = diesel::delete(sessions::table.filter(sessions::expires_at.lt(now)));
    Ok(over.execute(&mut *db.connection().await?).await?)
}

/// Ends all sessions of a user.
pub(crate) async fn end_all(conn: &mut Connection, user: UserId) -> Result<()> {
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user)))
        .execute(conn)
        .await?;
    Ok(())
}
