use diesel::sql_types::{BigInt, Double};

use crate::db::{RequestDb, RunQueryDsl};
use crate::service::Result;

/// The number of deltas up to which they are counted.
const MOST: i64 = 1_000_000;

/// The work that folding is behind with. Answers include it; they only become slower.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backlog {
    /// Changes of leads that are not folded yet, at most a million.
    pub changes: i64,
    /// Seconds since the follow-ups that are overdue were last counted, which is done every few
    /// seconds by whoever folds.
    pub age: f64,
}

/// The work that folding is behind with at this moment.
#[tracing::instrument(name = "statistics::backlog", level = "debug", skip_all)]
pub async fn backlog(db: &RequestDb) -> Result<Backlog> {
    let changes = format!(
        "(SELECT count(*) FROM (SELECT FROM lead_statistics_deltas LIMIT {MOST}) AS deltas)"
    );
    let changes = diesel::dsl::sql::<BigInt>(&changes);
    let age = "(SELECT extract(epoch FROM clock_timestamp() - moment)::double precision \
               FROM lead_statistics_watermark)";
    let age = diesel::dsl::sql::<Double>(age);
    let mut conn = db.connection().await?;
    let (changes, age) = diesel::select((changes, age)).get_result(&mut conn).await?;
    Ok(Backlog { changes, age })
}
