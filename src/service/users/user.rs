use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::schema::users;
use crate::db::{Connection, RequestDb, RunQueryDsl};
use crate::service::command::Answer;
use crate::service::permission::{self, Action};
use crate::service::user_role::UserRole;
use crate::service::{Actor, Result, ServiceError, UserId};

/// Somebody who works with leads. Without the password.
#[derive(
    Queryable,
    Selectable,
    Insertable,
    AsChangeset,
    Identifiable,
    Serialize,
    Deserialize,
    Debug,
    Clone,
    PartialEq,
)]
#[diesel(table_name = users, treat_none_as_null = true)]
#[expect(
    missing_docs,
    reason = "the columns, documented for clients in graphql"
)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub full_name: String,
    pub role: UserRole,
    pub manager_id: Option<UserId>,
    pub is_active: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub oidc_subject: Option<String>,
    /// Set from the invitation until the user accepts it.
    pub invited_at: Option<DateTime<Utc>>,
}

impl User {
    /// Errors: `InvalidData`, under the name of the client's field, if the user was deactivated.
    pub(crate) fn require_active(&self, field: &str) -> Result<()> {
        if self.is_active {
            return Ok(());
        }
        Err(ServiceError::invalid(field, "must be an active user"))
    }
}

/// One user. Errors: `UserNotFound`, `PermissionDenied`.
#[tracing::instrument(name = "users::read", level = "debug", skip_all)]
pub async fn read(db: &RequestDb, actor: &Actor, id: UserId) -> Result<User> {
    let mut conn = db.connection().await?;
    let user = users_by_id(&mut conn, &[id]).await?.remove(&id);
    let user = user.ok_or(ServiceError::UserNotFound(id))?;
    permission::require(actor, Action::ReadUser, Some(id))?;
    Ok(user)
}

/// The users of these ids that exist; nothing in place of one that is not the actor's to see.
#[tracing::instrument(name = "users::find_many", level = "debug", skip_all)]
pub async fn find_many(
    db: &RequestDb,
    actor: &Actor,
    ids: &[UserId],
) -> Result<HashMap<UserId, Option<User>>> {
    let found = users_by_id(&mut *db.connection().await?, ids).await?;
    let judged = |(id, user)| {
        let is_visible = permission::may(actor, Action::ReadUser, Some(id));
        (id, is_visible.then_some(user))
    };
    Ok(found.into_iter().map(judged).collect())
}

/// The user and, for a manager, everybody whose manager that is.
pub(crate) async fn team_of(
    conn: &mut Connection,
    id: UserId,
    role: UserRole,
) -> Result<Vec<UserId>> {
    let mut team = vec![id];
    if role == UserRole::Manager {
        let members = users::table.filter(users::manager_id.eq(id));
        team.extend(members.select(users::id).load::<UserId>(conn).await?);
    }
    Ok(team)
}

/// Users by id, whoever asks. Ids of nobody are not in the answer.
pub(crate) async fn users_by_id(
    conn: &mut Connection,
    ids: &[UserId],
) -> Result<HashMap<UserId, User>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = users::table
        .filter(users::id.eq_any(ids))
        .select(User::as_select());
    let found: Vec<User> = found.load(conn).await?;
    Ok(found.into_iter().map(|user| (user.id, user)).collect())
}

/// Users that leads are to be assigned to, or that are to manage others, kept as they are until the
/// transaction ends: somebody who is being deactivated is either seen as such, or waits and then
/// hands over these leads too.
pub(crate) async fn lock_assignees(
    conn: &mut Connection,
    ids: &[UserId],
) -> Result<HashMap<UserId, User>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = users::table
        .filter(users::id.eq_any(ids))
        .order_by(users::id);
    let found: Vec<User> = found
        .select(User::as_select())
        .for_share()
        .load(conn)
        .await?;
    Ok(found.into_iter().map(|user| (user.id, user)).collect())
}

impl Answer for User {
    type Done = UserId;

    fn done(&self) -> UserId {
        self.id
    }

    async fn again(conn: &mut Connection, actor: &Actor, done: UserId) -> Result<Option<Self>> {
        if !permission::may(actor, Action::ReadUser, Some(done)) {
            return Ok(None);
        }
        Ok(users_by_id(conn, &[done]).await?.remove(&done))
    }
}
