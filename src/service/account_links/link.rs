use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::db::schema::account_links;
use crate::db::{Connection, RequestDb, RunQueryDsl};
use crate::service::clock::now;
use crate::service::command::Answer;
use crate::service::users::User;
use crate::service::{Actor, OpaqueToken, Result, TokenKind, UserId};

/// A user and the link with which they choose their password.
#[derive(Debug)]
pub struct AccountLink {
    /// The user.
    pub user: User,
    /// The token of the link, and when it ends. It is never written down, not even for a repeated
    /// idempotency key, which is answered without it.
    pub token: Option<(OpaqueToken, DateTime<Utc>)>,
}

impl AccountLink {
    /// Makes a link for a user; the one before is no longer valid.
    pub(super) async fn create(
        conn: &mut Connection,
        user: User,
        kind: TokenKind,
        lasts: TimeDelta,
    ) -> Result<Self> {
        let token = OpaqueToken::generate(kind)?;
        let expires_at = now() + lasts;
        insert(conn, &token, Some(user.id), expires_at).await?;
        let token = Some((token, expires_at));
        Ok(Self { user, token })
    }
}

/// Stores a link, in place of the user's former one.
pub(super) async fn insert(
    conn: &mut Connection,
    token: &OpaqueToken,
    user: Option<UserId>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    let row = (
        account_links::token_hash.eq(token.hash().as_slice()),
        account_links::user_id.eq(user),
        account_links::expires_at.eq(expires_at),
    );
    diesel::insert_into(account_links::table)
        .values(row)
        .on_conflict(account_links::user_id)
        .do_update()
        .set((
            account_links::token_hash.eq(excluded(account_links::token_hash)),
            account_links::expires_at.eq(excluded(account_links::expires_at)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Makes the user's link invalid, if there is one.
pub(crate) async fn revoke(conn: &mut Connection, user: UserId) -> Result<()> {
    diesel::delete(account_links::table.filter(account_links::user_id.eq(user)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets the links whose time is over. Returns how many.
pub async fn forget_expired(db: &RequestDb, now: DateTime<Utc>) -> Result<usize> {
    let over = diesel::delete(account_links::table.filter(account_links::expires_at.lt(now)));
    Ok(over.execute(&mut *db.connection().await?).await?)
}

impl Answer for AccountLink {
    type Done = UserId;

    fn done(&self) -> UserId {
        self.user.id
    }

    async fn again(conn: &mut Connection, actor: &Actor, done: UserId) -> Result<Option<Self>> {
        let user = User::again(conn, actor, done).await?;
        Ok(user.map(|user| Self { user, token: None }))
    }
}
