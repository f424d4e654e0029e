use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::Db;
use crate::db::schema::users;
use crate::service::command::perform;
use crate::service::sessions::PasswordHash;
use crate::service::users::{CreateUser, User, UserRole};
use crate::service::{Actor, Result, UserId};

/// Creates an administrator if there is no user at all. Returns whether it did.
pub async fn create_first_admin(db: &Db, email: &str, password: PasswordHash) -> Result<bool> {
    if !is_empty(db).await? {
        return Ok(false);
    }
    let admin = CreateUser {
        email: email.to_owned(),
        full_name: "First Administrator".to_owned(),
        role: UserRole::Admin,
        manager: None,
        password,
    };
    perform(db, &Actor::operator(), None, admin).await?;
    Ok(true)
}

/// Whether nobody uses this database yet.
pub async fn is_empty(db: &Db) -> Result<bool> {
    let mut conn = db.connection().await?;
    let first: Option<UserId> = users::table
        .select(users::id)
        .first(&mut conn)
        .await
        .optional()?;
    Ok(first.is_none())
}

/// The user with that address, for the program's own commands.
pub async fn by_email(db: &Db, email: &str) -> Result<Option<User>> {
    let mut conn = db.connection().await?;
    let user = users::table.filter(users::email.eq(email.trim().to_lowercase()));
    Ok(user
        .select(User::as_select())
        .first(&mut conn)
        .await
        .optional()?)
}
