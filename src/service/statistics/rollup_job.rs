//! Folding: the deltas of writers are added to the rollups, which are faster to read, and follow-ups
//! that have become overdue are counted.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::IntoSql;
use diesel::sql_types::{Integer, Timestamptz};
use diesel_async::SimpleAsyncConnection;

use crate::db::{RequestDb, RunQueryDsl};
use crate::service::Result;

/// The most deltas that one transaction folds.
const AT_ONCE: i32 = 20_000;
/// The number of folded deltas after which their table is vacuumed: readers skip over dead rows, and
/// autovacuum runs only once a minute.
const UNTIDY: i64 = 2_000;
/// The time between two moves of the watermark: readers count later overdue follow-ups in the leads.
const REST: Duration = Duration::from_secs(5);

diesel::define_sql_function! {
    /// Folds at most `most` deltas, unless another process is folding, and returns the number.
    fn lead_statistics_fold(most: Integer) -> diesel::sql_types::BigInt;
}
diesel::define_sql_function! {
    /// Moves the watermark forward, unless another process is folding, and returns it.
    fn lead_statistics_advance(until: Timestamptz) -> Timestamptz;
}

/// Folds at intervals.
#[derive(Debug, Default)]
pub struct Fold {
    since_cleaning: i64,
    advanced_at: Option<Instant>,
}

impl Fold {
    /// The pause between two runs. Answers include deltas that are not folded yet.
    pub const PAUSE: Duration = Duration::from_secs(1);

    /// Folds all deltas, and moves the watermark forward once in a while. Cheap if there is nothing to
    /// do.
    pub async fn run(&mut self, db: &RequestDb) -> Result<()> {
        let mut conn = db.connection().await?;
        if self.advanced_at.is_none_or(|at| at.elapsed() >= REST) {
            // The database's clock, which all instances of the service share.
            let now = diesel::dsl::now.into_sql::<Timestamptz>();
            let _: DateTime<Utc> = diesel::select(lead_statistics_advance(now))
                .get_result(&mut conn)
                .await?;
            self.advanced_at = Some(Instant::now());
        }
        loop {
            let folded: i64 = diesel::select(lead_statistics_fold(AT_ONCE))
                .get_result(&mut conn)
                .await?;
            self.since_cleaning += folded;
            if folded < AT_ONCE.into() {
                break;
            }
        }
        if self.since_cleaning >= UNTIDY {
            self.since_cleaning = 0;
            conn.batch_execute("VACUUM lead_statistics_deltas").await?;
        }
        Ok(())
    }
}

/// Folds once.
pub async fn fold(db: &RequestDb) -> Result<()> {
    Fold::default().run(db).await
}
