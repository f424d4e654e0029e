use async_graphql::Enum;

use crate::service;

/// What a program tells errors apart by: `extensions.code` of an error, and `RowError.code`. New codes
/// may come: take one that you do not know as INTERNAL.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "service::ErrorCode")]
pub enum ErrorCode {
    /// Nobody is signed in, or the credentials are wrong: sign in.
    Unauthenticated,
    /// The role does not reach that far.
    PermissionDenied,
    /// There is no such lead.
    LeadNotFound,
    /// There is no such user.
    UserNotFound,
    /// There is no such note.
    NoteNotFound,
    /// There is no such API key.
    ApiKeyNotFound,
    /// Nothing has the id that `nodes` was asked for, or no session of one's own the one to end.
    NotFound,
    /// The input breaks a rule; `fields` has each fault, by its path from the argument on:
    /// `input.leads.3.email`.
    InvalidData,
    /// Another version than expected, or a state in which the change cannot be made: read again,
    /// decide, repeat.
    Conflict,
    /// The idempotency key was used before, with another request.
    IdempotencyConflict,
    /// The row was good, but another one failed, and the mode is ALL_OR_NOTHING.
    NotApplied,
    /// Too many attempts to sign in have failed: wait a minute.
    RateLimited,
    /// The database, or the identity provider, cannot be reached: repeat shortly, a change with its
    /// `idempotencyKey`.
    Unavailable,
    /// The search, filter and order of a list leave so much to look at, of more than five million leads,
    /// that it is refused: the message says what narrows it.
    SearchTooWide,
    /// It took longer than allowed; a change was undone.
    Timeout,
    /// The database refused the operation.
    DatabaseError,
    /// A defect of the server.
    Internal,
    /// The document, or its variables, do not fit the schema.
    GraphqlValidationFailed,
    /// Not a GraphQL request in JSON.
    BadRequest,
    /// The body is larger than allowed: `most` and `found` say by how much.
    BodyTooLarge,
    /// The document is not one of those that the operator trusts.
    DocumentNotTrusted,
    /// The document was named by its hash alone, and is not known: send its text once.
    PersistedQueryNotFound,
    /// The document is larger, deeper or wider than allowed: `limit`, `most` and `found` say how.
    DocumentTooLarge,
    /// The answer would be larger than allowed, and this field was left out: ask for less at once. A
    /// change was made all the same; its counts and ids are there.
    AnswerTooLarge,
    /// The answer could be larger than allowed: see `cost`.
    CostLimitExceeded,
}
