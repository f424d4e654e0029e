//! The other sessions of the database.

use std::time::Duration;

use diesel::sql_types::Double;

use super::error::DbError;
use super::request::RequestDb;
use super::run::RunQueryDsl;

/// The age of the oldest transaction in the database: old ones keep dead rows from being cleaned away,
/// and hold locks. Of other users' sessions PostgreSQL tells the members of `pg_read_all_stats` only.
///
/// Errors: `Unavailable`.
pub async fn oldest_transaction(db: &RequestDb) -> Result<Duration, DbError> {
    let age = "(SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)\
               ::double precision FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid())";
    let age = diesel::dsl::sql::<Double>(age);
    let mut conn = db.connection().await?;
    let age: Result<f64, _> = diesel::select(age).get_result(&mut conn).await;
    let age = age.map_err(|error| match DbError::from_diesel(error) {
        Ok(error) => error,
        Err(error) => DbError::Unavailable(error.to_string()),
    })?;
    Ok(Duration::try_from_secs_f64(age).unwrap_or_default())
}
