use chrono::TimeDelta;
use diesel::ExpressionMethods;
use serde::Serialize;

use crate::db::schema::api_keys;
use crate::db::{Connection, RunQueryDsl};
use crate::service::api_keys::ApiKey;
use crate::service::clock::now;
use crate::service::command::{Answer, Command};
use crate::service::permission::{self, Action};
use crate::service::users::{UserRole, lock_assignees};
use crate::service::validation::{self, FieldErrors};
use crate::service::{Actor, ApiKeyId, OpaqueToken, Result, ServiceError, TokenKind, UserId};

/// The longest that a key may live, in days: one that was forgotten is dead after a year.
pub const LONGEST_LIFE: i32 = 366;

/// Makes a key that acts as a user.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct CreateApiKey {
    pub name: String,
    pub user: UserId,
    pub role: UserRole,
    pub expires_in_days: i32,
}

/// A key that was made.
#[derive(Debug)]
pub struct NewApiKey {
    /// The key.
    pub key: ApiKey,
    /// Its secret. It is never written down, not even for a repeated idempotency key, which is
    /// answered without it.
    pub secret: Option<OpaqueToken>,
}

impl Command for CreateApiKey {
    const NAME: &'static str = "createApiKey";
    const ACTION: Action = Action::ManageApiKeys;
    type Answer = NewApiKey;

    fn check(&self, faults: &mut FieldErrors) {
        self.valid(faults);
    }

    /// Errors: `PermissionDenied`, `UserNotFound`, `InvalidData`, also for a user who is not active
    /// and for a role above the user's.
    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<NewApiKey> {
        permission::require(actor, Action::ManageApiKeys, None)?;
        // Kept as they are: a demotion comes before, or finds the key and revokes it.
        let user = lock_assignees(conn, &[self.user]).await?.remove(&self.user);
        let user = user.ok_or(ServiceError::UserNotFound(self.user))?;
        let created_at = now();
        let mut faults = FieldErrors::default();
        faults.absorb(user.require_active("userId"))?;
        let name = self.valid(&mut faults);
        if !self.role.is_at_most(user.role) {
            let theirs = user.role.as_str();
            faults.add("role", format!("must not be above the user's, {theirs}"));
        }
        let days = self.expires_in_days;
        faults.finish()?;
        let key = ApiKey {
            id: ApiKeyId::generate(),
            name: name.unwrap_or_default(),
            user_id: user.id,
            role: self.role,
            created_by: actor.author(),
            created_at,
            expires_at: created_at + TimeDelta::days(days.into()),
            last_used_at: None,
            revoked_at: None,
        };
        let secret = OpaqueToken::generate(TokenKind::ApiKey)?;
        diesel::insert_into(api_keys::table)
            .values((&key, api_keys::secret_hash.eq(secret.hash().as_slice())))
            .execute(conn)
            .await?;
        let secret = Some(secret);
        Ok(NewApiKey { key, secret })
    }
}

impl CreateApiKey {
    /// The name, if nothing is wrong with it.
    fn valid(&self, faults: &mut FieldErrors) -> Option<String> {
        let days = self.expires_in_days;
        if !(1..=LONGEST_LIFE).contains(&days) {
            let message = format!("must lie between 1 and {LONGEST_LIFE}, is {days}");
            faults.add("expiresInDays", message);
        }
        faults.take("name", validation::required_text(&self.name, 100))
    }
}

impl Answer for NewApiKey {
    type Done = ApiKeyId;

    fn done(&self) -> ApiKeyId {
        self.key.id
    }

    async fn again(conn: &mut Connection, actor: &Actor, done: ApiKeyId) -> Result<Option<Self>> {
        let key = ApiKey::again(conn, actor, done).await?;
        Ok(key.map(|key| Self { key, secret: None }))
    }
}
