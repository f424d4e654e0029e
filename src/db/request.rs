//! The database for one request: with its deadline, its share of the connections, the check of its
//! revision, and the cancellation of its statements when the client has gone.

use tokio::time::Instant;

use super::auth_revision::AuthRevision;
use super::config::ConnectionConfig;
use super::error::DbError;
use super::party::Party;
use super::pool::Db;
use super::pooled::PooledConnection;
use super::request_context::{CancelOnDrop, RequestContext};

/// The database for one request, or for the program itself. Clones share the request's state.
#[derive(Clone)]
pub struct RequestDb {
    db: Db,
    context: RequestContext,
}

impl Db {
    /// The database for one request of this party, which ends at the deadline and relies on
    /// authentication of this revision.
    pub fn request(
        &self,
        party: Party,
        deadline: Instant,
        revision: AuthRevision,
    ) -> (RequestDb, CancelOnDrop) {
        let (context, cancel) = RequestContext::new(party, deadline, revision);
        let db = self.clone();
        (RequestDb { db, context }, cancel)
    }

    /// The database for the program itself: its housekeeping and commands.
    pub fn program(&self) -> RequestDb {
        RequestDb {
            db: self.clone(),
            context: RequestContext::default(),
        }
    }
}

impl RequestDb {
    /// Takes a connection out of the pool; it goes back when it is dropped.
    ///
    /// Errors: `Unavailable`; after [`PoolOptions::wait`](super::PoolOptions::wait) when all are in
    /// use, at once when the server is down, after `wait` and `connect` together when it no longer
    /// answers. `Late` after the request's deadline. `Outdated`.
    pub async fn connection(&self) -> Result<PooledConnection, DbError> {
        self.context.revision.verdict()?;
        let connection = self.db.take(&self.context).await;
        connection.inspect_err(|error| self.context.revision.give_up(error))
    }

    /// The same for a change, which goes on until the deadline even if the client has gone.
    pub fn for_change(&self) -> Self {
        let mut change = self.clone();
        change.context.is_change = true;
        change
    }

    /// The target of connections outside of the pool.
    pub(super) fn target(&self) -> &ConnectionConfig {
        self.db.target()
    }

    /// The time at which its statements are cancelled, if there is one.
    pub fn deadline(&self) -> Option<Instant> {
        self.context.deadline
    }

    /// Checks the revision of the request's authentication, unless a statement has already done so.
    ///
    /// Errors: `Outdated`, and like [`RequestDb::connection`].
    pub async fn check(&self) -> Result<(), DbError> {
        if self.context.revision.is_open() {
            let mut connection = self.connection().await?;
            let checked = connection.check().await;
            checked.inspect_err(|error| self.context.revision.give_up(error))?;
        }
        self.context.revision.verdict()
    }
}
