use std::collections::BTreeMap;

use diesel::result::Error as DieselError;
use serde::{Deserialize, Serialize};

use crate::db::{DbError, Failed};
use crate::service::{ApiKeyId, Json, LeadId, NoteId, UserId};

/// The result of a service function.
pub type Result<T, E = ServiceError> = std::result::Result<T, E>;

/// Everything that can go wrong, in the words of the field.
///
/// It has no `Display` on purpose: nothing can turn it into a message for a client by accident.
#[derive(Debug)]
pub enum ServiceError {
    /// Nobody is signed in, or the credentials are wrong. Says which.
    Unauthenticated(&'static str),
    /// The actor's role does not reach that far. Says what is not allowed.
    PermissionDenied(String),
    /// There is no such lead.
    LeadNotFound(LeadId),
    /// There is no such user.
    UserNotFound(UserId),
    /// There is no such note.
    NoteNotFound(NoteId),
    /// There is no such API key.
    ApiKeyNotFound(ApiKeyId),
    /// The input breaks a rule; all its faults together.
    InvalidData(Vec<Fault>),
    /// The object is not in the state that the change needs.
    Conflict(Conflict),
    /// An idempotency key was used before, with another request.
    IdempotencyConflict,
    /// A bulk change was given up because another of its rows failed (ALL_OR_NOTHING).
    NotApplied,
    /// Too many tries to sign in within a minute.
    RateLimited,
    /// The database cannot be had at the moment.
    Unavailable(DbError),
    /// It took longer than the operator allows. Says what did.
    TimedOut(&'static str),
    /// The identity provider cannot be asked for its keys at the moment.
    ProviderUnavailable(String),
    /// A statement failed.
    Database(DieselError),
    /// A defect of the program.
    Internal(String),
}

/// One fault of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The field as the client wrote it, with dots into nested inputs: `leads.3.email`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// What a conflicting change met.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// What the conflict is about.
    pub message: String,
    /// The version the object has now, where it has one.
    pub current_version: Option<i32>,
    /// The present values of the fields that were to change, by their API names.
    pub current: BTreeMap<String, Json>,
}

impl ServiceError {
    /// A single fault.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::InvalidData(vec![Fault {
            field: field.into(),
            message: message.into(),
        }])
    }

    /// What a program tells errors apart by.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated(_) => "UNAUTHENTICATED",
            Self::PermissionDenied(_) => "PERMISSION_DENIED",
            Self::LeadNotFound(_) => "LEAD_NOT_FOUND",
            Self::UserNotFound(_) => "USER_NOT_FOUND",
            Self::NoteNotFound(_) => "NOTE_NOT_FOUND",
            Self::ApiKeyNotFound(_) => "API_KEY_NOT_FOUND",
            Self::InvalidData(_) => "INVALID_DATA",
            Self::Conflict(_) => "CONFLICT",
            Self::IdempotencyConflict => "IDEMPOTENCY_CONFLICT",
            Self::NotApplied => "NOT_APPLIED",
            Self::RateLimited => "RATE_LIMITED",
            Self::TimedOut(_) => "TIMEOUT",
            Self::Unavailable(_) | Self::ProviderUnavailable(_) => "UNAVAILABLE",
            Self::Database(_) => "DATABASE_ERROR",
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// What a person is told. Never a word of the database's.
    pub fn message(&self) -> String {
        match self {
            Self::Unauthenticated(why) => (*why).to_owned(),
            Self::PermissionDenied(what) => what.clone(),
            Self::LeadNotFound(id) => format!("there is no lead {id}"),
            Self::UserNotFound(id) => format!("there is no user {id}"),
            Self::NoteNotFound(id) => format!("there is no note {id}"),
            Self::ApiKeyNotFound(id) => format!("there is no API key {id}"),
            Self::InvalidData(faults) => {
                let faults = faults.iter().map(|f| format!("{} {}", f.field, f.message));
                faults.collect::<Vec<_>>().join("; ")
            }
            Self::Conflict(conflict) => conflict.message.clone(),
            Self::IdempotencyConflict => {
                "the idempotency key was used before, with another request".to_owned()
            }
            Self::NotApplied => "not applied, because another row failed".to_owned(),
            Self::RateLimited => "too many attempts to sign in, try again in a minute".to_owned(),
            Self::Unavailable(_) => "the database cannot be reached, try again shortly".to_owned(),
            Self::TimedOut(what) => format!("{what} took longer than this server allows"),
            Self::ProviderUnavailable(_) => {
                "the identity provider cannot be reached, try again shortly".to_owned()
            }
            Self::Database(_) => "the database refused the operation".to_owned(),
            Self::Internal(_) => "something went wrong on the server".to_owned(),
        }
    }

    /// A conflict without a version.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict(Conflict {
            message: message.into(),
            ..Conflict::default()
        })
    }
}

impl From<DieselError> for ServiceError {
    fn from(error: DieselError) -> Self {
        match Failed::of(&error) {
            Some(Failed::Gone) => Self::Unavailable(DbError::Unavailable(error.to_string())),
            Some(Failed::TooLong) => Self::TimedOut("a statement"),
            Some(Failed::Locked) => Self::TimedOut("waiting for a row that another change holds"),
            Some(Failed::Deadlocked) | None => Self::Database(error),
        }
    }
}

impl From<DbError> for ServiceError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Late => Self::TimedOut("the request"),
            error => Self::Unavailable(error),
        }
    }
}
