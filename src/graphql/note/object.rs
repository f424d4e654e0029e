use async_graphql::connection::EmptyFields;
use async_graphql::parser::types::Field;
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::graphql::connection::{Connection, Listed};
use crate::graphql::context::{actor, db};
use crate::graphql::direct::Ready;
use crate::graphql::error::answer;
use crate::graphql::lead::Lead;
use crate::graphql::loaders::Loaders;
use crate::graphql::user::User;
use crate::service::timeline;

/// What an entry of a lead's timeline is.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "timeline::NoteType")]
pub enum NoteType {
    /// Something a person noted.
    Note,
    /// A call.
    Call,
    /// An e-mail.
    Email,
    /// A meeting.
    Meeting,
    /// A change of the lead. Recorded by the system, never written by hand.
    Change,
}

/// An entry of a lead's timeline: what a person wrote, or a change with its old and new values.
/// Entries never change: editing a note adds a new version that takes the former one's place.
pub struct Note(pub timeline::Note);

/// A list of timeline entries.
pub type NoteConnection = Connection<Note>;

impl Ready for Note {
    type Child = User;

    fn is_ready(&self, field: &Field) -> bool {
        !matches!(
            field.name.node.as_str(),
            "author" | "lead" | "earlierVersion"
        )
    }
}

impl Listed for Note {
    type Place = i64;
    type About = EmptyFields;
}

/// An entry of a lead's timeline: what a person wrote, or a change with its old and new values.
/// Entries never change: editing a note adds a new version that takes the former one's place.
#[Object]
impl Note {
    /// Names the entry.
    pub async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// What the entry is.
    #[graphql(name = "type")]
    async fn note_type(&self) -> NoteType {
        self.0.note_type.into()
    }

    /// The text; of a change, a short sentence.
    async fn content(&self) -> &str {
        &self.0.content
    }

    /// The fields that changed; empty for what people write.
    async fn changes(&self) -> Vec<FieldChange> {
        let changes = self.0.changes().into_iter();
        let change = |c: timeline::Change| FieldChange {
            field: c.field,
            old: Some(c.old).filter(|value| !value.is_null()),
            new: Some(c.new).filter(|value| !value.is_null()),
        };
        changes.map(change).collect()
    }

    /// Who wrote it or made the change; null if the system did.
    async fn author(&self, ctx: &Context<'_>) -> Option<User> {
        let user = ctx
            .data_unchecked::<Loaders>()
            .load_one(self.0.author_id?)
            .await;
        answer(ctx, user).flatten().map(User)
    }

    /// The lead it is about; null if it is no longer the viewer's to see.
    async fn lead(&self, ctx: &Context<'_>) -> Option<Lead> {
        let lead = ctx
            .data_unchecked::<Loaders>()
            .load_one(self.0.lead_id)
            .await;
        answer(ctx, lead).flatten().map(Lead::from)
    }

    /// The version of the note that this one replaced; null if it was not edited.
    async fn earlier_version(&self, ctx: &Context<'_>) -> Option<Note> {
        let id = self.0.replaces_id?;
        let earlier = async { timeline::read(db(ctx), actor(ctx)?, id).await };
        answer(ctx, earlier.await).map(Note)
    }

    /// Since when the entry is there.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The entry's place in the log of all leads, a whole number in decimal digits. It only grows:
    /// ask `timeline(after: …)` for what came later.
    async fn position(&self) -> String {
        self.0.position.to_string()
    }
}

/// One field that changed.
#[derive(SimpleObject)]
pub struct FieldChange {
    /// The name of the lead's field.
    field: String,
    /// Its value before; null if there was none.
    old: Option<serde_json::Value>,
    /// Its value after; null if there is none.
    new: Option<serde_json::Value>,
}
