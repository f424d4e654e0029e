use chrono::{DateTime, TimeDelta, Utc};

use crate::db::RequestDb;
use crate::service::account_links::link::insert;
use crate::service::clock::now;
use crate::service::sessions::SignInPolicy;
use crate::service::users::has_admin;
use crate::service::{OpaqueToken, Result, TokenKind};

/// The link can be used for so long.
const LASTS: TimeDelta = TimeDelta::hours(1);

/// The link that makes the first administrator.
pub struct FirstAdminLink {
    /// Its token; shown once, never stored.
    pub token: OpaqueToken,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Makes a link for the first administrator; `None` if there is an administrator already. Each copy of
/// the program may make one: none is valid once there is an administrator.
#[tracing::instrument(name = "account_links::first_admin_link", level = "debug", skip_all)]
pub async fn first_admin_link(
    db: &RequestDb,
    policy: SignInPolicy,
) -> Result<Option<FirstAdminLink>> {
    if has_admin(db, policy).await? {
        return Ok(None);
    }
    let token = OpaqueToken::generate(TokenKind::FirstAdmin)?;
    let expires_at = now() + LASTS;
    insert(&mut *db.connection().await?, &token, None, expires_at).await?;
    Ok(Some(FirstAdminLink { token, expires_at }))
}
