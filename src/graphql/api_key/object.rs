use async_graphql::parser::types::Field;
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use crate::graphql::execute::sync_object::SyncObject;
use crate::graphql::objects::User;
use crate::graphql::user::{UserRole, named};
use crate::service::api_keys;

/// A key with which a service acts in a user's name.
#[derive(Clone)]
pub struct ApiKey(pub api_keys::ApiKey);

impl SyncObject for ApiKey {
    type Child = User;

    fn is_ready(&self, field: &Field) -> bool {
        !matches!(field.name.node.as_str(), "user" | "createdBy")
    }
}

/// A key with which a service acts in a user's name. Its secret is shown only when it is created.
#[Object]
impl ApiKey {
    /// The key's id. It is no secret.
    pub async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The purpose of the key.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The user in whose name the service acts: the timeline names this user.
    async fn user(&self, ctx: &Context<'_>) -> Option<User> {
        named(ctx, self.0.user_id).await
    }

    /// The role of the service, at most that of the user.
    async fn role(&self) -> UserRole {
        self.0.role.into()
    }

    /// The administrator who created the key.
    async fn created_by(&self, ctx: &Context<'_>) -> Option<User> {
        named(ctx, self.0.created_by?).await
    }

    /// When the key was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The time at which the key expires.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// When the key was last used, exact to a minute; null if it never was.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }

    /// When the key was revoked, by an administrator or because its user was deactivated or has
    /// less than its role now; null if it was not.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }

    /// True if the key is accepted: neither revoked nor expired.
    async fn is_active(&self) -> bool {
        self.0.is_active(Utc::now())
    }
}
