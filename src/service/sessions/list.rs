use chrono::{DateTime, Utc};
use diesel::dsl::auto_type;
use diesel::prelude::*;

use crate::db::schema::sessions;
use crate::db::{RequestDb, RunQueryDsl};
use crate::service::page::{Page, PageResult, Start};
use crate::service::{Actor, Result, ServiceError, SessionId, UserId};

/// A session. Without its token.
#[derive(Queryable, Selectable, Insertable, Debug, Clone, PartialEq)]
#[diesel(table_name = sessions)]
#[expect(
    missing_docs,
    reason = "the columns, documented for clients in graphql"
)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A page of the actor's own open sessions, newest first: ids grow with time. Errors:
/// `PermissionDenied` for an API key.
#[tracing::instrument(name = "sessions::list", level = "debug", skip_all)]
pub async fn list(
    db: &RequestDb,
    actor: &Actor,
    page: &Page<SessionId>,
) -> Result<PageResult<Session>> {
    require_person(actor)?;
    let query = sessions::table.filter(are_own(actor)).into_boxed();
    let query = query.limit(page.size as i64 + 1);
    let query = match page.start {
        Start::Offset(offset) => query.offset(offset as i64),
        Start::After(id) => query.filter(sessions::id.lt(id)),
        Start::Before(Some(id)) => query.filter(sessions::id.gt(id)),
        Start::Before(None) => query,
    };
    let query = match page.start {
        Start::Before(_) => query.order_by(sessions::id.asc()),
        _ => query.order_by(sessions::id.desc()),
    };
    let mut conn = db.connection().await?;
    let rows = query.select(Session::as_select()).load(&mut conn).await?;
    Ok(PageResult::of(page, rows))
}

/// The actor's own open sessions among these ids; none for an API key.
#[tracing::instrument(name = "sessions::find_many", level = "debug", skip_all)]
pub async fn find_many(db: &RequestDb, actor: &Actor, ids: &[SessionId]) -> Result<Vec<Session>> {
    if require_person(actor).is_err() {
        return Ok(Vec::new());
    }
    let found = sessions::table.filter(are_own(actor).and(sessions::id.eq_any(ids)));
    let found = found.select(Session::as_select());
    Ok(found.load(&mut *db.connection().await?).await?)
}

/// The number of the actor's own open sessions. Errors: `PermissionDenied` for an API key.
#[tracing::instrument(name = "sessions::count", level = "debug", skip_all)]
pub async fn count(db: &RequestDb, actor: &Actor) -> Result<i64> {
    require_person(actor)?;
    let own = sessions::table.filter(are_own(actor)).count();
    Ok(own.get_result(&mut *db.connection().await?).await?)
}

/// Errors: `PermissionDenied` for an API key, or whoever got hold of one could sign its user out.
pub(super) fn require_person(actor: &Actor) -> Result<()> {
    match actor.api_key {
        None => Ok(()),
        Some(_) => Err(ServiceError::PermissionDenied(
            "an API key may not see or end sessions".to_owned(),
        )),
    }
}

#[auto_type]
pub(super) fn are_own(actor: &Actor) -> _ {
    let (user, now): (UserId, DateTime<Utc>) = (actor.id, Utc::now());
    sessions::user_id.eq(user).and(sessions::expires_at.gt(now))
}
