//! The log of every lead: what people write and what changed, in one append-only table.

mod add_note;
mod changes;
mod entry;
mod read;
mod write;

pub use add_note::{AddNote, EditNote};
pub use changes::{FieldChange, replay};
pub use entry::{Entry, EntryType, NoteType};
pub use read::{entries_of, feed, find_many, read, read_many};

pub(crate) use changes::{changes, fields};
pub(crate) use read::notes_of;
pub(crate) use write::{delete_all, record, write};

/// The longest text of a note, in characters.
pub const LONGEST_CONTENT: usize = 10_000;
