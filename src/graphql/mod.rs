//! The API as the client sees it: types, names, descriptions, cursors, error codes.
//!
//! A resolver parses its arguments, calls one function of [`crate::service`], and wraps the answer.
//! Root fields are nullable, so that one that fails costs only itself: its error stands in
//! `errors`, the others keep their data.

mod account_link;
mod answer;
mod api;
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
mod objects;
mod prepare;
mod schema;
mod session;
mod statistics;
mod timeline;
mod user;

pub use answer::{Answer, AnswerTurn, Outcome};
pub use api::{Api, Caller, Freshness, Request};
pub use context::{Credentials, RequestId, Settings};
pub use prepare::{InvalidTrustedDocument, Limits, Measure, Operation, Parameters};
pub use schema::sdl;
