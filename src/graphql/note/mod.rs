//! Timeline entries, as the client sees them.

mod mutation;
mod object;
mod query;

pub use mutation::NoteMutation;
pub use object::{Note, NoteConnection, NoteType};
pub use query::NoteQuery;

pub(super) use query::{note_connection, notes_page};
