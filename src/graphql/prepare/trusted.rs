//! The allowlist of documents that the operator trusts: if it is used, clients can only send the
//! operations of the company's own programs.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use async_graphql::{Pos, ServerError};

use crate::graphql::prepare::limits::Limits;
use crate::graphql::prepare::prepared::PreparedDocument;
use crate::graphql::prepare::query_meter::MeterError;
use crate::graphql::prepare::unusable::{Hash, Unusable};
use crate::graphql::prepare::{SchemaIndex, Unreadable, normalised, parse};
use crate::service::sha256;

/// Trusted documents by every name that they are known under.
#[derive(Debug, Default)]
pub(in crate::graphql) struct Trusted(HashMap<Hash, Arc<PreparedDocument>>);

/// An error of a document on the list, which could never be answered.
#[derive(Debug)]
pub struct InvalidTrustedDocument {
    file: String,
    position: Option<Pos>,
    reason: String,
}

impl InvalidTrustedDocument {
    /// The error that the schema, or the parser, gives for a file's document.
    pub(in crate::graphql) fn new(file: &str, error: ServerError) -> Self {
        Self {
            file: file.to_owned(),
            position: error.locations.first().copied(),
            reason: error.message,
        }
    }
}

impl Display for InvalidTrustedDocument {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (file, reason) = (&self.file, &self.reason);
        match self.position {
            Some(Pos { line, column }) => write!(out, "{file}:{line}:{column}: {reason}"),
            None => write!(out, "{file}: {reason}"),
        }
    }
}

impl Trusted {
    /// Trusts a file's document. Errors: it cannot be parsed, or goes beyond a limit.
    pub(in crate::graphql) fn add(
        &mut self,
        file: &str,
        text: &str,
        limits: &Limits,
        index: &SchemaIndex,
    ) -> Result<Arc<PreparedDocument>, InvalidTrustedDocument> {
        let faulty =
            |message: String| InvalidTrustedDocument::new(file, ServerError::new(message, None));
        let document = parse(text, limits).map_err(|fault| match fault {
            Unreadable::LimitExceeded(excess) => faulty(excess.to_string()),
            Unreadable::Syntax(error) => InvalidTrustedDocument::new(file, error),
        })?;
        let known =
            PreparedDocument::of(document, text.len(), limits, index).map_err(
                |fault| match fault {
                    MeterError::LimitExceeded(excess) => faulty(excess.to_string()),
                    MeterError::Cycle(name) => {
                        faulty(format!("the fragment {name} spreads itself"))
                    }
                },
            )?;
        let known = Arc::new(known);
        for text in [text, text.trim(), &normalised(text)] {
            self.0.insert(sha256(text), Arc::clone(&known));
        }
        Ok(known)
    }

    /// The document of this text, however it is broken into lines; or of this name, if the text is
    /// empty. Errors: it is not trusted, or has another name.
    pub(in crate::graphql) fn find(
        &self,
        text: &str,
        name: Option<Hash>,
    ) -> Result<Arc<PreparedDocument>, Unusable> {
        let known = match name {
            Some(name) if text.is_empty() => self.0.get(&name),
            Some(name) if name != sha256(text) => {
                return Err(Unusable::Misnamed("sha256Hash is not the query's SHA-256"));
            }
            _ => {
                let exactly = self.0.get(&sha256(text));
                exactly.or_else(|| self.0.get(&sha256(normalised(text))))
            }
        };
        known.cloned().ok_or(Unusable::NotTrusted)
    }
}
