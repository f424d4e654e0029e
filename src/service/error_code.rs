use serde::{Deserialize, Serialize};

/// Declares the codes, each with the name that clients know.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal,)*) => {
        /// The code that programs tell errors apart by: every code that the API answers with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $name)] $code,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// The name that clients know.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }
        }
    };
}

codes! {
    /// Nobody is signed in, or the credentials are wrong.
    Unauthenticated = "UNAUTHENTICATED",
    /// The role does not reach that far.
    PermissionDenied = "PERMISSION_DENIED",
    /// There is no such lead.
    LeadNotFound = "LEAD_NOT_FOUND",
    /// There is no such user.
    UserNotFound = "USER_NOT_FOUND",
    /// There is no such note.
    NoteNotFound = "NOTE_NOT_FOUND",
    /// There is no such API key.
    ApiKeyNotFound = "API_KEY_NOT_FOUND",
    /// Nothing has this id.
    NotFound = "NOT_FOUND",
    /// The input breaks a rule.
    InvalidData = "INVALID_DATA",
    /// The object is not in the state that the change needs.
    Conflict = "CONFLICT",
    /// The idempotency key was used before, with another request.
    IdempotencyConflict = "IDEMPOTENCY_CONFLICT",
    /// Another row failed.
    NotApplied = "NOT_APPLIED",
    /// Too many tries to sign in.
    RateLimited = "RATE_LIMITED",
    /// The database, or the identity provider, cannot be had at the moment.
    Unavailable = "UNAVAILABLE",
    /// All leads would have to be looked at, and there are too many.
    SearchTooWide = "SEARCH_TOO_WIDE",
    /// It took longer than allowed.
    Timeout = "TIMEOUT",
    /// A statement failed.
    DatabaseError = "DATABASE_ERROR",
    /// A defect of the program.
    Internal = "INTERNAL",
    /// The document, or its variables, do not fit the schema.
    GraphqlValidationFailed = "GRAPHQL_VALIDATION_FAILED",
    /// Not a GraphQL request.
    BadRequest = "BAD_REQUEST",
    /// Pages of this origin may not use the API.
    OriginNotAllowed = "ORIGIN_NOT_ALLOWED",
    /// The body is larger than allowed.
    BodyTooLarge = "BODY_TOO_LARGE",
    /// The document is not one of the operator's.
    DocumentNotTrusted = "DOCUMENT_NOT_TRUSTED",
    /// No document is known by this hash.
    PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND",
    /// The document is larger, deeper or wider than allowed.
    DocumentTooLarge = "DOCUMENT_TOO_LARGE",
    /// The answer is larger than allowed.
    AnswerTooLarge = "ANSWER_TOO_LARGE",
    /// The answer could be larger than allowed.
    CostLimitExceeded = "COST_LIMIT_EXCEEDED",
}
