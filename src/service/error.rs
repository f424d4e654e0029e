use std::collections::BTreeMap;

use diesel::result::Error as DieselError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::DbError;
use crate::service::{ApiKeyId, ErrorCode, Json, LeadId, NoteId, UserId};

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
    /// Nothing has this id.
    NotFound(Uuid),
    /// The input breaks a rule; all its faults together.
    InvalidData(Vec<FieldError>),
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
    /// The answer would have more bytes than this.
    AnswerTooLarge(usize),
    /// The rows of a bulk change would exceed the cost limit of the request.
    TooManyRows {
        /// The number of selected leads.
        selected: usize,
        /// The most leads that it may select, with the selected fields of each row.
        most: usize,
    },
    /// A list for which all leads would have to be looked at, and there are too many.
    SearchTooWide,
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
pub struct FieldError {
    /// The field's path in the input, `leads.3.email`; in the answer to the client with the argument,
    /// `input.leads.3.email`.
    pub field: String,
    /// A sentence that says what is wrong with it.
    pub message: String,
}

/// The conflict that a change met.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// A sentence that says what the conflict is about.
    pub message: String,
    /// The version the object has now, where it has one.
    pub current_version: Option<i32>,
    /// The present values of the fields that were to change, by their API names.
    pub current: BTreeMap<String, Json>,
}

impl FieldError {
    /// See [`ServiceError::within`].
    pub(crate) fn within(self, field: &str) -> Self {
        if self.field.starts_with("input.") {
            return self;
        }
        Self {
            field: format!("{field}.{}", self.field),
            ..self
        }
    }
}

impl ServiceError {
    /// A single fault.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::InvalidData(vec![FieldError {
            field: field.into(),
            message: message.into(),
        }])
    }

    /// The same with faults of fields that stand in another one, `input` or `leads.3`. FieldErrors that
    /// name their whole path stay as they are.
    pub(crate) fn within(self, field: &str) -> Self {
        match self {
            Self::InvalidData(faults) => {
                Self::InvalidData(faults.into_iter().map(|f| f.within(field)).collect())
            }
            other => other,
        }
    }

    /// The name of the code.
    pub fn code(&self) -> &'static str {
        self.error_code().as_str()
    }

    /// The code that programs tell errors apart by.
    pub fn error_code(&self) -> ErrorCode {
        match self {
            Self::Unauthenticated(_) => ErrorCode::Unauthenticated,
            Self::PermissionDenied(_) => ErrorCode::PermissionDenied,
            Self::LeadNotFound(_) => ErrorCode::LeadNotFound,
            Self::UserNotFound(_) => ErrorCode::UserNotFound,
            Self::NoteNotFound(_) => ErrorCode::NoteNotFound,
            Self::ApiKeyNotFound(_) => ErrorCode::ApiKeyNotFound,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::InvalidData(_) => ErrorCode::InvalidData,
            Self::Conflict(_) => ErrorCode::Conflict,
            Self::IdempotencyConflict => ErrorCode::IdempotencyConflict,
            Self::NotApplied => ErrorCode::NotApplied,
            Self::RateLimited => ErrorCode::RateLimited,
            Self::AnswerTooLarge(_) => ErrorCode::AnswerTooLarge,
            Self::TooManyRows { .. } => ErrorCode::CostLimitExceeded,
            Self::SearchTooWide => ErrorCode::SearchTooWide,
            Self::TimedOut(_) => ErrorCode::Timeout,
            Self::Unavailable(_) | Self::ProviderUnavailable(_) => ErrorCode::Unavailable,
            Self::Database(_) => ErrorCode::DatabaseError,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// The message for a person. Never a word of the database's.
    pub fn message(&self) -> String {
        match self {
            Self::Unauthenticated(why) => (*why).to_owned(),
            Self::PermissionDenied(what) => what.clone(),
            Self::LeadNotFound(id) => format!("there is no lead {id}"),
            Self::UserNotFound(id) => format!("there is no user {id}"),
            Self::NoteNotFound(id) => format!("there is no note {id}"),
            Self::ApiKeyNotFound(id) => format!("there is no API key {id}"),
            Self::NotFound(id) => format!("there is nothing with the id {id}"),
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
            Self::SearchTooWide => {
                "too much is left to look at: search for a longer word, or filter \
                                    by status, assignee, createdAt or leadScore, or by a tag or a \
                                    custom field that few leads have"
                    .to_owned()
            }
            Self::Unavailable(_) => "the database cannot be reached, try again shortly".to_owned(),
            Self::AnswerTooLarge(most) => {
                format!(
                    "left out, because the answer would be larger than {most} bytes: ask for less at once"
                )
            }
            Self::TooManyRows { selected, most } => format!(
                "selects {selected} leads, and with this selection of `results` the cost allows {most}: \
                 select counts alone, less of each row, or fewer leads"
            ),
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
        match DbError::from_diesel(error) {
            Ok(error) => error.into(),
            Err(error) => Self::Database(error),
        }
    }
}

impl From<DbError> for ServiceError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Late => Self::TimedOut("the request"),
            DbError::StatementTimeout => Self::TimedOut("a statement"),
            DbError::LockTimeout => Self::TimedOut("waiting for a row that another change holds"),
            error => Self::Unavailable(error),
        }
    }
}
