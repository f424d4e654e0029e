use serde::Serialize;

use crate::db::Connection;
use crate::service::command::{Answer, Command};
use crate::service::leads::edit::require_version;
use crate::service::leads::sql;
use crate::service::permission::{self, Action};
use crate::service::{Actor, LeadId, Result, timeline};

/// Deletes a lead and its timeline for good.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct DeleteLead {
    pub id: LeadId,
    pub expected_version: Option<i32>,
}

impl Command for DeleteLead {
    const NAME: &'static str = "deleteLead";
    const ACTION: Action = Action::DeleteLead;
    type Answer = LeadId;

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<LeadId> {
        let lead = sql::lock_one(conn, self.id).await?;
        permission::require(actor, Action::DeleteLead, lead.assigned_to)?;
        require_version(&lead, self.expected_version)?;
        delete(conn, lead.id).await?;
        tracing::info!(lead = %lead.id, by = %actor.id, "lead deleted for good");
        Ok(lead.id)
    }
}

/// Deletes a locked lead and its timeline, whoever asks.
pub(crate) async fn delete(conn: &mut Connection, id: LeadId) -> Result<()> {
    timeline::delete_all(conn, id).await?;
    sql::delete(conn, id).await
}

/// The id of the deleted lead.
impl Answer for LeadId {
    type Done = Self;

    fn done(&self) -> Self {
        *self
    }

    async fn again(_: &mut Connection, _: &Actor, done: Self) -> Result<Option<Self>> {
        Ok(Some(done))
    }
}
