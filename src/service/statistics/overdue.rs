//! Follow-ups become overdue while nobody writes: what is kept ready counts them as of a moment
//! some seconds ago, the watermark.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Nullable, Timestamptz, Uuid};

use crate::db::{Connection, RunQueryDsl};
use crate::service::Result;
use crate::service::leads::{Owners, Span};
use crate::service::statistics::kept::{NOBODY, agents};

diesel::define_sql_function! {
    /// How many more leads are overdue at a moment than at the watermark.
    fn lead_statistics_overdue_since(
        agents: Nullable<Array<Uuid>>,
        created_from: Nullable<Timestamptz>,
        created_to: Nullable<Timestamptz>,
        now: Timestamptz,
    ) -> diesel::sql_types::BigInt;
}

/// How many follow-ups are overdue beyond those that were so at the watermark; less than nothing if
/// that lies ahead of `now`.
pub(super) async fn since_watermark(
    conn: &mut Connection,
    owners: &Owners,
    created: &Span<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<i64> {
    let of = |agents: Option<Vec<uuid::Uuid>>| {
        lead_statistics_overdue_since(agents, created.from, created.to, now)
    };
    let count = match owners {
        Owners::Everybody => diesel::select(of(None)).get_result(conn).await?,
        Owners::Only(owners) => {
            let some = Some(agents(owners));
            diesel::select(of(some)).get_result(conn).await?
        }
        Owners::Somebody => {
            let all_but_nobodys = of(None) - of(Some(vec![NOBODY]));
            diesel::select(all_but_nobodys).get_result(conn).await?
        }
    };
    Ok(count)
}
