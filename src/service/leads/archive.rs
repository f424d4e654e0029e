use serde::Serialize;

use crate::db::Connection;
use crate::service::clock::now;
use crate::service::command::Command;
use crate::service::leads::bulk::{Bulk, BulkResult, edit_many};
use crate::service::leads::edit::{LeadEdit, edit};
use crate::service::leads::{Lead, LeadStatus};
use crate::service::permission::Action;
use crate::service::validation::ARCHIVED_TAG;
use crate::service::{Actor, LeadId, Result, ServiceError};

const FIELDS: &[&str] = &["status", "tags", "archivedAt"];

/// Archives a lead: status LOST, tag `archived`; its former status and tags are kept.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct ArchiveLead {
    pub id: LeadId,
    pub expected_version: Option<i32>,
}

impl Command for ArchiveLead {
    const NAME: &'static str = "archiveLead";
    const ACTION: Action = Action::ArchiveLead;
    type Answer = Lead;

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Lead> {
        let target = LeadEdit {
            id: self.id,
            expected_version: self.expected_version,
            fields: FIELDS,
        };
        edit(conn, actor, target, Action::ArchiveLead, archive).await
    }
}

/// Restores an archived lead with its former status and tags.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct RestoreLead {
    pub id: LeadId,
    pub expected_version: Option<i32>,
}

impl Command for RestoreLead {
    const NAME: &'static str = "restoreLead";
    const ACTION: Action = Action::ArchiveLead;
    type Answer = Lead;

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Lead> {
        let target = LeadEdit {
            id: self.id,
            expected_version: self.expected_version,
            fields: FIELDS,
        };
        edit(conn, actor, target, Action::ArchiveLead, restore).await
    }
}

/// [`ArchiveLead`] for many.
#[derive(Debug, Serialize)]
pub struct BulkArchive(pub Bulk);

impl Command for BulkArchive {
    const NAME: &'static str = "bulkArchive";
    const ACTION: Action = Action::ArchiveLead;
    type Answer = BulkResult;

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<BulkResult> {
        edit_many(conn, actor, &self.0, Action::ArchiveLead, archive).await
    }
}

/// [`RestoreLead`] for many.
#[derive(Debug, Serialize)]
pub struct BulkRestore(pub Bulk);

impl Command for BulkRestore {
    const NAME: &'static str = "bulkRestore";
    const ACTION: Action = Action::ArchiveLead;
    type Answer = BulkResult;

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<BulkResult> {
        edit_many(conn, actor, &self.0, Action::ArchiveLead, restore).await
    }
}

fn archive(lead: &mut Lead) -> Result<()> {
    if lead.is_archived() {
        return Err(ServiceError::conflict("the lead is archived already"));
    }
    lead.status_before_archive = Some(lead.status);
    lead.status = LeadStatus::Lost;
    lead.archived_at = Some(now());
    lead.tags.push(ARCHIVED_TAG.to_owned());
    Ok(())
}

fn restore(lead: &mut Lead) -> Result<()> {
    let Some(status) = lead.status_before_archive.take() else {
        return Err(ServiceError::conflict("the lead is not archived"));
    };
    lead.status = status;
    lead.archived_at = None;
    lead.tags.retain(|tag| tag != ARCHIVED_TAG);
    Ok(())
}
