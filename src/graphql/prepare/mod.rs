//! From a request's text and variables to the document that is executed.
//!
//! The library takes a variable that is not given for null, lets null through where a type forbids
//! it, and reads `1.0` as no Int. It is handed documents without variables: their values, coerced
//! here as the specification says, stand where the variables stood.

mod collect;
mod cursor;
#[cfg(test)]
mod differential;
mod executable;
mod json;
mod lexer;
mod number;
mod parser;
mod scalars;
mod schema_index;
mod strings;
mod validate;
mod variables;

pub(super) use collect::{Collector, Groups};
pub(super) use executable::{TYPE_MARKER, executable, is_plain};
pub use json::read_object;
pub(super) use lexer::{Unreadable, normalised};
pub(super) use parser::parse;
pub(super) use schema_index::SchemaIndex;
pub(super) use validate::validate;
pub(super) use variables::{Variables, coerce_variables};
