use async_graphql::{ID, InputObject};

use crate::graphql::attempt::{self, Attempt};
use crate::graphql::user::UserRole;
use crate::service::api_keys::{CreateApiKey, RevokeApiKey};
use crate::service::{ApiKeyId, UserId};

/// A key to be.
#[derive(InputObject)]
pub struct CreateApiKeyInput {
    /// What the key is for, 1–100 characters.
    name: String,
    /// In whose name the service asks: an active user, best one made for the service.
    user_id: ID,
    /// What the service may do: the user's role or a lower one.
    role: UserRole,
    /// After how many days the key ends by itself, 1–366.
    expires_in_days: i32,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it has no second effect and answers with the key as it is now, without the secret.
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

/// A key to end.
#[derive(InputObject)]
pub struct RevokeApiKeyInput {
    /// The key's id.
    id: ID,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it has no second effect and answers what was done, with the objects as they are now.
    pub idempotency_key: Option<String>,
}

impl RevokeApiKeyInput {
    pub(super) fn command(self) -> Attempt<RevokeApiKey> {
        Attempt::read(|faults| RevokeApiKey {
            id: ApiKeyId(attempt::id("id", &self.id, faults)),
        })
    }
}
