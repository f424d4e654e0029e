use std::collections::HashSet;

use serde::Serialize;

use crate::db::Connection;
use crate::service::command::Command;
use crate::service::leads::Lead;
use crate::service::leads::bulk::{Bulk, BulkResult, edit_many};
use crate::service::leads::edit::{LeadEdit, edit, require_active};
use crate::service::permission::Action;
use crate::service::validation::{self, FieldErrors};
use crate::service::{Actor, LeadId, Result, text};

/// Adds a tag to a lead, or removes it; no error if nothing changes.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct TagLead {
    pub id: LeadId,
    pub expected_version: Option<i32>,
    pub change: TagChange,
}

/// The tags to add and to remove.
#[derive(Debug, Clone, Default, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct TagChange {
    pub add: Vec<String>,
    pub remove: Vec<String>,
}

impl Command for TagLead {
    const NAME: &'static str = "tagLead";
    const ACTION: Action = Action::UpdateLead;
    type Answer = Lead;

    fn check(&self, faults: &mut FieldErrors) {
        faults.absorb(self.change.valid("tag", "tag")).ok();
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Lead> {
        let change = self.change.valid("tag", "tag")?;
        let target = LeadEdit {
            id: self.id,
            expected_version: self.expected_version,
            fields: &["tags"],
        };
        edit(conn, actor, target, Action::UpdateLead, |lead| {
            change.apply(lead, "tag")
        })
        .await
    }
}

/// Adds tags to many leads and removes others.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct BulkTag {
    pub bulk: Bulk,
    pub change: TagChange,
}

impl Command for BulkTag {
    const NAME: &'static str = "bulkTag";
    const ACTION: Action = Action::UpdateLead;
    type Answer = BulkResult;

    fn check(&self, faults: &mut FieldErrors) {
        faults.absorb(self.change.valid("add", "remove")).ok();
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<BulkResult> {
        let change = self.change.valid("add", "remove")?;
        edit_many(conn, actor, &self.bulk, Action::UpdateLead, |lead| {
            change.apply(lead, "add")
        })
        .await
    }
}

impl TagChange {
    fn valid(&self, add: &str, remove: &str) -> Result<Self> {
        let mut faults = FieldErrors::default();
        let added = faults.take(add, validation::tags(&self.add));
        let removed = faults.take(remove, validation::tags(&self.remove));
        faults.finish()?;
        Ok(Self {
            add: added.unwrap_or_default(),
            remove: removed.unwrap_or_default(),
        })
    }

    /// Errors: `Conflict` for an archived lead; `InvalidData`, under the name of the client's field
    /// `add`, for more tags than a lead may have.
    fn apply(&self, lead: &mut Lead, add: &str) -> Result<()> {
        require_active(lead)?;
        let gone: HashSet<String> = self.remove.iter().map(|tag| text::key(tag)).collect();
        lead.tags.retain(|tag| !gone.contains(&text::key(tag)));
        // An existing tag keeps its spelling.
        let there: HashSet<String> = lead.tags.iter().map(|tag| text::key(tag)).collect();
        let new = self
            .add
            .iter()
            .filter(|tag| !there.contains(&text::key(tag)));
        lead.tags.extend(new.cloned());
        // The limits of a lead's tags hold for all of them together.
        let mut faults = FieldErrors::default();
        let tags = validation::tags(&lead.tags);
        let tags = tags.map_err(|fault| format!("cannot be added: the tags {fault}"));
        lead.tags = faults.take(add, tags).unwrap_or_default();
        faults.finish()
    }
}
