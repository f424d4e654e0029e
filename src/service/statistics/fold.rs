//! Folding: what writers added to the deltas goes where readers find it faster.

use std::time::Duration;

use diesel::sql_types::Integer;
use diesel_async::SimpleAsyncConnection;

use crate::db::{Db, RunQueryDsl};
use crate::service::Result;

/// How many deltas one transaction folds.
const AT_ONCE: i32 = 20_000;
/// After how many folded deltas their table is cleaned: readers step over what is deleted, and
/// the server's own cleaning comes by once a minute.
const UNTIDY: i64 = 2_000;

diesel::define_sql_function! {
    /// Folds at most so many deltas, unless somebody else is folding, and says how many.
    fn lead_statistics_fold(most: Integer) -> diesel::sql_types::BigInt;
}

/// Folds again and again.
#[derive(Debug, Default)]
pub struct Fold {
    since_cleaning: i64,
}

impl Fold {
    /// How long to wait between two times. What is not folded yet is answered right all the same.
    pub const PAUSE: Duration = Duration::from_secs(1);

    /// Folds all deltas that there are. Cheap if there are none.
    pub async fn run(&mut self, db: &Db) -> Result<()> {
        let mut conn = db.connection().await?;
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
pub async fn fold(db: &Db) -> Result<()> {
    Fold::default().run(db).await
}
