//! Brings what leads are compared by in line with the functions that make it, where those are newer.

use diesel::prelude::*;
use diesel_async::AsyncConnection;

use crate::db::schema::{leads, text_forms};
use crate::db::{Connection, RequestDb, RunQueryDsl};
use crate::service::leads::{Keys, Lead};
use crate::service::{LeadId, Result, text, users};

/// The leads that are looked at in one transaction.
const BATCH: i64 = 1_000;

/// Fills in the keys of all leads, and the addresses of all users, if the last time was by an older
/// version of the functions. Each batch remembers how far it came, so that whoever comes next goes on
/// from there, after a stop or beside it. Returns how many leads had other keys.
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

/// Nothing, once all leads have the keys of this version.
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
