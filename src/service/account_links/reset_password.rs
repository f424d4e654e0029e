use chrono::TimeDelta;
use serde::Serialize;

use crate::db::Connection;
use crate::service::account_links::invite;
use crate::service::account_links::link::AccountLink;
use crate::service::command::Command;
use crate::service::permission::{self, Action};
use crate::service::users::lock;
use crate::service::{Actor, Result, ServiceError, TokenKind, UserId};

/// A password can be reset for so long.
const LASTS: TimeDelta = TimeDelta::days(1);

/// Makes a link with which the user chooses another password, or accepts the invitation; the link
/// before is no longer valid. The present password stays valid until the link is used.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "it says it")]
pub struct ResetPassword {
    pub id: UserId,
}

impl Command for ResetPassword {
    const NAME: &'static str = "resetPassword";
    const ACTION: Action = Action::ManageUsers;
    type Answer = AccountLink;

    /// Errors: `PermissionDenied`, `UserNotFound`, `InvalidData` if the user was deactivated.
    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<AccountLink> {
        permission::require(actor, Action::ManageUsers, Some(self.id))?;
        let user = lock(conn, self.id, None).await?;
        let (kind, lasts) = match (user.is_active, user.invited_at) {
            (true, _) => (TokenKind::PasswordReset, LASTS),
            (false, Some(_)) => (TokenKind::Invitation, invite::LASTS),
            (false, None) => {
                let wanted = "must be a user who is active or invited";
                return Err(ServiceError::invalid("id", wanted));
            }
        };
        AccountLink::create(conn, user, kind, lasts).await
    }
}
