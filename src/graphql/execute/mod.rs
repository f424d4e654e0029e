//! From a prepared document to its answer: the fast writing of plain objects, the answer's size, and
//! its way from the library's shape to the one that a client is promised.

pub(super) mod answer_size;
pub(super) mod normalize_response;
pub(super) mod plan;
pub(super) mod raw_json;
pub(super) mod sync_object;
pub(super) mod truncate_errors;

mod complete;

pub(super) use complete::complete;
