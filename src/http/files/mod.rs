//! Files that are no GraphQL: exports.

mod exports;

pub(super) use exports::{MAX_AT_ONCE, download};
