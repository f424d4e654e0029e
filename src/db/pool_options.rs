//! Sizes and timeouts of the pool, and the settings of its connections.

use std::path::PathBuf;
use std::time::Duration;

/// Sizes and timeouts of the pool. Zero for one of the three server-side timeouts means none.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// The most connections at a time. Default 16: on two cores, with PostgreSQL on the same machine, 4,
    /// 8, 16 and 32 answer equally many requests per second, for a page or a single row, within the 10%
    /// by which two runs differ; with more of them, a few slow statements delay the others less.
    pub size: usize,
    /// Longest wait of a request for a free connection. Default 1 s.
    pub wait: Duration,
    /// Time limit of making a connection. Default 5 s.
    pub connect: Duration,
    /// PostgreSQL ends a statement that runs longer. Default 30 s.
    pub statement_timeout: Duration,
    /// PostgreSQL ends a statement that waits longer for one lock. Default 10 s.
    pub lock_timeout: Duration,
    /// PostgreSQL ends a session that is idle longer inside a transaction. Default 10 s.
    pub idle_in_transaction_timeout: Duration,
    /// A statement that takes at least this long is logged by its name. Default never.
    pub slow: Option<Duration>,
    /// The log of the program's own server, which the error of an unreachable server names. Default
    /// none.
    pub server_log: Option<PathBuf>,
}

impl Default for PoolOptions {
    fn default() -> PoolOptions {
        PoolOptions {
            size: 16,
            wait: Duration::from_secs(1),
            connect: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(10),
            slow: None,
            server_log: None,
        }
    }
}

impl PoolOptions {
    /// The settings of each connection, by PostgreSQL's names.
    pub(super) fn settings(&self) -> Vec<(&'static str, String)> {
        let milliseconds = |time: Duration| time.as_millis().to_string();
        let mut settings = vec![
            ("statement_timeout", milliseconds(self.statement_timeout)),
            ("lock_timeout", milliseconds(self.lock_timeout)),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(self.idle_in_transaction_timeout),
            ),
            // Each search scans the whole pending list of a GIN index: 4 MB, the default, which a few
            // thousand new rows fill, takes 10 ms.
            ("gin_pending_list_limit", "512kB".into()),
            // Pages are read through indexes, from memory or an SSD, where random reads are cheap. With
            // 4, the default, the indexes of a status by time are not used.
            ("random_page_cost", "1.1".into()),
            // No custom plans: planning costs as much as reading a page, and the planner's estimates
            // for the actual values are often wrong.
            ("plan_cache_mode", "force_generic_plan".into()),
            // JIT compilation takes 10 to 60 ms of statements of 400 to 800 ms and gains nothing:
            // measured alternately, for sums over a million rows.
            ("jit", "off".into()),
        ];
        // A statement ends when its client has disconnected. PostgreSQL 14 on macOS refuses the
        // setting, and with it the connection.
        if !cfg!(target_os = "macos") {
            settings.push(("client_connection_check_interval", "10s".into()));
        }
        settings
    }
}
