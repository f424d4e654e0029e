//! What is counted over leads. All of one answer comes from one snapshot of the database.

mod over_time;
mod totals;

pub use over_time::{Bucket, MOST_BUCKETS, Series, SeriesKey};
pub use totals::{AgentTotals, Totals};

use std::collections::HashMap;

use chrono::Utc;

use crate::db::Db;
use crate::service::leads::LeadFilter;
use crate::service::{Actor, Result};

/// Everything that was asked for over one selection of leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Counts and averages.
    pub totals: Totals,
    /// How many leads were created in each stretch of time, for every series asked for.
    pub series: HashMap<SeriesKey, Series>,
}

/// Counts over the leads that the filter lets through and the actor may see.
///
/// Errors: `InvalidData` for a filter that cannot be, an unknown time zone, or a series of more
/// than [`MOST_BUCKETS`] stretches.
pub async fn statistics(
    db: &Db,
    actor: &Actor,
    filter: &LeadFilter,
    series: &[SeriesKey],
) -> Result<Statistics> {
    let condition = filter.condition(actor)?;
    let mut conn = db.connection().await?;
    conn.build_transaction()
        .repeatable_read()
        .read_only()
        .run(async |conn| {
            let totals = totals::totals(conn, condition, Utc::now()).await?;
            let mut answers = HashMap::with_capacity(series.len());
            for &key in series {
                let condition = filter.condition(actor)?;
                answers.insert(key, over_time::series(conn, condition, key).await?);
            }
            Ok(Statistics {
                totals,
                series: answers,
            })
        })
        .await
}
