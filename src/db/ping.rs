//! Signs of life of the server, for probes.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::error::DbError;
use super::party::Party;
use super::pool::Db;
use super::premise::Premise;

/// When the server was last asked for a sign of life, and whether it gave one.
pub(super) type LastPing = Mutex<Option<(Instant, bool)>>;

/// The time for which a sign of life is good, and for which one is waited.
const PING: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

impl Db {
    /// Asks the server something, to see that it is there. However many ask at a time, the server is
    /// asked once. Errors: `Unavailable`.
    pub async fn ping(&self) -> Result<(), DbError> {
        let (fresh, patience) = PING;
        let mut last = self.last_ping.lock().await;
        let is_there = match *last {
            Some((at, is_there)) if at.elapsed() < fresh => is_there,
            _ => {
                let is_there = self.is_there(patience).await;
                *last = Some((Instant::now(), is_there));
                is_there
            }
        };
        let unavailable = || DbError::Unavailable("PostgreSQL does not answer".into());
        is_there.then_some(()).ok_or_else(unavailable)
    }

    async fn is_there(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        // As a request, so that a connection on which there is no answer is closed.
        let (db, waiting) = self.for_request(Party::Program, Some(deadline), Premise::default());
        let asked = async {
            let mut connection = db.pooled().await.ok()?;
            connection.batch_execute("SELECT 1").await.ok()
        };
        let asked = timeout_at(deadline, asked);
        let _waiting = waiting;
        matches!(asked.await, Ok(Some(())))
    }
}
