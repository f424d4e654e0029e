use super::generate::{count, fill};
use super::{Progress, RANDOM_SEED, SeedError, alone};
use crate::db::RequestDb;

/// The number of leads of the demo data set.
const LEADS: u64 = 1_000;

/// The demo data set of a first start in development: three managers with four agents each, named
/// like maria.schmidt@example.com with the password [`super::PASSWORD`], and 1,000 leads.
///
/// Does nothing where there is any lead. Returns whether it did something.
pub async fn demo(db: &RequestDb) -> Result<bool, SeedError> {
    let _alone = alone(db).await?;
    if count(db).await? > 0 {
        return Ok(false);
    }
    fill(db, LEADS, RANDOM_SEED, Progress::Silent).await?;
    Ok(true)
}
