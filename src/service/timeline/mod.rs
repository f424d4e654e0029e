//! The log of every lead: what people write and what changed, in one append-only table.

mod add_note;
mod changes;
mod note;
mod read;
mod write;

pub use add_note::{AddNote, EditNote};
pub use changes::replay;
pub use note::{Change, Note, NoteType};
pub use read::{feed, notes_of, read};

pub(crate) use changes::changes;
pub(crate) use write::{delete_all, record, sentence, write};

/// The longest text of a note, in characters.
pub const LONGEST_CONTENT: usize = 10_000;
