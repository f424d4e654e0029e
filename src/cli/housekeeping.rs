//! The tasks of a serving copy beside its requests. Each copy has them; the database sees to it that one works
//! at a time.

use std::time::Duration;

use chrono::Utc;
use metrics::gauge;
use tokio::task::JoinHandle;

use crate::db::{RequestDb, oldest_transaction};
use crate::service::statistics::{Fold, backlog};
use crate::service::{account_links, idempotency, sessions};
use crate::telemetry::Metrics;

/// The interval at which keys and sessions whose time is over are forgotten.
const CLEANING: Duration = Duration::from_secs(600);

/// The interval at which the database is measured.
const MEASURING: Duration = Duration::from_secs(5);

/// Begins the tasks.
pub(super) fn spawn(db: &RequestDb, metrics: Metrics) -> [JoinHandle<()>; 4] {
    [
        tokio::spawn(metrics.keep()),
        tokio::spawn(clean(db.clone())),
        tokio::spawn(fold(db.clone())),
        tokio::spawn(measure(db.clone())),
    ]
}

/// Removes idempotency keys, links, sessions and login attempts whose time is over.
async fn clean(db: RequestDb) {
    loop {
        let outcome = async {
            idempotency::forget_expired(&db, Utc::now()).await?;
            account_links::forget_expired(&db, Utc::now()).await?;
            sessions::forget_expired(&db, Utc::now()).await
        };
        if let Err(error) = outcome.await {
            tracing::warn!(
                ?error,
                "what is over could not be forgotten, trying again later"
            );
        }
        tokio::time::sleep(CLEANING).await;
    }
}

/// Folds what writers add to the statistics. What is not folded is answered right, only slower.
async fn fold(db: RequestDb) {
    let mut fold = Fold::default();
    loop {
        if let Err(error) = fold.run(&db).await {
            tracing::warn!(
                ?error,
                "the statistics could not be folded, trying again later"
            );
        }
        tokio::time::sleep(Fold::PAUSE).await;
    }
}

/// Measures what is going on in the database, for the metrics. Of a database that does not answer other
/// metrics tell; its figures stay as they were last seen.
async fn measure(db: RequestDb) {
    loop {
        if let Ok(backlog) = backlog(&db).await {
            gauge!("crm_statistics_lag_seconds").set(backlog.age);
            gauge!("crm_statistics_unfolded_changes").set(backlog.changes as f64);
        }
        if let Ok(age) = oldest_transaction(&db).await {
            gauge!("crm_oldest_transaction_seconds").set(age.as_secs_f64());
        }
        tokio::time::sleep(MEASURING).await;
    }
}
