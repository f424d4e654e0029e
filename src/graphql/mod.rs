//! The API as the client sees it: types, names, descriptions, cursors, error codes.
//!
//! A resolver parses its arguments, calls one function of [`crate::service`], and wraps the answer.
//! Root fields are nullable, so that one that fails costs only itself: its error stands in
//! `errors`, the others keep their data.

mod answer_size;
mod api_key;
mod attempt;
mod bulk;
mod coercion;
mod connection;
mod context;
mod cost;
mod direct;
mod documents;
mod error;
mod error_code;
mod execute;
mod guard;
mod introspection;
mod json;
mod lead;
mod limits;
mod loaders;
mod merges;
mod node;
mod operation;
mod plan;
mod prepare;
mod row_costs;
mod schema;
mod session;
mod shorten;
mod statistics;
mod timeline;
mod trusted;
mod user;
mod values;
mod written;

pub use answer_size::{AnswerSize, SMALL_ANSWER};
pub use context::{ClientAddress, Credentials, RequestId, Settings};
pub use cost::Cost;
pub use documents::Unusable;
pub use error::{code_of, transport_error};
pub use introspection::Introspection;
pub use limits::{Excess, Limits, Measure};
pub use operation::Operation;
pub use prepare::read_object;
pub use schema::{Answered, Schema, build, sdl};
pub use trusted::Faulty;
pub use written::to_json;
