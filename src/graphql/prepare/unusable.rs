use async_graphql::ServerError;

use crate::graphql::prepare::cost::Cost;
use crate::graphql::prepare::limits::LimitExceeded;
use crate::graphql::prepare::query_meter::MeterError;

/// The SHA-256 of a document's text.
pub(in crate::graphql) type Hash = [u8; 32];

/// The reason that a document is not answered.
#[derive(Debug, PartialEq)]
pub enum Unusable {
    /// It is not a GraphQL request.
    Malformed(String),
    /// It is a change where only queries are answered.
    NotAQuery,
    /// It cannot be parsed.
    Unreadable(ServerError),
    /// It, or what comes with it, is larger than allowed.
    TooLarge(LimitExceeded),
    /// It would cost more than allowed.
    TooExpensive(Cost),
    /// A fragment of this name spreads itself.
    Cycle(String),
    /// It is not one of those that are trusted.
    NotTrusted,
    /// It was named by its hash only, and nobody has sent it lately.
    NotFound,
    /// It has another hash than the client says, or is named in another way than by SHA-256.
    Misnamed(&'static str),
}

impl From<MeterError> for Unusable {
    fn from(fault: MeterError) -> Self {
        match fault {
            MeterError::LimitExceeded(excess) => Self::TooLarge(excess),
            MeterError::Cycle(name) => Self::Cycle(name.to_string()),
        }
    }
}
