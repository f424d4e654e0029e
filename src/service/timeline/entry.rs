use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::pg_enum;
use crate::db::schema::{lead_notes, sql_types};
use crate::service::timeline::FieldChange;
use crate::service::{Json, LeadId, NoteId, UserId};

pg_enum! {
    /// The kind of an entry of the timeline.
    EntryType: sql_types::NoteType {
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

/// The kinds of entries that people write.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteType {
    /// Something a person noted.
    Note,
    /// A call.
    Call,
    /// An e-mail.
    Email,
    /// A meeting.
    Meeting,
}

impl NoteType {
    /// Every type.
    pub const ALL: [Self; 4] = [Self::Note, Self::Call, Self::Email, Self::Meeting];
}

impl From<NoteType> for EntryType {
    fn from(note_type: NoteType) -> Self {
        match note_type {
            NoteType::Note => Self::Note,
            NoteType::Call => Self::Call,
            NoteType::Email => Self::Email,
            NoteType::Meeting => Self::Meeting,
        }
    }
}

impl EntryType {
    /// The same for what people write; nothing for a recorded change.
    pub fn note_type(self) -> Option<NoteType> {
        NoteType::ALL
            .into_iter()
            .find(|&note_type| self == note_type.into())
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
#[diesel(table_name = lead_notes, treat_none_as_default_value = false, check_for_backend(diesel::pg::Pg))]
pub struct Entry {
    /// Names it.
    pub id: NoteId,
    /// The lead it is about.
    pub lead_id: LeadId,
    /// The user who wrote it or made the change; nobody if the system did.
    pub author_id: Option<UserId>,
    /// Its kind.
    #[diesel(column_name = note_type)]
    pub entry_type: EntryType,
    /// The text that a person wrote; empty for a change.
    pub content: String,
    /// Of a change: its [`FieldChange`]s as they are stored; see [`FieldChange::to_json`].
    pub changes: Json,
    /// The earlier version of the same note.
    pub replaces_id: Option<NoteId>,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
    /// Its place in the log of the whole database; only grows. See `super::feed`.
    #[diesel(skip_insertion)]
    pub position: i64,
}

impl Entry {
    /// The field changes, none for what people write.
    pub fn changes(&self) -> Vec<FieldChange> {
        FieldChange::from_json(&self.changes)
    }

    /// The approximate number of bytes that it takes in memory.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.content.len() + self.changes.as_str().len()
    }
}
