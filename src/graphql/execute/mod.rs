//! From the library's answer to the one that a client is promised.

mod fields;

pub(super) use fields::in_document_order;
