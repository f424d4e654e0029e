use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde::Serialize;

use crate::db::schema::users;
use crate::db::{Connection, RunQueryDsl};
use crate::service::clock::now;
use crate::service::command::Command;
use crate::service::permission::{self, Action};
use crate::service::sessions::PasswordHash;
use crate::service::text::login_address;
use crate::service::users::{User, UserRole, lock_assignees};
use crate::service::validation::{self, FieldErrors};
use crate::service::{Actor, Result, ServiceError, UserId};

/// Adds a user, who can sign in at once if there is a password.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct CreateUser {
    pub email: String,
    pub full_name: String,
    pub role: UserRole,
    pub manager: Option<UserId>,
    /// Without one the user is invited: not active until they have chosen a password by a link.
    pub password: Option<PasswordHash>,
    /// The password is published. No client gives it, so that it is no part of a request's hash.
    #[serde(skip)]
    pub is_demo: bool,
}

impl Command for CreateUser {
    const NAME: &'static str = "createUser";
    const ACTION: Action = Action::ManageUsers;
    type Answer = User;

    fn check(&self, faults: &mut FieldErrors) {
        self.valid(faults);
    }

    /// Errors: `PermissionDenied`, `InvalidData`, `Conflict` if the e-mail is taken.
    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<User> {
        permission::require(actor, Action::ManageUsers, None)?;
        let mut faults = FieldErrors::default();
        let (email, full_name) = self.valid(&mut faults);
        require_manager(conn, self.manager, &mut faults).await?;
        faults.finish()?;
        let now = now();
        let user = User {
            id: UserId::generate(),
            email: email.unwrap_or_default(),
            full_name: full_name.unwrap_or_default(),
            role: self.role,
            manager_id: self.manager,
            is_active: self.password.is_some(),
            created_at: now,
            updated_at: now,
            oidc_subject: None,
            invited_at: self.password.is_none().then_some(now),
        };
        let hash = self.password.as_ref().and_then(PasswordHash::hash);
        let hash = users::password_hash.eq(hash);
        let row = (&user, hash, users::is_demo.eq(self.is_demo));
        let insert = diesel::insert_into(users::table)
            .values(row)
            .execute(conn)
            .await;
        insert.map_err(taken)?;
        Ok(user)
    }
}

impl CreateUser {
    /// The address and the name, as they are stored.
    fn valid(&self, faults: &mut FieldErrors) -> (Option<String>, Option<String>) {
        let email = faults.take("email", login_address(&self.email));
        if let Some(password) = &self.password {
            faults.take("password", password.check_for(email.as_deref()));
        }
        let name = validation::required_text(&self.full_name, 200);
        (email, faults.take("fullName", name))
    }
}

/// Somebody's manager must be there, active, and a manager or administrator, and stays so until the
/// transaction ends: a demotion at the same time is either seen here or sees the new member of the
/// team.
pub(super) async fn require_manager(
    conn: &mut Connection,
    manager: Option<UserId>,
    faults: &mut FieldErrors,
) -> Result<()> {
    let Some(id) = manager else { return Ok(()) };
    match lock_assignees(conn, &[id]).await?.remove(&id) {
        None => faults.add("managerId", format!("there is no user {id}")),
        Some(user) if !user.is_active => faults.add("managerId", "must be an active user"),
        Some(user) if user.role == UserRole::Agent => {
            faults.add("managerId", "must be a manager or an administrator");
        }
        Some(_) => {}
    }
    Ok(())
}

/// The error for a unique value of a user that somebody else has already.
pub(super) fn taken(error: DieselError) -> ServiceError {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info)
            if info.constraint_name() == Some("users_email_key") =>
        {
            ServiceError::conflict("a user with this e-mail address exists already")
        }
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info)
            if info.constraint_name() == Some("users_oidc_subject_key") =>
        {
            ServiceError::conflict("another user has this subject")
        }
        other => other.into(),
    }
}
