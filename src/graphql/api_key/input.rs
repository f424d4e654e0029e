use async_graphql::{ID, InputObject};

use crate::graphql::attempt::{self, Attempt};
use crate::graphql::user::UserRole;
use crate::service::api_keys::{CreateApiKey, RevokeApiKey};
use crate::service::{ApiKeyId, UserId};

/// A new API key.
#[derive(InputObject)]
pub struct CreateApiKeyInput {
    /// The purpose of the key, 1–100 characters.
    name: String,
    /// The user in whose name the service acts: an active user, preferably one created for the service.
    user_id: ID,
    /// The role of the service: the user's role or a lower one.
    role: UserRole,
    /// The number of days after which the key expires, 1–366.
    expires_in_days: i32,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns the API key as it is now, without the secret.
    pub idempotency_key: Option<String>,
}

impl CreateApiKeyInput {
    pub(super) fn command(self) -> Attempt<CreateApiKey> {
        Attempt::read(|faults| CreateApiKey {
            name: self.name,
            user: UserId(attempt::id("userId", &self.user_id, faults)),
            role: self.role.into(),
            expires_in_days: self.expires_in_days,
        })
    }
}

/// The API key to revoke.
#[derive(InputObject)]
pub struct RevokeApiKeyInput {
    /// The key's id.
    id: ID,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done, with the objects as they are now.
    pub idempotency_key: Option<String>,
}

impl RevokeApiKeyInput {
    pub(super) fn command(self) -> Attempt<RevokeApiKey> {
        Attempt::read(|faults| RevokeApiKey {
            id: ApiKeyId(attempt::id("id", &self.id, faults)),
        })
    }
}
