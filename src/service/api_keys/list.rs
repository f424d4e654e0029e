use chrono::Utc;
use diesel::dsl::{IntoBoxed, not};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::schema::api_keys;
use crate::db::{RequestDb, RunQueryDsl};
use crate::service::api_keys::ApiKey;
use crate::service::page::{Page, PageResult, Start};
use crate::service::permission::{self, Action};
use crate::service::{Actor, ApiKeyId, Result, ServiceError, UserId};

/// Which keys. An absent condition says nothing.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct ApiKeyFilter {
    pub user: Option<UserId>,
    pub is_active: Option<bool>,
}

/// A page of the keys, newest first: ids grow with time. Errors: `PermissionDenied`.
#[tracing::instrument(name = "api_keys::list", level = "debug", skip_all)]
pub async fn list(
    db: &RequestDb,
    actor: &Actor,
    filter: &ApiKeyFilter,
    page: &Page<ApiKeyId>,
) -> Result<PageResult<ApiKey>> {
    permission::require(actor, Action::ManageApiKeys, None)?;
    let query = filter.query().limit(page.size as i64 + 1);
    let query = match page.start {
        Start::Offset(offset) => query.offset(offset as i64),
        Start::After(id) => query.filter(api_keys::id.lt(id)),
        Start::Before(Some(id)) => query.filter(api_keys::id.gt(id)),
        Start::Before(None) => query,
    };
    let query = match page.start {
        Start::Before(_) => query.order_by(api_keys::id.asc()),
        _ => query.order_by(api_keys::id.desc()),
    };
    let mut conn = db.connection().await?;
    let rows = query.select(ApiKey::as_select()).load(&mut conn).await?;
    Ok(PageResult::of(page, rows))
}

/// A key. Errors: `ApiKeyNotFound`, `PermissionDenied`.
#[tracing::instrument(name = "api_keys::read", level = "debug", skip_all)]
pub async fn read(db: &RequestDb, actor: &Actor, id: ApiKeyId) -> Result<ApiKey> {
    permission::require(actor, Action::ManageApiKeys, None)?;
    let key = api_keys::table.find(id).select(ApiKey::as_select());
    let key = key.first(&mut *db.connection().await?).await.optional()?;
    key.ok_or(ServiceError::ApiKeyNotFound(id))
}

/// The keys of these ids that exist. For an actor who may not see keys there are none.
#[tracing::instrument(name = "api_keys::find_many", level = "debug", skip_all)]
pub async fn find_many(db: &RequestDb, actor: &Actor, ids: &[ApiKeyId]) -> Result<Vec<ApiKey>> {
    if !permission::may(actor, Action::ManageApiKeys, None) {
        return Ok(Vec::new());
    }
    let keys = api_keys::table.filter(api_keys::id.eq_any(ids));
    let keys = keys.select(ApiKey::as_select());
    Ok(keys.load(&mut *db.connection().await?).await?)
}

/// The number of keys that the filter lets through. Errors: `PermissionDenied`.
#[tracing::instrument(name = "api_keys::count", level = "debug", skip_all)]
pub async fn count(db: &RequestDb, actor: &Actor, filter: &ApiKeyFilter) -> Result<i64> {
    permission::require(actor, Action::ManageApiKeys, None)?;
    let mut conn = db.connection().await?;
    Ok(filter.query().count().get_result(&mut conn).await?)
}

impl ApiKeyFilter {
    fn query(&self) -> IntoBoxed<'static, api_keys::table, Pg> {
        let mut query = api_keys::table.into_boxed();
        if let Some(user) = self.user {
            query = query.filter(api_keys::user_id.eq(user));
        }
        let is_active = api_keys::revoked_at
            .is_null()
            .and(api_keys::expires_at.gt(Utc::now()));
        match self.is_active {
            Some(true) => query.filter(is_active),
            Some(false) => query.filter(not(is_active)),
            None => query,
        }
    }
}
