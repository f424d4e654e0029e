//! From a request's text and variables to the document that is executed.
//!
//! The library treats an absent variable as null, accepts null where a type forbids it, and refuses
//! `1.0` as an Int. It therefore gets documents without variables: they are replaced by their values,
//! which are coerced here by the specification.

pub(super) mod document_cache;
pub(super) mod limits;
pub(super) mod trusted;

mod collect;
mod cost;
mod cursor;
#[cfg(test)]
mod differential;
mod executable;
mod json;
mod lexer;
mod merges;
mod number;
mod operation;
mod parser;
mod prepared;
mod query_meter;
mod scalars;
mod schema_index;
mod strings;
mod unusable;
mod validate;
mod variable_limits;
mod variables;
mod weights;

pub(super) use collect::{Collector, Groups};
pub(super) use cost::Cost;
pub use document_cache::Parameters;
pub(super) use executable::{TYPE_MARKER, executable, is_plain};
pub(super) use json::read_object;
pub(super) use lexer::{Unreadable, normalised};
pub(super) use limits::LimitExceeded;
pub use limits::{Limits, Measure};
pub use operation::Operation;
pub(super) use parser::parse;
pub(super) use prepared::{PreparedRequest, RowCosts};
pub(super) use schema_index::SchemaIndex;
pub use trusted::InvalidTrustedDocument;
pub(super) use unusable::Unusable;
pub(super) use validate::validate;
pub(super) use variables::{Variables, coerce_variables};
