//! The rules for inputs. Every rule is a pure function from what the client wrote to what
//! is stored, or to the sentence that says what is wrong; [`FieldErrors`] gathers the sentences.

mod tags;
mod text;
mod value;

pub(crate) use tags::{ARCHIVED_TAG, tags};
pub(crate) use text::{optional_text, required_text, searchable};
pub(crate) use value::{custom_fields, past_date, probability, score, stored_date};

use serde::Serialize;

use crate::service::{FieldError, Result, ServiceError};

/// The faults of one input, gathered so that they are reported together.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Takes a rule's verdict on a field: its value, or nothing and one fault more.
    pub(crate) fn take<T>(&mut self, field: &str, verdict: Result<T, String>) -> Option<T> {
        verdict.map_err(|message| self.add(field, message)).ok()
    }

    /// Takes the faults of an outcome that has some: its value, or nothing. Errors: those that are no
    /// faults of the input.
    pub(crate) fn absorb<T>(&mut self, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(ServiceError::InvalidData(faults)) => {
                self.0.extend(faults);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// True if there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One fault more.
    pub(crate) fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError {
            field: field.to_owned(),
            message: message.into(),
        });
    }

    /// Errors: `InvalidData` with all faults, if there are any.
    pub(crate) fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ServiceError::InvalidData(self.0))
        }
    }
}

impl From<FieldErrors> for ServiceError {
    fn from(FieldErrors(faults): FieldErrors) -> Self {
        Self::InvalidData(faults)
    }
}
