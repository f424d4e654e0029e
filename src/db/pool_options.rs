//! Sizes and timeouts of the pool, and the settings of its connections.

use std::path::PathBuf;
use std::time::Duration;

/// Sizes and patience of the pool. Zero for one of the three server-side timeouts means none.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// The most connections at a time. Default 16: on two cores, with PostgreSQL on the same machine,
    /// 4, 8, 16 and 32 answer as many requests a second, for a page or a single row, within the tenth
    /// by which two runs differ; the more there are, the less a few slow statements hold up the others.
    pub size: usize,
    /// Longest wait of a request for a free connection. Default 1 s.
    pub wait: Duration,
    /// Time limit of making a connection. Default 5 s.
    pub connect: Duration,
    /// PostgreSQL ends a statement that runs longer. Default 30 s.
    pub statement_timeout: Duration,
    /// PostgreSQL ends a statement that waits longer for one lock. Default 10 s.
    pub lock_timeout: Duration,
    /// PostgreSQL ends a session that rests longer inside a transaction. Default 10 s.
    pub idle_in_transaction_timeout: Duration,
    /// A statement that takes at least this long is logged by its name. Default never.
    pub slow: Option<Duration>,
    /// The log of the server, where that is the program's own: whoever reads that it cannot be
    /// reached is sent there. Default none.
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
            // What waits to be sorted into an inverted index is read from end to end by each search
            // meanwhile: 4 MB, the default, after a few thousand new rows, takes 10 ms.
            ("gin_pending_list_limit", "512kB".into()),
            // A page is read in the order of an index, or by what an index leads to, from where most of
            // it is in memory or on a disk that has no arm to move. With 4, the default, the indexes of
            // a status by time are not taken.
            ("random_page_cost", "1.1".into()),
            // No statement is planned for the values at hand: planning costs as much as a page, and what
            // the planner takes for rare or frequent may be either.
            ("plan_cache_mode", "force_generic_plan".into()),
            // Compiling statements takes 10 to 60 ms where they take 400 to 800, and wins none of it
            // back: measured in turns, at sums over a million rows.
            ("jit", "off".into()),
        ];
        // A statement whose client went away ends, instead of running on for nobody. PostgreSQL 14
        // on macOS refuses the setting, and with it the connection.
        if !cfg!(target_os = "macos") {
            settings.push(("client_connection_check_interval", "10s".into()));
        }
        settings
    }
}
