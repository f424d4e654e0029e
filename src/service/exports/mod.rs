//! Exports: a selection of leads that can be downloaded for an hour, read from one snapshot in constant
//! memory.

mod cell;
mod column;
mod create;
mod csv;
mod ndjson;
mod open;
mod read;
mod selection;

pub use column::ExportColumn;
pub use create::{CreateExport, NewExport, forget_expired};
pub use open::{Export, open};
pub use read::{Chunks, read};
pub use selection::{ExportFormat, ExportSelection};
