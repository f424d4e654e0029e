use std::fmt;

use crate::db::DbError;
use crate::service::ServiceError;

/// Why there are no new leads, or not all of them. One sentence, for whoever ran the command.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The database could not be had, or did not take the rows.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The service refused.
    #[error("{0}")]
    Refused(String),
    /// A file of the pipeline can't be read at all.
    #[error("{file} can't be read: {reason}")]
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        reason: String,
    },
    /// Rows of the pipeline's files make no sense; nothing more was imported.
    #[error("{}", sentence(.0))]
    Rows(Vec<RowFault>),
    /// A defect of the program.
    #[error("something went wrong: {0}")]
    Internal(String),
}

/// A row that can't be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The file's name.
    pub file: &'static str,
    /// The line, from 1; the first one is the heading.
    pub line: u64,
    /// A sentence that says what is wrong.
    pub message: String,
}

/// More are not listed: whoever has so many corrects the cause, not the rows.
const MOST_LISTED: usize = 20;

fn sentence(faults: &[RowFault]) -> String {
    let listed = faults.iter().take(MOST_LISTED).map(RowFault::to_string);
    let mut text = listed.collect::<Vec<_>>().join("; ");
    if faults.len() > MOST_LISTED {
        text = format!("{text}; and {} more", faults.len() - MOST_LISTED);
    }
    text
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}: {}", self.file, self.line, self.message)
    }
}

impl From<ServiceError> for SeedError {
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
