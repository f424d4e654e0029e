use diesel::prelude::*;
use serde::Serialize;

use crate::db::schema::api_keys;
use crate::db::{Connection, RunQueryDsl};
use crate::service::api_keys::ApiKey;
use crate::service::clock::now;
use crate::service::command::{Answer, Command};
use crate::service::permission::{self, Action};
use crate::service::users::UserRole;
use crate::service::{Actor, ApiKeyId, Result, ServiceError, UserId};

/// Ends a key for good. One that was ended before stays as it is.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "it says it")]
pub struct RevokeApiKey {
    pub id: ApiKeyId,
}

impl Command for RevokeApiKey {
    const NAME: &'static str = "revokeApiKey";
    const ACTION: Action = Action::ManageApiKeys;
    type Answer = ApiKey;

    /// Errors: `PermissionDenied`, `ApiKeyNotFound`.
    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<ApiKey> {
        permission::require(actor, Action::ManageApiKeys, None)?;
        let not_yet = api_keys::table
            .find(self.id)
            .filter(api_keys::revoked_at.is_null());
        diesel::update(not_yet)
            .set(api_keys::revoked_at.eq(now()))
            .execute(conn)
            .await?;
        let key = ApiKey::again(conn, actor, self.id).await?;
        key.ok_or(ServiceError::ApiKeyNotFound(self.id))
    }
}

impl Answer for ApiKey {
    type Done = ApiKeyId;

    fn done(&self) -> ApiKeyId {
        self.id
    }

    async fn again(conn: &mut Connection, actor: &Actor, done: ApiKeyId) -> Result<Option<Self>> {
        permission::require(actor, Action::ManageApiKeys, None)?;
        let key = api_keys::table.find(done).select(Self::as_select());
        Ok(key.first(conn).await.optional()?)
    }
}

/// Ends all keys of a user who was deactivated.
pub(crate) async fn revoke_all(conn: &mut Connection, user: UserId) -> Result<()> {
    let theirs = api_keys::user_id.eq(user);
    diesel::update(api_keys::table.filter(theirs.and(api_keys::revoked_at.is_null())))
        .set(api_keys::revoked_at.eq(now()))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends the keys of a user which can do more than the user now can.
pub(crate) async fn revoke_above(
    conn: &mut Connection,
    user: UserId,
    role: UserRole,
) -> Result<()> {
    // In the order of the type ADMIN comes first.
    let too_high = api_keys::user_id.eq(user).and(api_keys::role.lt(role));
    diesel::update(api_keys::table.filter(too_high.and(api_keys::revoked_at.is_null())))
        .set(api_keys::revoked_at.eq(now()))
        .execute(conn)
        .await?;
    Ok(())
}
