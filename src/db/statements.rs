use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::InstrumentationEvent;
use diesel_async::AsyncConnection;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Connection;
use super::deadline::Canceller;

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
    pub(super) fn new(mut connection: Connection, tls: MakeRustlsConnect) -> Self {
        let prepared = Arc::new(AtomicUsize::new(0));
        let counter = prepared.clone();
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::CacheQuery { .. } = event {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
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
