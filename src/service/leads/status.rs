use serde::Serialize;

use crate::db::Connection;
use crate::service::command::Command;
use crate::service::leads::LeadStatus;
use crate::service::leads::bulk::{Bulk, BulkResult, edit_many};
use crate::service::leads::edit::require_active;
use crate::service::permission::Action;
use crate::service::{Actor, Result};

/// Moves many leads to one status.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct BulkUpdateStatus {
    pub bulk: Bulk,
    pub status: LeadStatus,
}

impl Command for BulkUpdateStatus {
    const NAME: &'static str = "bulkUpdateStatus";
    const ACTION: Action = Action::UpdateLead;
    type Answer = BulkResult;

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<BulkResult> {
        edit_many(conn, actor, &self.bulk, Action::UpdateLead, |lead| {
            require_active(lead)?;
            lead.status = self.status;
            Ok(())
        })
        .await
    }
}
