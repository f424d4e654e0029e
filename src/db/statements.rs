use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel_async::AsyncConnection;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Connection;
use super::deadline::Canceller;
use super::watch::Watch;

/// A connection keeps each statement that it prepared, on both sides and for good, and every new
/// combination of filter, order, columns and page size is a statement. With more than these it is
/// closed instead of handed out again: some 20 to 50 kB each, so about 20 MB at the worst.
const MOST: usize = 500;

/// A connection that knows how many statements it has prepared.
pub(super) struct Counted {
    connection: Connection,
    prepared: Arc<AtomicUsize>,
    tls: MakeRustlsConnect,
}

impl Counted {
    /// Logs statements that take at least `slow`.
    pub(super) fn new(
        mut connection: Connection,
        tls: MakeRustlsConnect,
        slow: Option<Duration>,
    ) -> Self {
        let prepared = Arc::new(AtomicUsize::new(0));
        connection.set_instrumentation(Watch::new(prepared.clone(), slow));
        Self {
            connection,
            prepared,
            tls,
        }
    }

    /// Ends its statements from elsewhere.
    pub(super) fn canceller(&self) -> Canceller {
        Canceller::new(self.connection.cancel_token(), self.tls.clone())
    }

    pub(super) fn is_full(&self) -> bool {
        self.prepared.load(Ordering::Relaxed) > MOST
    }
}

impl Deref for Counted {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Counted {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}
