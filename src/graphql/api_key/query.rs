use async_graphql::{Context, ID, Object};

use crate::graphql::api_key::ApiKey;
use crate::graphql::attempt::uuid;
use crate::graphql::connection::{Connection, Listed, PageArguments, opaque};
use crate::graphql::context::{actor, both, db};
use crate::graphql::error::answer;
use crate::service::api_keys::{self, ApiKeyFilter};
use crate::service::{ApiKeyId, Result, UserId};

/// A list of API keys.
pub type ApiKeyConnection = Connection<ApiKey>;

impl Listed for ApiKey {
    type Cursor = ApiKeyId;
    type About = ApiKeyTotal;
}

/// The data of a list of API keys besides its rows.
pub struct ApiKeyTotal(ApiKeyFilter);

#[Object]
impl ApiKeyTotal {
    /// The number of keys on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<i64> {
        let count = async { api_keys::count(db(ctx), actor(ctx)?, &self.0).await };
        answer(ctx, count.await)
    }
}

#[derive(Default)]
pub struct ApiKeyQuery;

#[Object]
impl ApiKeyQuery {
    /// The API keys of services, newest first, revoked and expired ones too. For administrators who
    /// signed in, not for API keys. Errors: UNAUTHENTICATED, PERMISSION_DENIED, INVALID_DATA.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only the keys of this user.")] user_id: Option<ID>,
        #[graphql(desc = "`true`: only active keys; `false`: only revoked and expired ones.")]
        is_active: Option<bool>,
        #[graphql(desc = "Returns the first n rows, 1–100. Default 25.")] first: Option<i32>,
        #[graphql(desc = "A cursor: the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Returns the last n rows, 1–100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: the page ends before it.")] before: Option<String>,
        #[graphql(desc = "The number of keys to skip.")] offset: Option<i32>,
    ) -> Option<ApiKeyConnection> {
        let user = user_id
            .map(|id| uuid("userId", &id).map(UserId))
            .transpose();
        let filter = user.map(|user| ApiKeyFilter { user, is_active });
        let page = PageArguments {
            first,
            after,
            last,
            before,
            offset,
        };
        answer(ctx, page_of_keys(ctx, filter, page).await)
    }
}

async fn page_of_keys(
    ctx: &Context<'_>,
    filter: Result<ApiKeyFilter>,
    page: PageArguments,
) -> Result<ApiKeyConnection> {
    let (actor, (filter, page)) = (actor(ctx)?, both(filter, page.page())?);
    let slice = api_keys::list(db(ctx), actor, &filter, &page).await?;
    let row = |key: api_keys::ApiKey| (key.id, ApiKey(key));
    Ok(Connection::new(slice, ApiKeyTotal(filter), opaque, row))
}
