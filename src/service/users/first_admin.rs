use diesel::dsl::exists;
use diesel::prelude::*;

use crate::db::schema::users;
use crate::db::{Connection, RequestDb, RunQueryDsl};
use crate::service::perform;
use crate::service::sessions::{PasswordHash, SignInPolicy};
use crate::service::text::typed_address;
use crate::service::users::{CreateUser, User, UserRole};
use crate::service::{Actor, Result, ServiceError};

/// Creates an administrator, of the demo if the password is published, unless another copy of the program does so at the same moment.
#[tracing::instrument(name = "users::create_first_admin", level = "debug", skip_all)]
pub async fn create_first_admin(
    db: &RequestDb,
    email: &str,
    password: PasswordHash,
    (is_demo, policy): (bool, SignInPolicy),
) -> Result<()> {
    let admin = CreateUser {
        email: email.to_owned(),
        full_name: "First Administrator".to_owned(),
        role: UserRole::Admin,
        manager: None,
        password: Some(password),
        is_demo,
    };
    match perform(db, &Actor::operator(), admin).await {
        Err(ServiceError::Conflict(_)) if has_admin(db, policy).await? => Ok(()),
        created => created.map(|_| ()),
    }
}

/// True if there is somebody who can sign in and manage users.
#[tracing::instrument(name = "users::has_admin", level = "debug", skip_all)]
pub async fn has_admin(db: &RequestDb, policy: SignInPolicy) -> Result<bool> {
    let mut conn = db.connection().await?;
    is_administered(&mut conn, policy).await
}

/// The same, in a transaction.
pub(crate) async fn is_administered(conn: &mut Connection, policy: SignInPolicy) -> Result<bool> {
    let admins = users::table.filter(users::role.eq(UserRole::Admin));
    let admins = admins.filter(policy.admits());
    Ok(diesel::select(exists(admins)).get_result(conn).await?)
}

/// The number of active users whose password is published.
#[tracing::instrument(name = "users::count_demo", level = "debug", skip_all)]
pub async fn count_demo(db: &RequestDb) -> Result<i64> {
    let mut conn = db.connection().await?;
    let demo = users::table.filter(users::is_demo.and(users::is_active));
    Ok(demo.count().get_result(&mut conn).await?)
}

/// True if there are users at all.
#[tracing::instrument(name = "users::exist", level = "debug", skip_all)]
pub async fn exist(db: &RequestDb) -> Result<bool> {
    let mut conn = db.connection().await?;
    Ok(diesel::select(exists(users::table.select(users::id)))
        .get_result(&mut conn)
        .await?)
}

/// The user with that address, for the program's own commands.
#[tracing::instrument(name = "users::by_email", level = "debug", skip_all)]
pub async fn by_email(db: &RequestDb, email: &str) -> Result<Option<User>> {
    let mut conn = db.connection().await?;
    let user = users::table.filter(users::email.eq(typed_address(email)));
    Ok(user
        .select(User::as_select())
        .first(&mut conn)
        .await
        .optional()?)
}
