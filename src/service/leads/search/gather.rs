use diesel::dsl::sql;
use diesel::sql_types::Float;

use crate::db::{Connection, RunQueryDsl};
use crate::service::{Result, ServiceError};

/// The maximum number of leads that are all read.
const GATHERED: f32 = 5_000_000.0;

/// Checks that the leads are few enough to read all. Errors: `SearchTooWide`, by PostgreSQL's estimate.
pub(super) async fn check_gather(conn: &mut Connection) -> Result<()> {
    let estimate = "(SELECT reltuples FROM pg_class WHERE oid = 'leads'::regclass)";
    let leads: f32 = diesel::select(sql::<Float>(estimate))
        .get_result(conn)
        .await?;
    match leads > GATHERED {
        true => Err(ServiceError::SearchTooWide),
        false => Ok(()),
    }
}
