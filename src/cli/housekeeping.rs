//! The tasks of a serving copy beside its requests. Each copy has them; the database sees to it that one works
//! at a time.

use std::time::Duration;

use chrono::Utc;

use crate::db::RequestDb;
use crate::service::statistics::Fold;
use crate::service::{account_links, exports, idempotency, sessions};

/// The interval at which keys and sessions whose time is over are forgotten.
const CLEANING: Duration = Duration::from_secs(600);

/// Removes idempotency keys, links, exports, sessions and login attempts whose time is over.
pub(super) async fn clean(db: RequestDb) {
    loop {
        let outcome = async {
            idempotency::forget_expired(&db, Utc::now()).await?;
            account_links::forget_expired(&db, Utc::now()).await?;
            exports::forget_expired(&db, Utc::now()).await?;
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
pub(super) async fn fold(db: RequestDb) {
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
