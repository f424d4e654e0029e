//! The API as the client sees it: types, names, descriptions, cursors, error codes.
//!
//! A resolver parses its arguments, calls one function of [`crate::service`], and wraps the answer.
//! Root fields are nullable, so that one that fails costs only itself: its error stands in
//! `errors`, the others keep their data.

mod api_key;
mod attempt;
mod bulk;
mod connection;
mod context;
mod error;
mod error_code;
mod execute;
mod json;
mod lead;
mod loaders;
mod node;
mod prepare;
mod schema;
mod session;
mod statistics;
mod timeline;
mod user;

pub use context::{ClientAddress, Credentials, RequestId, Settings};
pub use error::{code_of, transport_error};
pub use execute::{AnswerSize, SMALL_ANSWER, to_json};
pub use prepare::{
    Cost, Faulty, Introspection, LimitExceeded, Limits, Measure, Operation, Unusable, read_object,
};
pub use schema::{Answered, Schema, build, sdl};
