use serde::Serialize;

use crate::db::Connection;
use crate::service::command::Command;
use crate::service::leads::edit::require_version;
use crate::service::leads::{Lead, sql};
use crate::service::permission::{self, Action};
use crate::service::{Actor, LeadId, Result, timeline};

/// Deletes a lead and its timeline for good. Answers with the lead as it was.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct DeleteLead {
    pub id: LeadId,
    pub expected_version: Option<i32>,
}

impl Command for DeleteLead {
    const NAME: &'static str = "deleteLead";
    type Answer = Lead;

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Lead> {
        let lead = sql::lock_one(conn, self.id).await?;
        permission::require(actor, Action::DeleteLead, lead.assigned_to)?;
        require_version(&lead, self.expected_version)?;
        timeline::delete_all(conn, lead.id).await?;
        sql::delete(conn, lead.id).await?;
        tracing::info!(lead = %lead.id, by = %actor.id, "lead deleted for good");
        Ok(lead)
    }
}
