//! Signing in: passwords, tokens, and who stands behind a token.

mod change_password;
mod keys;
mod memory;
mod password;
mod throttle;
mod token;

pub use change_password::change_password;
pub use keys::{SessionKeys, rotate_keys};
pub use memory::{Memory, Remembered};
pub use password::PasswordHash;
pub use token::Token;

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::db::schema::{sessions, users};
use crate::db::{Connection, Db, RunQueryDsl, UsersRevision};
use crate::service::clock::now;
use crate::service::sessions::throttle::LoginAttempt;
use crate::service::text::typed_address;
use crate::service::users::{User, UserRole, team_of};
use crate::service::{Actor, Result, ServiceError, UserId};

/// A session that was opened.
pub struct Session {
    /// Its token; shown once, never stored.
    pub token: Token,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// Whose it is.
    pub user: User,
}

/// Opens a session that lasts for `lifetime`, its token signed by one of the keys.
///
/// Errors: `Unauthenticated`, in the same words and after about the same time whether the user is
/// unknown, deactivated, or has another password; `RateLimited` after five failures within a minute for
/// the account (from an address of its owner: from there; else from all others together), or twenty
/// from the address where it is known.
#[tracing::instrument(name = "sessions::login", level = "debug", skip_all)]
pub async fn login(
    db: &Db,
    keys: &SessionKeys,
    email: &str,
    password: &str,
    from: Option<IpAddr>,
    lifetime: TimeDelta,
) -> Result<Session> {
    let refused = ServiceError::Unauthenticated("the e-mail address or the password is wrong");
    let email = typed_address(email);
    let attempt = LoginAttempt::begin(db, &email, from).await?;
    let user = users::table
        .filter(users::email.eq(&email).and(users::is_active))
        .select((User::as_select(), users::password_hash));
    let found: Option<(User, Option<String>)> =
        user.first(&mut *db.connection().await?).await.optional()?;
    let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
    let is_right = password::is_right(password, hash).await?;
    let Some(user) = user.filter(|_| is_right) else {
        attempt.failed(db).await?;
        return Err(refused);
    };
    attempt.succeeded(db, user.id).await?;
    let created_at = now();
    let expires_at = created_at + lifetime;
    let token = Token::sign(&*keys.signing().await?, user.id, created_at, expires_at)?;
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_hash.eq(token.hash()),
            sessions::user_id.eq(user.id),
            sessions::created_at.eq(created_at),
            sessions::expires_at.eq(expires_at),
        ))
        .execute(&mut *db.connection().await?)
        .await?;
    Ok(Session {
        token,
        expires_at,
        user,
    })
}

/// Looks up the user of a verified token in the database, together with the revision as
/// of which that is so: see [`Memory`].
#[tracing::instrument(name = "sessions::authenticate", level = "debug", skip_all)]
pub async fn authenticate(db: &Db, token: &Token) -> Result<Option<Actor>> {
    let mut conn = db.connection().await?;
    let session = sessions::table
        .find(token.hash())
        .inner_join(users::table)
        .filter(sessions::expires_at.gt(Utc::now()).and(users::is_active))
        .select((users::id, users::role, UsersRevision));
    let found: Option<(UserId, UserRole, Option<i64>)> =
        session.get_result(&mut conn).await.optional()?;
    let Some((id, role, revision)) = found else {
        return Ok(None);
    };
    Ok(Some(Actor {
        id,
        role,
        team: team_of(&mut conn, id, role).await?,
        users_revision: revision,
        api_key: None,
    }))
}

/// Ends the session of a token. Returns whether there was one.
#[tracing::instrument(name = "sessions::logout", level = "debug", skip_all)]
pub async fn logout(db: &Db, token: &Token) -> Result<bool> {
    let session = diesel::delete(sessions::table.find(token.hash()));
    Ok(session.execute(&mut *db.connection().await?).await? == 1)
}

/// Forgets the sessions, and the attempts to sign in, whose time is over. Returns how many sessions.
pub async fn forget_expired(db: &Db, now: DateTime<Utc>) -> Result<usize> {
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
