//! Instrumentation of the statements on a connection: their number, time and outcome.

use std::cell::Cell;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{DebugQuery, Instrumentation, InstrumentationEvent};
use diesel::result::{DatabaseErrorKind, Error};
use metrics::{Histogram, counter, histogram};
use tracing::Span;

use super::error::Failed;
use super::sql::Sql;
use super::tally;

thread_local! {
    /// From where the statement is run that is about to begin. It begins on the same thread, in the
    /// call that sets this.
    static CALLER: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
}

/// Begins a statement and says from where.
pub(super) fn called_from<T>(place: &'static Location<'static>, begin: impl FnOnce() -> T) -> T {
    CALLER.set(Some(place));
    let begun = begin();
    CALLER.set(None);
    begun
}

/// Watches one connection.
pub(super) struct Watch {
    prepared: Arc<AtomicUsize>,
    slow: Option<Duration>,
    durations: Histogram,
    running: Option<Running>,
}

struct Running {
    began: Instant,
    caller: Option<&'static Location<'static>>,
    /// Ends the statement's span when it is dropped.
    _span: Span,
}

impl Watch {
    /// Counts prepared statements in `prepared` and logs what takes at least `slow`.
    pub(super) fn new(prepared: Arc<AtomicUsize>, slow: Option<Duration>) -> Self {
        Self {
            prepared,
            slow,
            durations: histogram!("crm_statement_duration_seconds"),
            running: None,
        }
    }

    fn begin(&mut self, query: &dyn DebugQuery) {
        let caller = CALLER.take();
        self.running = Some(Running {
            began: Instant::now(),
            caller,
            _span: span(query, caller),
        });
    }

    fn end(&mut self, query: &dyn DebugQuery, error: Option<&Error>) {
        // One whose future was dropped has no end; the next one then takes its place.
        let Some(running) = self.running.take() else {
            return;
        };
        let time = running.began.elapsed();
        tally::add_statement(time);
        self.durations.record(time);
        error.into_iter().for_each(count_error);
        if self.slow.is_some_and(|slow| time >= slow) {
            let name = format!("{} {}", module(running.caller), Sql::of(query).summary());
            let line = running.caller.map(Location::line);
            let milliseconds = time.as_secs_f64() * 1000.0;
            let request_id = tally::present_name();
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

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => self.begin(query),
            InstrumentationEvent::FinishQuery { query, error, .. } => self.end(query, error),
            InstrumentationEvent::CacheQuery { .. } => {
                self.prepared.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// The statement's step in the present trace; nothing for what the program does on its own account.
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

/// Counts what the database refused, by its kind.
pub(super) fn count_error(error: &Error) {
    use DatabaseErrorKind::*;
    let kind = match error {
        Error::DatabaseError(kind, _) => match kind {
            UniqueViolation => "unique_violation",
            ForeignKeyViolation => "foreign_key_violation",
            NotNullViolation => "not_null_violation",
            CheckViolation => "check_violation",
            SerializationFailure => "serialization_failure",
            ReadOnlyTransaction => "read_only_transaction",
            _ => match Failed::of(error) {
                Some(Failed::TooLong) => "statement_timeout",
                Some(Failed::Locked) => "lock_timeout",
                Some(Failed::Deadlocked) => "deadlock",
                Some(Failed::Gone) => "connection_lost",
                None => "other",
            },
        },
        _ => "other",
    };
    count(kind);
}

/// Counts something that went wrong between the program and its database.
pub(super) fn count(kind: &'static str) {
    counter!("crm_database_errors_total", "kind" => kind).increment(1);
}

/// The module from which a statement is run: a file of this house has the name of what it does.
fn module(caller: Option<&'static Location<'static>>) -> String {
    let Some(caller) = caller else {
        return "transaction".to_owned();
    };
    let file = caller.file();
    let inside = file.rsplit_once("src/").map_or(file, |(_, inside)| inside);
    let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    inside.replace('/', "::")
}
