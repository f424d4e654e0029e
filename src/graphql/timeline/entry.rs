use async_graphql::connection::EmptyFields;
use async_graphql::parser::types::Field;
use async_graphql::{Context, Enum, ID, Interface};
use chrono::{DateTime, Utc};

use crate::graphql::connection::{Connection, Listed};
use crate::graphql::error::answer;
use crate::graphql::execute::sync_object::SyncObject;
use crate::graphql::loaders::Loaders;
use crate::graphql::objects::{Change, Lead, Note, User};
use crate::graphql::timeline::Position;
use crate::graphql::user::named;
use crate::service::timeline::{self, Entry};

/// The kind of an entry of a lead's timeline.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "timeline::EntryType")]
pub enum TimelineEntryType {
    /// A `Note`: a plain note.
    Note,
    /// A `Note`: a call.
    Call,
    /// A `Note`: an e-mail.
    Email,
    /// A `Note`: a meeting.
    Meeting,
    /// A `Change` of the lead, recorded by the system.
    Change,
}

/// An entry of a lead's timeline: a `Note`, which a person wrote, or a `Change`, which the system
/// recorded. Entries never change: editing a note adds a new version, which replaces the former one.
/// Further types may be added later.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Names the entry."),
    field(
        name = "position",
        ty = "Position",
        desc = "The entry's position in the log of all leads: `timeline(after: …)` returns later entries."
    ),
    field(
        name = "at",
        ty = "DateTime<Utc>",
        desc = "The time at which the note was written or the change was made."
    ),
    field(
        name = "by",
        ty = "Option<User>",
        desc = "The user who wrote it or made the change; null if the system did."
    ),
    field(
        name = "lead",
        ty = "Option<Lead>",
        desc = "The lead it is about; null if the viewer may no longer see it."
    )
)]
pub enum TimelineEntry {
    Note(Note),
    Change(Change),
}

/// A list of entries of any kind.
pub type TimelineEntryConnection = Connection<TimelineEntry>;

impl From<Entry> for TimelineEntry {
    fn from(entry: Entry) -> Self {
        match entry.entry_type.note_type() {
            Some(note_type) => Self::Note(Note { entry, note_type }),
            None => Self::Change(Change(entry)),
        }
    }
}

impl SyncObject for TimelineEntry {
    type Child = User;

    fn is_ready(&self, field: &Field) -> bool {
        !matches!(field.name.node.as_str(), "by" | "lead")
    }
}

impl Listed for TimelineEntry {
    type Cursor = i64;
    type About = EmptyFields;
}

/// The author of an entry.
pub(super) async fn by(ctx: &Context<'_>, entry: &Entry) -> Option<User> {
    named(ctx, entry.author_id?).await
}

/// The lead that an entry is about.
pub(super) async fn lead(ctx: &Context<'_>, entry: &Entry) -> Option<Lead> {
    let lead = ctx
        .data_unchecked::<Loaders>()
        .load_one(entry.lead_id)
        .await;
    answer(ctx, lead).flatten().map(Lead::from)
}
