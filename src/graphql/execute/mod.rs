//! From the library's answer to the one that a client is promised.

mod fields;

pub(super) use fields::complete;
