use async_graphql::connection::EmptyFields;
use async_graphql::parser::types::Field;
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};

use crate::graphql::connection::{Connection, Listed};
use crate::graphql::error::answer;
use crate::graphql::execute::sync_object::SyncObject;
use crate::graphql::loaders::Loaders;
use crate::graphql::objects::{Lead, Note, User};
use crate::graphql::timeline::{Position, entry};
use crate::service::timeline;

/// The kind of a note.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "timeline::NoteType")]
pub enum NoteType {
    /// A plain note.
    Note,
    /// A call.
    Call,
    /// An e-mail.
    Email,
    /// A meeting.
    Meeting,
}

/// A list of notes.
pub type NoteConnection = Connection<Note>;

impl SyncObject for Note {
    type Child = User;

    fn is_ready(&self, field: &Field) -> bool {
        !matches!(field.name.node.as_str(), "by" | "lead" | "earlierVersion")
    }
}

impl Listed for Note {
    type Cursor = i64;
    type About = EmptyFields;
}

/// A note that a person wrote on a lead. Notes never change: editing one adds a new version, which
/// replaces the former one.
#[Object]
impl Note {
    /// The id of this version of the note.
    pub async fn id(&self) -> ID {
        self.entry.id.0.into()
    }

    /// The note's position in the log of all leads: `timeline(after: …)` returns later entries.
    pub async fn position(&self) -> Position {
        Position(self.entry.position)
    }

    /// The time at which it was written.
    pub async fn at(&self) -> DateTime<Utc> {
        self.entry.created_at
    }

    /// The user who wrote it; null if the system did.
    pub async fn by(&self, ctx: &Context<'_>) -> Option<User> {
        entry::by(ctx, &self.entry).await
    }

    /// The lead it is about; null if the viewer may no longer see it.
    pub async fn lead(&self, ctx: &Context<'_>) -> Option<Lead> {
        entry::lead(ctx, &self.entry).await
    }

    /// The kind of the note.
    #[graphql(name = "type")]
    async fn note_type(&self) -> NoteType {
        self.note_type.into()
    }

    /// The text, 1–10,000 characters.
    async fn content(&self) -> &str {
        &self.entry.content
    }

    /// The version of the note that this one replaced; null if it was not edited.
    async fn earlier_version(&self, ctx: &Context<'_>) -> Option<Note> {
        let id = self.entry.replaces_id?;
        let earlier = ctx.data_unchecked::<Loaders>().load_one(id).await;
        answer(ctx, earlier).flatten().and_then(Note::of)
    }
}
