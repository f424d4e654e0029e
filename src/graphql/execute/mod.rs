//! From a prepared document to its answer: the fast writing of plain objects, the answer's size, and
//! its way from the library's shape to the one that a client is promised.

pub(super) mod answer_size;
pub(super) mod normalize_response;
pub(super) mod raw_json;
pub(super) mod sync_object;
