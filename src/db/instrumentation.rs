//! Instrumentation of the statements on a connection: their number, time and outcome.

use std::cell::Cell;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{DebugQuery, Instrumentation, InstrumentationEvent};
use metrics::{Histogram, counter, histogram};
use tracing::Span;

use super::current_revision::CHECK;
use super::query_stats;
use super::sql::Sql;

thread_local! {
    /// The source location that runs the statement which is about to begin, on the same thread and
    /// within the call that sets this.
    static CALLER: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };

    /// Set while an uncounted statement begins.
    static IS_UNSEEN: Cell<bool> = const { Cell::new(false) };
}

/// Begins a statement and notes its source location.
pub(super) fn called_from<T>(place: &'static Location<'static>, begin: impl FnOnce() -> T) -> T {
    CALLER.set(Some(place));
    let begun = begin();
    CALLER.set(None);
    begun
}

/// Begins a statement without counting it, because it is sent together with another.
pub(super) fn unseen<T>(begin: impl FnOnce() -> T) -> T {
    IS_UNSEEN.set(true);
    let begun = begin();
    IS_UNSEEN.set(false);
    begun
}

/// Counts, times and traces the statements of one connection.
pub(super) struct QueryInstrumentation {
    prepared: Arc<AtomicUsize>,
    slow: Option<Duration>,
    durations: Histogram,
    running: Option<Running>,
    /// True if the check of the revision runs with the statement.
    is_carrying: bool,
}

struct Running {
    began: Instant,
    caller: Option<&'static Location<'static>>,
    /// Ends the statement's span when it is dropped.
    _span: Span,
}

impl QueryInstrumentation {
    /// Counts prepared statements in `prepared` and logs what takes at least `slow`.
    pub(super) fn new(prepared: Arc<AtomicUsize>, slow: Option<Duration>) -> Self {
        Self {
            prepared,
            slow,
            durations: histogram!("crm_statement_duration_seconds"),
            running: None,
            is_carrying: false,
        }
    }

    fn begin(&mut self, query: &dyn DebugQuery) {
        if IS_UNSEEN.get() {
            self.is_carrying = true;
            return;
        }
        let caller = CALLER.take();
        self.running = Some(Running {
            began: Instant::now(),
            caller,
            _span: span(query, caller),
        });
    }

    fn end(&mut self, query: &dyn DebugQuery) {
        if self.is_carrying && Sql::of(query).text().ends_with(CHECK) {
            self.is_carrying = false;
            return;
        }
        // A statement whose future was dropped reports no end; the next one replaces it.
        let Some(running) = self.running.take() else {
            return;
        };
        let time = running.began.elapsed();
        query_stats::add_statement(time);
        self.durations.record(time);
        if self.slow.is_some_and(|slow| time >= slow) {
            let name = format!("{} {}", module(running.caller), Sql::of(query).summary());
            let line = running.caller.map(Location::line);
            let milliseconds = time.as_secs_f64() * 1000.0;
            let request_id = query_stats::present_name();
            tracing::warn!(
                statement = name,
                line,
                milliseconds,
                request_id,
                "slow statement"
            );
        }
    }
}

impl Instrumentation for QueryInstrumentation {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => self.begin(query),
            InstrumentationEvent::FinishQuery { query, .. } => self.end(query),
            InstrumentationEvent::CacheQuery { .. } => {
                self.prepared.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// The statement's span in the current trace; none for housekeeping.
fn span(query: &dyn DebugQuery, caller: Option<&'static Location<'static>>) -> Span {
    if !tracing::span_enabled!(tracing::Level::DEBUG) || Span::current().is_none() {
        return Span::none();
    }
    let sql = Sql::of(query);
    tracing::debug_span!(
        "statement",
        otel.name = sql.summary(),
        otel.kind = "client",
        db.system.name = "postgresql",
        db.query.text = sql.text(),
        code.function.name = module(caller),
    )
}

/// Counts an error between the program and its database, by its kind.
pub(super) fn count(kind: &'static str) {
    counter!("crm_database_errors_total", "kind" => kind).increment(1);
}

/// The module that runs a statement: files are named after what they do.
fn module(caller: Option<&'static Location<'static>>) -> String {
    let Some(caller) = caller else {
        return "transaction".to_owned();
    };
    let file = caller.file();
    let inside = file.rsplit_once("src/").map_or(file, |(_, inside)| inside);
    let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    inside.replace('/', "::")
}
