//! From a prepared document to its answer: the fast serialization of plain objects, the answer's size,
//! and the conversion of the library's response to the specified shape.

pub(super) mod answer_size;
pub(super) mod normalize_response;
pub(super) mod raw_json;
pub(super) mod schema_description;
pub(super) mod sync_object;
