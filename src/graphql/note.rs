use async_graphql::connection::EmptyFields;
use async_graphql::parser::types::Field;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::graphql::connection::{Connection, Listed, PageArguments, opaque};
use crate::graphql::context::{actor, change, db, uuid};
use crate::graphql::direct::Ready;
use crate::graphql::error::answer;
use crate::graphql::lead::Lead;
use crate::graphql::loaders::Loaders;
use crate::graphql::user::User;
use crate::service::page::{Page, Slice, Start};
use crate::service::timeline::{self, AddNote, EditNote};
use crate::service::{LeadId, NoteId, Result, ServiceError};

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

#[derive(Default)]
pub struct NoteQuery;

#[Object]
impl NoteQuery {
    /// The log over all leads that the viewer may see, oldest first: for clients that follow along.
    /// Ask again with the last `position` you saw: nothing that came later is missed, whatever
    /// order the writers finished in. Errors: UNAUTHENTICATED, INVALID_DATA.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `position` to continue after; from the beginning without one.")]
        after: Option<String>,
        #[graphql(desc = "How many entries, 1–100. Default 25.")] first: Option<i32>,
    ) -> Option<NoteConnection> {
        let slice = feed(ctx, after, first).await;
        answer(ctx, slice).map(|slice| page_of_notes(slice, i64::to_string))
    }
}

async fn feed(
    ctx: &Context<'_>,
    after: Option<String>,
    first: Option<i32>,
) -> Result<Slice<timeline::Note>> {
    let actor = actor(ctx)?;
    let after = after.unwrap_or_else(|| "0".to_owned()).parse();
    let after = after.map_err(|_| ServiceError::invalid("after", "is not a position"))?;
    let page: Page<i64> = PageArguments {
        first,
        ..Default::default()
    }
    .page()?;
    timeline::feed(db(ctx), actor, after, page.size).await
}

/// Which page of a lead's notes.
pub(super) fn notes_page(
    after: Option<String>,
    first: Option<i32>,
) -> Result<(usize, Option<i64>)> {
    let page: Page<i64> = PageArguments {
        first,
        after,
        ..Default::default()
    }
    .page()?;
    let after = match page.start {
        Start::After(position) => Some(position),
        Start::Offset(_) | Start::Before(_) => None,
    };
    Ok((page.size, after))
}

/// A page of a lead's notes as a connection.
pub(super) fn note_connection(slice: Slice<timeline::Note>) -> NoteConnection {
    page_of_notes(slice, opaque)
}

fn page_of_notes(slice: Slice<timeline::Note>, cursor: fn(&i64) -> String) -> NoteConnection {
    let row = |note: timeline::Note| (note.position, Note(note));
    Connection::new(slice, EmptyFields, cursor, row)
}

/// A note to be.
#[derive(InputObject)]
pub struct AddNoteInput {
    /// The lead it is about.
    lead_id: ID,
    /// The text, 1–10,000 characters.
    content: String,
    /// What it is: NOTE, CALL, EMAIL or MEETING.
    #[graphql(name = "type", default_with = "NoteType::Note")]
    note_type: NoteType,
    /// The `version` of the lead that the client saw: CONFLICT if it has another one now.
    expected_version: Option<i32>,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it gives the same answer and has no second effect.
    idempotency_key: Option<String>,
}

/// A new text for a note.
#[derive(InputObject)]
pub struct EditNoteInput {
    /// The note, in its latest version.
    id: ID,
    /// The new text, 1–10,000 characters.
    content: String,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it gives the same answer and has no second effect.
    idempotency_key: Option<String>,
}

/// The note that was written.
#[derive(SimpleObject)]
pub struct NotePayload {
    /// The note as it is now.
    note: Note,
}

#[derive(Default)]
pub struct NoteMutation;

#[Object]
impl NoteMutation {
    /// Notes something on a lead; archived leads too. Errors: UNAUTHENTICATED, PERMISSION_DENIED,
    /// LEAD_NOT_FOUND, INVALID_DATA, CONFLICT, IDEMPOTENCY_CONFLICT.
    async fn add_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lead, and the text.")] input: AddNoteInput,
    ) -> Option<NotePayload> {
        let command = uuid("leadId", &input.lead_id).map(|lead| AddNote {
            lead: LeadId(lead),
            expected_version: input.expected_version,
            note_type: input.note_type.into(),
            content: input.content,
        });
        let note = change(ctx, input.idempotency_key.as_deref(), command).await;
        answer(ctx, note).map(|note| NotePayload { note: Note(note) })
    }

    /// Replaces the text of one's own note; the earlier text stays as `earlierVersion`. Errors:
    /// UNAUTHENTICATED, PERMISSION_DENIED, NOTE_NOT_FOUND, INVALID_DATA, CONFLICT if there is a
    /// newer version, IDEMPOTENCY_CONFLICT.
    async fn edit_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which note, and its new text.")] input: EditNoteInput,
    ) -> Option<NotePayload> {
        let command = uuid("id", &input.id).map(|id| EditNote {
            id: NoteId(id),
            content: input.content,
        });
        let note = change(ctx, input.idempotency_key.as_deref(), command).await;
        answer(ctx, note).map(|note| NotePayload { note: Note(note) })
    }
}
