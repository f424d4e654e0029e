use crate::db::DbError;
use crate::service::ServiceError;

/// The reason that no new leads were made, or not all of them: one sentence for the user of the command.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The database could not be had, or did not take the rows.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The service refused.
    #[error("{0}")]
    Refused(String),
    /// A defect of the program.
    #[error("something went wrong: {0}")]
    Internal(String),
}

impl From<ServiceError> for DemoError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Unavailable(error) => Self::Database(error),
            // Whoever runs the command owns the database and may read its words.
            ServiceError::Database(error) => {
                Self::Refused(format!("the database refused the operation: {error}"))
            }
            ServiceError::Internal(what) => Self::Internal(what),
            other => Self::Refused(other.message()),
        }
    }
}
