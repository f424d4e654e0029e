//! Computes the comparison keys of all leads again when the functions that make them have changed.

use diesel::prelude::*;
use diesel_async::AsyncConnection;

use crate::db::schema::{leads, text_forms};
use crate::db::{Connection, RequestDb, RunQueryDsl};
use crate::service::leads::{Keys, Lead};
use crate::service::{LeadId, Result, text, users};

/// The number of leads per transaction.
const BATCH: i64 = 1_000;

/// Fills in the keys of all leads, and the addresses of all users, if they were made by an older version
/// of the functions. Each batch saves its position, so that the next run continues from there, after a
/// stop or concurrently. Returns the number of leads whose keys changed.
#[tracing::instrument(name = "leads::fill_keys", level = "debug", skip_all)]
pub async fn fill_keys(db: &RequestDb) -> Result<usize> {
    let mut changed = 0;
    let mut conn = db.connection().await?;
    while let Some(batch) = conn
        .transaction(async |conn| fill_batch(conn).await)
        .await?
    {
        changed += batch;
    }
    Ok(changed)
}

/// Fills one batch; `None` once all leads have the keys of this version.
async fn fill_batch(conn: &mut Connection) -> Result<Option<usize>> {
    let state = text_forms::table
        .select((text_forms::version, text_forms::filled_to))
        .for_update();
    let (version, filled_to): (i32, LeadId) = state.get_result(conn).await?;
    if version >= text::VERSION {
        return Ok(None);
    }
    let rows = leads::table
        .filter(leads::id.gt(filled_to))
        .order_by(leads::id)
        .limit(BATCH)
        .select((Lead::as_select(), Keys::as_select()))
        .for_no_key_update();
    let rows: Vec<(Lead, Keys)> = rows.load(conn).await?;
    let mut changed = 0;
    for (lead, before) in &rows {
        let keys = Keys::of(lead);
        if keys != *before {
            let row = diesel::update(leads::table.find(lead.id));
            row.set(keys).execute(conn).await?;
            changed += 1;
        }
    }
    let state = diesel::update(text_forms::table);
    match rows.last() {
        Some((last, _)) => {
            state
                .set(text_forms::filled_to.eq(last.id))
                .execute(conn)
                .await?
        }
        None => {
            users::normalize_addresses(conn).await?;
            let start = LeadId(uuid::Uuid::nil());
            let done = (
                text_forms::version.eq(text::VERSION),
                text_forms::filled_to.eq(start),
            );
            state.set(done).execute(conn).await?
        }
    };
    Ok(Some(changed))
}
