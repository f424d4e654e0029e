//! Folding: the deltas that writers added go into the rollups, where readers find them faster, and
//! follow-ups that became overdue meanwhile are counted.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::IntoSql;
use diesel::sql_types::{Integer, Timestamptz};
use diesel_async::SimpleAsyncConnection;

use crate::db::{RequestDb, RunQueryDsl};
use crate::service::Result;

/// The most deltas that one transaction folds.
const AT_ONCE: i32 = 20_000;
/// After so many folded deltas their table is cleaned: readers step over what is deleted, and
/// the server's own cleaning comes by once a minute.
const UNTIDY: i64 = 2_000;
/// The time that the watermark rests: readers count what became overdue since among the leads.
const REST: Duration = Duration::from_secs(5);

diesel::define_sql_function! {
    /// Folds at most so many deltas, unless somebody else is folding, and tells the number.
    fn lead_statistics_fold(most: Integer) -> diesel::sql_types::BigInt;
}
diesel::define_sql_function! {
    /// Moves the watermark on, unless somebody else is folding, and tells where it is.
    fn lead_statistics_advance(until: Timestamptz) -> Timestamptz;
}

/// Folds again and again.
#[derive(Debug, Default)]
pub struct Fold {
    since_cleaning: i64,
    advanced_at: Option<Instant>,
}

impl Fold {
    /// The pause between two times. Deltas are answered right all the same before they are folded.
    pub const PAUSE: Duration = Duration::from_secs(1);

    /// Folds all deltas that there are, and moves the watermark on once in a while. Cheap if there
    /// is nothing to do.
    pub async fn run(&mut self, db: &RequestDb) -> Result<()> {
        let mut conn = db.connection().await?;
        if self.advanced_at.is_none_or(|at| at.elapsed() >= REST) {
            // By the clock that all copies of the service have in common.
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
