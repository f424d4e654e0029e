use async_graphql::{Context, Object, SimpleObject};

use crate::graphql::api_key::ApiKey;
use crate::graphql::api_key::input::{CreateApiKeyInput, RevokeApiKeyInput};
use crate::graphql::context::change;
use crate::graphql::error::answer;
use crate::service::OpaqueToken;

/// A key that was created.
#[derive(SimpleObject)]
pub struct CreateApiKeyPayload {
    /// The key as it is now.
    api_key: Option<ApiKey>,
    /// The secret to send with every request, as `Authorization: Bearer <secret>`. It is shown only
    /// now and not stored: null in the answer to a repeated idempotency key. If it is lost, revoke
    /// the key and create another.
    secret: Option<String>,
}

/// A key that was revoked.
#[derive(SimpleObject)]
pub struct RevokeApiKeyPayload {
    /// The key as it is now.
    api_key: Option<ApiKey>,
}

#[derive(Default)]
pub struct ApiKeyMutation;

#[Object]
impl ApiKeyMutation {
    /// Creates a key with which a service acts in a user's name. It stops working once it is revoked or
    /// expired, and once its user is deactivated or has a lower role than the key. For administrators
    /// who signed in, not for API keys. Errors: UNAUTHENTICATED, PERMISSION_DENIED, USER_NOT_FOUND,
    /// INVALID_DATA, IDEMPOTENCY_CONFLICT.
    async fn create_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The service, its user and role, and the lifetime.")]
        input: CreateApiKeyInput,
    ) -> Option<CreateApiKeyPayload> {
        let key = input.idempotency_key.clone();
        let created = change(ctx, key.as_deref(), input.command()).await;
        let created = answer(ctx, created)?;
        let (api_key, secret) = created.map(|new| (ApiKey(new.key), new.secret)).unzip();
        Some(CreateApiKeyPayload {
            api_key,
            secret: secret.flatten().map(OpaqueToken::reveal),
        })
    }

    /// Revokes a key for good, from the next request on. For administrators who signed in, not for
    /// API keys. Errors: UNAUTHENTICATED, PERMISSION_DENIED, API_KEY_NOT_FOUND, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT.
    async fn revoke_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key to revoke.")] input: RevokeApiKeyInput,
    ) -> Option<RevokeApiKeyPayload> {
        let key = input.idempotency_key.clone();
        let revoked = change(ctx, key.as_deref(), input.command()).await;
        answer(ctx, revoked).map(|key| RevokeApiKeyPayload {
            api_key: key.map(ApiKey),
        })
    }
}
