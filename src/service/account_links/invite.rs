use chrono::TimeDelta;
use serde::Serialize;

use crate::db::Connection;
use crate::service::account_links::link::AccountLink;
use crate::service::command::Command;
use crate::service::permission::Action;
use crate::service::users::{CreateUser, UserRole};
use crate::service::validation::FieldErrors;
use crate::service::{Actor, Result, TokenKind, UserId};

/// An invitation can be accepted for so long.
pub(super) const LASTS: TimeDelta = TimeDelta::days(7);

/// Adds a user who becomes active by using the link.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "documented for clients in graphql")]
pub struct InviteUser {
    pub email: String,
    pub full_name: String,
    pub role: UserRole,
    pub manager: Option<UserId>,
}

impl InviteUser {
    fn user(&self) -> CreateUser {
        CreateUser {
            email: self.email.clone(),
            full_name: self.full_name.clone(),
            role: self.role,
            manager: self.manager,
            password: None,
            is_demo: false,
        }
    }
}

impl Command for InviteUser {
    const NAME: &'static str = "inviteUser";
    const ACTION: Action = Action::ManageUsers;
    type Answer = AccountLink;

    fn check(&self, faults: &mut FieldErrors) {
        self.user().check(faults);
    }

    /// Errors: as [`CreateUser`].
    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<AccountLink> {
        let user = self.user().apply(conn, actor).await?;
        AccountLink::create(conn, user, TokenKind::Invitation, LASTS).await
    }
}
