use diesel::dsl::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Record, Text, Uuid};
use serde::{Deserialize, Serialize};

use crate::db::schema::users;
use crate::db::{RequestDb, RunQueryDsl};
use crate::service::page::{Page, PageResult, Start};
use crate::service::permission::{Action, Scope, scope};
use crate::service::users::search::UserSearch;
use crate::service::users::{User, UserRole};
use crate::service::{Actor, Result, ServiceError, UserId};

/// Which users. An absent condition says nothing.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct UserFilter {
    pub role: Option<UserRole>,
    pub is_active: Option<bool>,
    pub manager: Option<UserId>,
    pub search: Option<String>,
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
    let search = filter.search()?;
    let mut query = filter.query(actor);
    if search.is_empty() {
        query = query.limit(page.size as i64 + 1);
    }
    let row = (users::full_name, users::id).into_sql::<Record<(Text, Uuid)>>();
    match &page.start {
        Start::Offset(offset) if search.is_empty() => query = query.offset(*offset as i64),
        Start::Offset(_) => {}
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
    let mut users: Vec<User> = query.select(User::as_select()).load(&mut conn).await?;
    if !search.is_empty() {
        users.retain(|user| search.matches(user));
        if let Start::Offset(offset) = page.start {
            users.drain(..offset.min(users.len()));
        }
        users.truncate(page.size + 1);
    }
    Ok(PageResult::of(page, users))
}

/// The number of users that the filter lets through and the actor may see.
#[tracing::instrument(name = "users::count", level = "debug", skip_all)]
pub async fn count(db: &RequestDb, actor: &Actor, filter: &UserFilter) -> Result<i64> {
    let search = filter.search()?;
    let mut conn = db.connection().await?;
    let query = filter.query(actor);
    if search.is_empty() {
        return Ok(query.count().get_result(&mut conn).await?);
    }
    let users: Vec<User> = query.select(User::as_select()).load(&mut conn).await?;
    let found = users.iter().filter(|user| search.matches(user));
    Ok(found.count() as i64)
}

fn no_cursor(argument: &str) -> ServiceError {
    ServiceError::invalid(argument, "is not a cursor of this list")
}

impl UserFilter {
    fn search(&self) -> Result<UserSearch> {
        let search = UserSearch::of(self.search.as_deref().unwrap_or_default());
        search.map_err(|fault| ServiceError::invalid("search", fault))
    }

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
