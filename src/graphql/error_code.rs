use async_graphql::Enum;

use crate::service;

/// An error code: `extensions.code` of an error, and `RowError.code`. Codes may be added: treat an
/// unknown one as INTERNAL.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "service::ErrorCode")]
pub enum ErrorCode {
    /// Nobody is signed in, or the credentials are wrong: sign in.
    Unauthenticated,
    /// The role does not permit it.
    PermissionDenied,
    /// There is no such lead.
    LeadNotFound,
    /// There is no such user.
    UserNotFound,
    /// There is no such note.
    NoteNotFound,
    /// There is no such API key.
    ApiKeyNotFound,
    /// `nodes` found no object with the id, or `endSession` none of the user's own sessions.
    NotFound,
    /// The input breaks a rule; `fields` has each fault, by its path from the argument on:
    /// `input.leads.3.email`.
    InvalidData,
    /// The version is not the expected one, or the state does not allow the change: read again, decide,
    /// repeat.
    Conflict,
    /// The idempotency key was used before with another request.
    IdempotencyConflict,
    /// The row was valid, but another one failed, and the mode is ALL_OR_NOTHING.
    NotApplied,
    /// Too many attempts to sign in have failed: wait a minute.
    RateLimited,
    /// The database, or the identity provider, cannot be reached: repeat shortly, a change with its
    /// `idempotencyKey`.
    Unavailable,
    /// The search, filter and order would have to look at too many of more than five million leads: the
    /// message says how to narrow it.
    SearchTooWide,
    /// It took longer than allowed; a change was rolled back.
    Timeout,
    /// The database refused the operation.
    DatabaseError,
    /// A defect of the server.
    Internal,
    /// The document or its variables do not fit the schema.
    GraphqlValidationFailed,
    /// Not a GraphQL request in JSON.
    BadRequest,
    /// Pages of this origin may not use the API: the answer to a browser's preflight request.
    OriginNotAllowed,
    /// The body is larger than allowed: `most` and `found` say by how much.
    BodyTooLarge,
    /// The document is not one of those that the operator trusts.
    DocumentNotTrusted,
    /// The document was sent as a hash only, and the hash is not known: send the text once.
    PersistedQueryNotFound,
    /// The document is larger, deeper or wider than allowed: `limit`, `most` and `found` say how.
    DocumentTooLarge,
    /// The answer would be larger than allowed, and this field was left out: ask for less at once. A
    /// change was made all the same; its counts and ids are there.
    AnswerTooLarge,
    /// The answer could be larger than allowed: see `cost`.
    CostLimitExceeded,
}
