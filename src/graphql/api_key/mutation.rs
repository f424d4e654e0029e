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
    /// Sent with every request, as `Authorization: Bearer <secret>`. It is shown only now and
    /// stored nowhere: null where the answer is the repetition for an idempotency key. Revoke the
    /// key and create another if it got lost.
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
    /// Creates a key by which a service asks in a user's name. It is dead once it is revoked or
    /// expired, and once its user is deactivated or has less than its role. For administrators who
    /// signed in, not for keys. Errors: UNAUTHENTICATED, PERMISSION_DENIED, USER_NOT_FOUND,
    /// INVALID_DATA, IDEMPOTENCY_CONFLICT.
    async fn create_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For which service, as whom, and for how long.")] input: CreateApiKeyInput,
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

    /// Ends a key for good, from the next request on. For administrators who signed in, not for
    /// keys. Errors: UNAUTHENTICATED, PERMISSION_DENIED, API_KEY_NOT_FOUND, INVALID_DATA,
    /// IDEMPOTENCY_CONFLICT.
    async fn revoke_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which key.")] input: RevokeApiKeyInput,
    ) -> Option<RevokeApiKeyPayload> {
        let key = input.idempotency_key.clone();
        let revoked = change(ctx, key.as_deref(), input.command()).await;
        answer(ctx, revoked).map(|key| RevokeApiKeyPayload {
            api_key: key.map(ApiKey),
        })
    }
}
