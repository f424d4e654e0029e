use diesel::prelude::*;
use serde::Serialize;

use crate::db::schema::lead_notes;
use crate::db::{Connection, RunQueryDsl};
use crate::service::command::Command;
use crate::service::leads;
use crate::service::permission::{self, Action};
use crate::service::timeline::{self, Entry, LONGEST_CONTENT, NoteType};
use crate::service::validation::{FieldErrors, required_text};
use crate::service::{Actor, LeadId, NoteId, Result, ServiceError};

/// Notes something on a lead, archived or not.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct AddNote {
    pub lead: LeadId,
    pub expected_version: Option<i32>,
    pub note_type: NoteType,
    pub content: String,
}

impl Command for AddNote {
    const NAME: &'static str = "addNote";
    const ACTION: Action = Action::WriteNote;
    type Answer = Entry;

    fn check(&self, faults: &mut FieldErrors) {
        faults.take("content", required_text(&self.content, LONGEST_CONTENT));
    }

    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Entry> {
        let lead = leads::lock_one(conn, self.lead).await?;
        permission::require(actor, Action::WriteNote, lead.assigned_to)?;
        leads::require_version(&lead, self.expected_version)?;
        let mut faults = FieldErrors::default();
        let content = faults.take("content", required_text(&self.content, LONGEST_CONTENT));
        faults.finish()?;
        let content = content.unwrap_or_default();
        timeline::write(conn, actor, lead.id, self.note_type, content, None).await
    }
}

/// Replaces the text of one's own note. The earlier text stays in the log.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct EditNote {
    pub id: NoteId,
    pub content: String,
}

impl Command for EditNote {
    const NAME: &'static str = "editNote";
    const ACTION: Action = Action::WriteNote;
    type Answer = Entry;

    fn check(&self, faults: &mut FieldErrors) {
        faults.take("content", required_text(&self.content, LONGEST_CONTENT));
    }

    /// Errors: `NoteNotFound`; `PermissionDenied` unless the actor wrote the note and may still
    /// see its lead; `Conflict` if it is an earlier version.
    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<Entry> {
        let note = lead_notes::table.find(self.id).select(Entry::as_select());
        let note: Option<Entry> = note.first(conn).await.optional()?;
        let note = note.ok_or(ServiceError::NoteNotFound(self.id))?;
        // The lead's lock also makes editors of one note wait for each other.
        let lead = leads::lock_one(conn, note.lead_id).await?;
        permission::require(actor, Action::WriteNote, lead.assigned_to)?;
        let note_type = match note.entry_type.note_type() {
            Some(note_type) if note.author_id == Some(actor.id) => note_type,
            _ => {
                let refusal = "only its author may edit a note, and nobody a recorded change";
                return Err(ServiceError::PermissionDenied(refusal.to_owned()));
            }
        };
        let mut faults = FieldErrors::default();
        let content = faults.take("content", required_text(&self.content, LONGEST_CONTENT));
        faults.finish()?;
        let newer = lead_notes::table.filter(lead_notes::replaces_id.eq(note.id));
        if diesel::select(diesel::dsl::exists(newer))
            .get_result(conn)
            .await?
        {
            return Err(ServiceError::conflict(
                "the note has a newer version: edit that one",
            ));
        }
        let content = content.unwrap_or_default();
        timeline::write(conn, actor, lead.id, note_type, content, Some(note.id)).await
    }
}
