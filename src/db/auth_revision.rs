//! Cached authentication is valid for one revision of users, sessions and API keys. A request that
//! relies on it checks the revision with its first statement, before any row is used.

use std::sync::{Arc, OnceLock};

use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::current_revision::CurrentRevision;
use super::error::DbError;
use super::instrumentation;

/// The revision at which a request's cached authentication was read; by default there is none, and
/// nothing to check. Clones share the outcome of the check.
#[derive(Debug, Clone, Default)]
pub struct AuthRevision(Option<Arc<Expected>>);

#[derive(Debug)]
struct Expected {
    revision: i64,
    verdict: OnceLock<Verdict>,
}

#[derive(Debug, Clone)]
enum Verdict {
    Current,
    Outdated,
    /// The database could not be asked.
    Unknown(String),
}

impl AuthRevision {
    /// Authentication that was read at this revision.
    pub fn of(revision: i64) -> Self {
        Self(Some(Arc::new(Expected {
            revision,
            verdict: OnceLock::new(),
        })))
    }

    /// The statement that checks the revision, unless a statement has already done so.
    pub(super) fn check(
        &self,
        mut pg: &AsyncPgConnection,
    ) -> Option<impl Future<Output = QueryResult<()>>> {
        let expected = self.0.as_ref()?;
        if expected.verdict.get().is_some() {
            return None;
        }
        Some(async move {
            let reading =
                instrumentation::unseen(|| diesel::select(CurrentRevision).get_result(&mut pg));
            let revision: Option<i64> = reading.await?;
            let verdict = match revision {
                Some(revision) if revision == expected.revision => Verdict::Current,
                _ => Verdict::Outdated,
            };
            expected.verdict.get_or_init(|| verdict);
            self.verdict().map_err(DbError::into_diesel)
        })
    }

    /// True if the revision has not been checked yet.
    pub(super) fn is_open(&self) -> bool {
        let expected = self.0.as_ref();
        expected.is_some_and(|expected| expected.verdict.get().is_none())
    }

    /// Gives up checking, since there is no connection.
    pub(super) fn give_up(&self, error: &DbError) {
        if let Some(expected) = &self.0 {
            let verdict = || Verdict::Unknown(error.to_string());
            expected.verdict.get_or_init(verdict);
        }
    }

    /// Errors: `Outdated` if there is another revision by now, `Unavailable` if the database could not
    /// be asked.
    pub(super) fn verdict(&self) -> Result<(), DbError> {
        let expected = self.0.as_ref();
        match expected.and_then(|expected| expected.verdict.get()) {
            None | Some(Verdict::Current) => Ok(()),
            Some(Verdict::Outdated) => Err(DbError::Outdated),
            Some(Verdict::Unknown(reason)) => Err(DbError::Unavailable(reason.clone())),
        }
    }
}
