//! The lead-management back end.

pub mod http;
