//! The business logic: rules, permissions, and the queries that carry them out.
//!
//! Reads take a [`crate::db::RequestDb`] or a connection, then the [`Actor`], then the thing. Every
//! change is a [`Command`], run by [`perform`].

pub mod account_links;
pub mod api_keys;
pub mod free_email_domains;
pub mod idempotency;
pub mod leads;
pub mod page;
pub mod permission;
pub mod sessions;
pub mod statistics;
pub mod text;
pub mod timeline;
pub mod users;

mod actor;
mod calendar;
mod clock;
mod command;
mod error;
mod error_code;
mod ids;
mod json;
mod opaque_token;
mod perform;
mod random;
mod sha256;
mod token_lookups;
mod user_role;
pub(crate) mod validation;

pub use actor::Actor;
pub use command::{Answer, Command};
pub use error::{Conflict, FieldError, Result, ServiceError};
pub use error_code::ErrorCode;
pub use ids::{ApiKeyId, LeadId, NoteId, SessionId, UserId};
pub use json::Json;
pub use opaque_token::{OpaqueToken, TokenKind};
pub use perform::{perform, perform_once};
pub use sha256::sha256;
pub use token_lookups::TokenLookups;

pub(crate) use random::random;
