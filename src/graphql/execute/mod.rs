//! From a prepared document to its answer: the fast writing of plain objects, the answer's size, and
//! its way from the library's shape to the one that a client is promised.

pub(super) mod answer_size;
pub(super) mod coercion;
pub(super) mod plan;
pub(super) mod raw_json;
pub(super) mod shorten;
pub(super) mod sync_object;

mod fields;

pub use answer_size::{AnswerSize, SMALL_ANSWER};
pub(super) use fields::complete;
pub use raw_json::to_json;
