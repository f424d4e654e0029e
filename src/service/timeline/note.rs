use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::db::pg_enum;
use crate::db::schema::{lead_notes, sql_types};
use crate::service::{LeadId, NoteId, UserId};

pg_enum! {
    /// What an entry of the timeline is.
    NoteType: sql_types::NoteType {
        /// Something a person noted.
        Note = "NOTE",
        /// A call.
        Call = "CALL",
        /// An e-mail.
        Email = "EMAIL",
        /// A meeting.
        Meeting = "MEETING",
        /// A change of the lead; written by the system, never by hand.
        Change = "CHANGE",
    }
}

/// An entry of a lead's timeline. Entries are never changed: an edited note is a new entry that
/// replaces the former one.
#[derive(
    Queryable,
    Selectable,
    QueryableByName,
    Insertable,
    Serialize,
    Deserialize,
    Debug,
    Clone,
    PartialEq,
)]
#[diesel(table_name = lead_notes, check_for_backend(diesel::pg::Pg))]
pub struct Note {
    /// Names it.
    pub id: NoteId,
    /// The lead it is about.
    pub lead_id: LeadId,
    /// Who wrote it or made the change; nobody if the system did.
    pub author_id: Option<UserId>,
    /// What it is.
    pub note_type: NoteType,
    /// The text; of a change, a short sentence.
    pub content: String,
    /// Of a change: a list of [`Change`].
    pub changes: Value,
    /// The earlier version of the same note.
    pub replaces_id: Option<NoteId>,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
    /// Its place in the log of the whole database; only grows. See `super::feed`.
    #[diesel(skip_insertion)]
    pub position: i64,
}

impl Note {
    /// The field changes, none for what people write.
    pub fn changes(&self) -> Vec<Change> {
        serde_json::from_value(self.changes.clone()).unwrap_or_default()
    }
}

/// One field that changed.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Change {
    /// The field's API name.
    pub field: String,
    /// Its value before; null if the lead was new.
    pub old: Value,
    /// Its value after.
    pub new: Value,
}
