//! Database costs of a request: statements, time and rows, added up over all its tasks.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tracing::Instrument;

tokio::task_local! {
    /// The statistics of the current task's request; none for housekeeping.
    static STATS: Option<Arc<QueryStats>>;
}

/// The statements of one request, added up.
#[derive(Debug)]
pub struct QueryStats {
    name: String,
    statements: AtomicU64,
    nanoseconds: AtomicU64,
    rows: AtomicU64,
}

impl QueryStats {
    /// Empty statistics. The log of slow statements shows the name.
    pub fn new(name: String) -> Arc<Self> {
        Arc::new(Self {
            name,
            statements: AtomicU64::new(0),
            nanoseconds: AtomicU64::new(0),
            rows: AtomicU64::new(0),
        })
    }

    /// Runs the future and counts its statements here.
    pub fn count<F: Future>(self: Arc<Self>, work: F) -> impl Future<Output = F::Output> {
        STATS.scope(Some(self), work)
    }

    /// Number of statements that ran, those that begin and end transactions too.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// The sum of their times. Statements that run at the same time all count.
    pub fn time(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }

    /// Number of rows that they returned or changed.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }
}

/// Carries the current statistics and trace into another task: for futures that are given to
/// [`tokio::spawn`].
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let stats = STATS.try_with(Option::clone).ok().flatten();
    STATS.scope(stats, work.in_current_span())
}

/// Counts a statement that ran.
pub(super) fn add_statement(time: Duration) {
    on_present(|stats| {
        stats.statements.fetch_add(1, Ordering::Relaxed);
        stats.add_time(time);
    });
}

/// Counts received rows, and the time of receiving them.
pub(super) fn add_rows(rows: u64, time: Duration) {
    on_present(|stats| {
        stats.rows.fetch_add(rows, Ordering::Relaxed);
        stats.add_time(time);
    });
}

/// The name of the current request.
pub(super) fn present_name() -> Option<String> {
    let mut name = None;
    on_present(|stats| name = Some(stats.name.clone()));
    name
}

fn on_present(act: impl FnOnce(&QueryStats)) {
    // Outside of a counted task there are no statistics.
    let _ = STATS.try_with(|stats| stats.as_deref().map(act));
}

impl QueryStats {
    fn add_time(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}
