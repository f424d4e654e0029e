use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::graphql::attempt::{self, Attempt};
use crate::graphql::context::change;
use crate::graphql::error::answer;
use crate::graphql::objects::Note;
use crate::graphql::timeline::NoteType;
use crate::service::timeline::{AddNote, EditNote};
use crate::service::{LeadId, NoteId};

/// A new note.
#[derive(InputObject)]
pub struct AddNoteInput {
    /// The lead it is about.
    id: ID,
    /// The text, 1–10,000 characters.
    content: String,
    /// The kind of the note.
    #[graphql(name = "type", default_with = "NoteType::Note")]
    note_type: NoteType,
    /// The `version` of the lead that the client saw: CONFLICT if it has another one now.
    expected_version: Option<i32>,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done, with the objects as they are now.
    idempotency_key: Option<String>,
}

/// A new text for a note.
#[derive(InputObject)]
pub struct EditNoteInput {
    /// The note, in its latest version.
    id: ID,
    /// The new text, 1–10,000 characters.
    content: String,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done, with the objects as they are now.
    idempotency_key: Option<String>,
}

/// A note that was written.
#[derive(SimpleObject)]
pub struct AddNotePayload {
    /// The note; null if a repeated idempotency key is answered and the note's lead is deleted, or the
    /// viewer may no longer see it.
    note: Option<Note>,
}

/// A note whose text was replaced.
#[derive(SimpleObject)]
pub struct EditNotePayload {
    /// The new version; null if a repeated idempotency key is answered and the note's lead is
    /// deleted, or the viewer may no longer see it.
    note: Option<Note>,
}

#[derive(Default)]
pub struct NoteMutation;

#[Object]
impl NoteMutation {
    /// Adds a note to a lead; archived leads too. Errors: UNAUTHENTICATED, PERMISSION_DENIED,
    /// LEAD_NOT_FOUND, INVALID_DATA, CONFLICT, IDEMPOTENCY_CONFLICT.
    async fn add_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead, and the text.")] input: AddNoteInput,
    ) -> Option<AddNotePayload> {
        let command = Attempt::read(|faults| AddNote {
            lead: LeadId(attempt::id("id", &input.id, faults)),
            expected_version: input.expected_version,
            note_type: input.note_type.into(),
            content: input.content,
        });
        let note = change(ctx, input.idempotency_key.as_deref(), command).await;
        answer(ctx, note).map(|note| AddNotePayload {
            note: note.and_then(Note::of),
        })
    }

    /// Replaces the text of the viewer's own note; the former text stays as `earlierVersion`. Errors:
    /// UNAUTHENTICATED, PERMISSION_DENIED, NOTE_NOT_FOUND, INVALID_DATA, CONFLICT if there is a
    /// newer version, IDEMPOTENCY_CONFLICT.
    async fn edit_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The note, and its new text.")] input: EditNoteInput,
    ) -> Option<EditNotePayload> {
        let command = Attempt::read(|faults| EditNote {
            id: NoteId(attempt::id("id", &input.id, faults)),
            content: input.content,
        });
        let note = change(ctx, input.idempotency_key.as_deref(), command).await;
        answer(ctx, note).map(|note| EditNotePayload {
            note: note.and_then(Note::of),
        })
    }
}
