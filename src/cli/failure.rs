use std::fmt::{Display, Formatter};

use crate::service::ServiceError;

/// The reason why a command failed: one sentence for its user.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// Says it in the words of what went wrong.
    pub fn new(reason: impl Display) -> Self {
        Self(reason.to_string())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A service's error in a sentence for the operator, who may read what a client may not.
pub(super) fn said(error: ServiceError) -> Failure {
    match error {
        ServiceError::Database(cause) => Failure::new(format!("the database said: {cause}")),
        ServiceError::Unavailable(cause) => Failure::new(cause),
        ServiceError::Internal(cause) => Failure::new(cause),
        error => Failure::new(error.message()),
    }
}
