use serde::Serialize;

use crate::db::Connection;
use crate::service::command::Command;
use crate::service::leads::bulk::{Bulk, BulkResult, edit_many};
use crate::service::leads::edit::require_active;
use crate::service::permission::{self, Action};
use crate::service::users::lock_assignees;
use crate::service::{Actor, Result, ServiceError, UserId};

/// Assigns many leads to one user, or to nobody.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct AssignLeads {
    pub bulk: Bulk,
    pub to: Option<UserId>,
}

impl Command for AssignLeads {
    const NAME: &'static str = "assignLeads";
    const ACTION: Action = Action::AssignLead;
    type Answer = BulkResult;

    /// Errors: `PermissionDenied` if the actor may not assign to that user, `UserNotFound`,
    /// `InvalidData` if the user is not active.
    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<BulkResult> {
        if let Some(id) = self.to {
            permission::require(actor, Action::AssignLead, self.to)?;
            let user = lock_assignees(conn, &[id]).await?.remove(&id);
            let user = user.ok_or(ServiceError::UserNotFound(id))?;
            user.require_active("input.to.userId")?;
        }
        edit_many(conn, actor, &self.bulk, Action::AssignLead, |lead| {
            require_active(lead)?;
            lead.assigned_to = self.to;
            Ok(())
        })
        .await
    }
}
