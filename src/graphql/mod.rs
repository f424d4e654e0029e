//! What the client sees: types, names, descriptions, cursors, error codes.
//!
//! A resolver parses its arguments, calls one function of [`crate::service`], and wraps the answer.
//! Root fields are nullable, so that one that fails costs only itself: its error stands in
//! `errors`, the others keep their data.

mod api_key;
mod bulk;
mod connection;
mod context;
mod direct;
mod documents;
mod error;
mod guard;
mod lead;
mod loaders;
mod node;
mod note;
mod schema;
mod session;
mod statistics;
mod user;

pub use context::{ClientAddress, Credentials, RequestId, Settings};
pub use documents::Unusable;
pub use error::{code_of, transport_error};
pub use schema::{Schema, build, sdl};
