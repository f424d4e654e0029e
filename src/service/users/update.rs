use diesel::prelude::*;
use serde::Serialize;

use crate::db::schema::users;
use crate::db::{Connection, RunQueryDsl};
use crate::service::clock::now;
use crate::service::command::Command;
use crate::service::permission::{self, Action};
use crate::service::sessions::{self, PasswordHash};
use crate::service::text::login_address;
use crate::service::users::create::{require_manager, taken};
use crate::service::users::{User, UserRole};
use crate::service::validation::{self, FieldErrors};
use crate::service::{Actor, Result, ServiceError, UserId, account_links, api_keys};

/// Changes the named fields of a user. A new password ends the user's sessions; a lower role revokes
/// the API keys with a higher one.
#[derive(Debug, Default, Serialize)]
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct UserPatch {
    pub email: Option<String>,
    pub full_name: Option<String>,
    pub role: Option<UserRole>,
    pub manager: Option<Option<UserId>>,
    pub password: Option<PasswordHash>,
    pub oidc_subject: Option<Option<String>>,
    /// `true` reactivates a deactivated user; deactivation is another change.
    pub is_active: Option<bool>,
}

/// Applies a [`UserPatch`].
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct UpdateUser {
    pub id: UserId,
    pub patch: UserPatch,
}

impl Command for UpdateUser {
    const NAME: &'static str = "updateUser";
    const ACTION: Action = Action::ManageUsers;
    type Answer = User;

    fn check(&self, faults: &mut FieldErrors) {
        self.patch.valid(faults);
    }

    /// Errors: `PermissionDenied`, `UserNotFound`, `InvalidData`, `Conflict` if the e-mail or the
    /// subject is taken or the change would leave a team without a manager or nobody to administer.
    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<User> {
        permission::require(actor, Action::ManageUsers, Some(self.id))?;
        let before = lock(conn, self.id, self.patch.manager.flatten()).await?;
        let after = self.patch.applied(conn, &before).await?;
        if before.role == UserRole::Admin && after.role != UserRole::Admin {
            require_another_admin(conn, &before).await?;
        }
        if before.role != UserRole::Agent && after.role == UserRole::Agent {
            require_no_team(conn, &before).await?;
        }
        let row = diesel::update(users::table.find(self.id));
        row.set(&after).execute(conn).await.map_err(taken)?;
        if self.patch.password.is_some() || actor.id == self.id && before.email != after.email {
            let row = diesel::update(users::table.find(self.id));
            row.set(users::is_demo.eq(false)).execute(conn).await?;
        }
        if !before.role.is_at_most(after.role) {
            api_keys::revoke_above(conn, self.id, after.role).await?;
        }
        if let Some(password) = &self.patch.password {
            let row = diesel::update(users::table.find(self.id));
            row.set(users::password_hash.eq(password.hash()))
                .execute(conn)
                .await?;
            sessions::end_all(conn, self.id).await?;
        }
        // Whoever has a link that was sent to the former address, or before the password was chosen.
        if self.patch.password.is_some() || before.email != after.email {
            account_links::revoke(conn, self.id).await?;
        }
        Ok(after)
    }
}

impl UserPatch {
    async fn applied(&self, conn: &mut Connection, before: &User) -> Result<User> {
        let mut faults = FieldErrors::default();
        let texts = self.valid(&mut faults);
        if let Some(manager) = self.manager {
            if manager == Some(before.id) {
                faults.add("managerId", "nobody is their own manager");
            } else {
                require_manager(conn, manager, &mut faults).await?;
            }
        }
        let email = texts.email.as_ref().unwrap_or(&before.email);
        if let Some(password) = self.password.as_ref().filter(|_| faults.is_empty()) {
            faults.take("password", password.check_for(Some(email)));
        }
        faults.finish()?;
        let is_active = before.is_active || self.is_active == Some(true);
        let before = before.clone();
        Ok(User {
            email: texts.email.unwrap_or(before.email),
            full_name: texts.full_name.unwrap_or(before.full_name),
            oidc_subject: texts.oidc_subject.unwrap_or(before.oidc_subject),
            role: self.role.unwrap_or(before.role),
            manager_id: self.manager.unwrap_or(before.manager_id),
            is_active,
            invited_at: before.invited_at.filter(|_| !is_active),
            updated_at: now(),
            ..before
        })
    }

    /// The texts that are given, as they are stored.
    fn valid(&self, faults: &mut FieldErrors) -> Texts {
        if self.is_active == Some(false) {
            faults.add("isActive", "must not be false: use deactivateUser");
        }
        if let Some(password) = &self.password {
            faults.take("password", password.check_for(None));
        }
        let subject = self.oidc_subject.as_ref();
        let subject = subject.map(|subject| subject.as_deref().map(subject_text).transpose());
        let name = self.full_name.as_deref();
        let name = name.map(|name| validation::required_text(name, 200));
        Texts {
            email: self
                .email
                .as_deref()
                .and_then(|email| faults.take("email", login_address(email))),
            full_name: name.and_then(|name| faults.take("fullName", name)),
            oidc_subject: subject.and_then(|subject| faults.take("oidcSubject", subject)),
        }
    }
}

/// See [`UserPatch::valid`].
struct Texts {
    email: Option<String>,
    full_name: Option<String>,
    oidc_subject: Option<Option<String>>,
}

/// A subject is compared as it is: nothing is trimmed.
fn subject_text(subject: &str) -> Result<String, String> {
    match subject.chars().count() {
        1..=255 if !subject.chars().any(char::is_control) => Ok(subject.to_owned()),
        1..=255 => Err("must not contain control characters".to_owned()),
        length => Err(format!("must have 1 to 255 characters, has {length}")),
    }
}

/// Locks and reads a user; locks the other one that the change is about (an heir, a new manager), and
/// the active administrators, so that two of them cannot remove each other. All in one statement and
/// in the order in which assignees are locked, too, so that there is no deadlock.
pub(crate) async fn lock(conn: &mut Connection, id: UserId, other: Option<UserId>) -> Result<User> {
    let is_admin = users::role.eq(UserRole::Admin).and(users::is_active);
    let rows = users::table
        .filter(
            users::id
                .eq_any([Some(id), other].into_iter().flatten())
                .or(is_admin),
        )
        .order_by(users::id)
        .select(User::as_select())
        .for_no_key_update();
    let rows: Vec<User> = rows.load(conn).await?;
    rows.into_iter()
        .find(|user| user.id == id)
        .ok_or(ServiceError::UserNotFound(id))
}

/// Somebody must stay who can manage users. [`lock`] comes before.
pub(super) async fn require_another_admin(conn: &mut Connection, leaving: &User) -> Result<()> {
    let others = users::table
        .filter(users::role.eq(UserRole::Admin).and(users::is_active))
        .filter(users::id.ne(leaving.id));
    if diesel::select(diesel::dsl::exists(others))
        .get_result(conn)
        .await?
    {
        return Ok(());
    }
    Err(ServiceError::conflict(
        "this is the last active administrator",
    ))
}

async fn require_no_team(conn: &mut Connection, manager: &User) -> Result<()> {
    let team = users::table.filter(users::manager_id.eq(manager.id));
    let size: i64 = team.count().get_result(conn).await?;
    if size == 0 {
        return Ok(());
    }
    Err(ServiceError::conflict(format!(
        "the user is the manager of {size} others"
    )))
}
