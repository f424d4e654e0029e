use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

use crate::db::schema::{lead_search, leads};
use crate::db::{RequestDb, RunQueryDsl};
use crate::service::leads::LeadFilter;
use crate::service::leads::search::whole_in_index;
use crate::service::{Actor, Result, ServiceError, statistics};

/// The most that [`count_up_to`] counts.
pub const COUNTED_AT_MOST: i32 = 100_000;

/// The number of leads, or a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountUpTo {
    /// The number of leads; if it is not exact, there are more.
    pub value: i64,
    /// True if there are no more.
    pub is_exact: bool,
}

/// The exact number of leads that match the filter and that the actor may see.
#[tracing::instrument(name = "leads::count", level = "debug", skip_all)]
pub async fn count(db: &RequestDb, actor: &Actor, filter: &LeadFilter) -> Result<i64> {
    let query = filter.query(actor)?;
    if let Some(count) = statistics::count(db, actor, filter).await? {
        return Ok(count);
    }
    let mut conn = db.connection().await?;
    match whole_in_index(filter, actor) {
        Some(rows) => Ok(lead_search::table
            .filter(rows)
            .count()
            .get_result(&mut conn)
            .await?),
        None => Ok(query.count().get_result(&mut conn).await?),
    }
}

/// The same, but counting stops after `most` leads. A number that rollups have is always exact.
///
/// Errors: `InvalidData` unless `most` is 1 to [`COUNTED_AT_MOST`].
#[tracing::instrument(name = "leads::count_up_to", level = "debug", skip_all)]
pub async fn count_up_to(
    db: &RequestDb,
    actor: &Actor,
    filter: &LeadFilter,
    most: i32,
) -> Result<CountUpTo> {
    if !(1..=COUNTED_AT_MOST).contains(&most) {
        let message = format!("must be 1 to {COUNTED_AT_MOST}");
        return Err(ServiceError::invalid("most", message));
    }
    let most = i64::from(most);
    let query = filter.query(actor)?;
    if let Some(value) = statistics::count(db, actor, filter).await? {
        return Ok(CountUpTo {
            value,
            is_exact: true,
        });
    }
    let mut conn = db.connection().await?;
    let counted: i64 = match whole_in_index(filter, actor) {
        Some(rows) => {
            let rows = lead_search::table.filter(rows);
            let ids = rows.select(lead_search::lead_id).limit(most + 1);
            Count(ids).get_result(&mut conn).await?
        }
        None => {
            let ids = query.select(leads::id).limit(most + 1);
            Count(ids).get_result(&mut conn).await?
        }
    };
    Ok(CountUpTo {
        value: counted.min(most),
        is_exact: counted <= most,
    })
}

/// The number of rows that a query gives, its LIMIT included.
#[derive(Debug, Clone, Copy, QueryId)]
struct Count<Q>(Q);

impl<Q: Query> Query for Count<Q> {
    type SqlType = BigInt;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Count<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS counted");
        Ok(())
    }
}
