//! The timeline of leads, as the client sees it: notes and changes.

mod change;
mod entry;
mod mutation;
mod note;
mod position;
mod query;

pub use entry::{TimelineEntry, TimelineEntryConnection, TimelineEntryType};
pub use mutation::NoteMutation;
pub use note::{NoteConnection, NoteType};
pub use position::Position;
pub use query::TimelineQuery;

pub(super) use query::{entries_of, notes_of};
