use diesel::dsl::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Record, Text, Uuid};
use serde::{Deserialize, Serialize};

use crate::db::schema::users;
use crate::db::{RequestDb, RunQueryDsl};
use crate::service::page::{Page, PageResult, Start};
use crate::service::permission::{Action, Scope, scope};
use crate::service::users::{User, UserRole};
use crate::service::{Actor, Result, ServiceError, UserId};

/// Which users. An absent condition says nothing.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct UserFilter {
    pub role: Option<UserRole>,
    pub is_active: Option<bool>,
    pub manager: Option<UserId>,
}

/// A user's position in the order by full name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserCursor(pub String, pub UserId);

/// A page of the users that the actor may see, by full name.
#[tracing::instrument(name = "users::list", level = "debug", skip_all)]
pub async fn list(
    db: &RequestDb,
    actor: &Actor,
    filter: &UserFilter,
    page: &Page<UserCursor>,
) -> Result<PageResult<User>> {
    let mut query = filter.query(actor).limit(page.size as i64 + 1);
    let row = (users::full_name, users::id).into_sql::<Record<(Text, Uuid)>>();
    match &page.start {
        Start::Offset(offset) => query = query.offset(*offset as i64),
        Start::After(cursor) if cursor.0.contains('\0') => return Err(no_cursor("after")),
        Start::Before(Some(cursor)) if cursor.0.contains('\0') => return Err(no_cursor("before")),
        Start::After(cursor) => query = query.filter(row.gt((cursor.0.clone(), cursor.1))),
        Start::Before(Some(cursor)) => query = query.filter(row.lt((cursor.0.clone(), cursor.1))),
        Start::Before(None) => {}
    }
    let query = match page.start {
        Start::Before(_) => query.order_by((users::full_name.desc(), users::id.desc())),
        _ => query.order_by((users::full_name.asc(), users::id.asc())),
    };
    let mut conn = db.connection().await?;
    Ok(PageResult::of(
        page,
        query.select(User::as_select()).load(&mut conn).await?,
    ))
}

/// The number of users that the filter lets through and the actor may see.
#[tracing::instrument(name = "users::count", level = "debug", skip_all)]
pub async fn count(db: &RequestDb, actor: &Actor, filter: &UserFilter) -> Result<i64> {
    let mut conn = db.connection().await?;
    Ok(filter.query(actor).count().get_result(&mut conn).await?)
}

fn no_cursor(argument: &str) -> ServiceError {
    ServiceError::invalid(argument, "is not a cursor of this list")
}

impl UserFilter {
    fn query(&self, actor: &Actor) -> IntoBoxed<'static, users::table, Pg> {
        let query = users::table.into_boxed();
        let mut query = match scope(actor.role, Action::ReadUser) {
            Scope::All => query,
            Scope::Team => query.filter(users::id.eq_any(actor.team.clone())),
            Scope::Own => query.filter(users::id.eq(actor.id)),
            Scope::Nothing => query.filter(users::id.eq_any(Vec::<UserId>::new())),
        };
        if let Some(role) = self.role {
            query = query.filter(users::role.eq(role));
        }
        if let Some(is_active) = self.is_active {
            query = query.filter(users::is_active.eq(is_active));
        }
        if let Some(manager) = self.manager {
            query = query.filter(users::manager_id.eq(manager));
        }
        query
    }
}
