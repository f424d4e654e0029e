use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Text, Uuid};

use crate::db::{RequestDb, RunQueryDsl};
use crate::service::leads::{AssigneeSet, visible_assignees};
use crate::service::validation::searchable;
use crate::service::{Actor, Result, ServiceError, UserId, text};

/// The number of leads whose tags are counted at most: the newest that the actor may see.
pub const TAGS_OF_NEWEST: i64 = 10_000;
/// The most tags that are listed.
const MOST: i32 = 100;
const LONGEST_PREFIX: usize = 50;

/// A tag, with the number of leads that have it.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct TagCount {
    /// The tag, as most of them write it.
    #[diesel(sql_type = Text)]
    pub tag: String,
    /// The number of leads; if it is not exact, there may be more.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    /// True if all leads that the actor may see were looked at.
    #[diesel(sql_type = Bool)]
    pub is_exact: bool,
}

/// The most frequent tags that begin with the prefix, among the newest [`TAGS_OF_NEWEST`] leads that the
/// actor may see and that are not archived. As many leads are read whatever the table's size: this is
/// asked at each letter that somebody types.
///
/// Errors: `InvalidData` unless `first` is 1–100, and for a prefix that no tag can have.
#[tracing::instrument(name = "leads::frequent_tags", level = "debug", skip_all)]
pub async fn frequent_tags(
    db: &RequestDb,
    actor: &Actor,
    prefix: &str,
    first: i32,
) -> Result<Vec<TagCount>> {
    if !(1..=MOST).contains(&first) {
        return Err(ServiceError::invalid(
            "first",
            format!("must lie between 1 and {MOST}, is {first}"),
        ));
    }
    searchable(prefix, LONGEST_PREFIX).map_err(|fault| ServiceError::invalid("prefix", fault))?;
    let (newest, owners) = newest_leads(&visible_assignees(actor));
    let Some(newest) = newest else {
        return Ok(Vec::new());
    };
    let newest_first = newest_first();
    let mut query = sql_query(format!(
        "WITH newest AS MATERIALIZED ({newest} {newest_first}) \
         SELECT mode() WITHIN GROUP (ORDER BY tag COLLATE \"C\") AS tag, count(*) AS count, \
         (SELECT count(*) <= {TAGS_OF_NEWEST} FROM newest) AS is_exact \
         FROM newest CROSS JOIN LATERAL unnest(tags, tag_keys) AS one (tag, key) \
         WHERE archived_at IS NULL AND starts_with(key, $1) \
         GROUP BY key ORDER BY count(*) DESC, key COLLATE \"C\" LIMIT $2"
    ))
    .into_boxed::<Pg>()
    .bind::<Text, _>(text::key(prefix))
    .bind::<BigInt, _>(i64::from(first));
    for owner in owners {
        query = query.bind::<Uuid, _>(owner);
    }
    let mut conn = db.connection().await?;
    Ok(query.load(&mut conn).await?)
}

/// One more than are counted, which tells that there are more. The number stands in the text, for the planner.
fn newest_first() -> String {
    let most = TAGS_OF_NEWEST + 1;
    format!("ORDER BY created_at DESC, id DESC LIMIT {most}")
}

/// The leads of the set as SQL, to be ordered by time of creation, and its binds, from `$3` on; `None` if
/// there are none. One part for each assignee: each is read from an index in this order, and the parts are
/// merged. Without an order of its own PostgreSQL would read all of a part, and sort.
fn newest_leads(assignees: &AssigneeSet) -> (Option<String>, Vec<UserId>) {
    let select = "SELECT tags, tag_keys, archived_at, created_at, id FROM leads";
    match assignees {
        AssigneeSet::Everybody => (Some(select.to_owned()), Vec::new()),
        AssigneeSet::Somebody => (
            Some(format!("{select} WHERE assigned_to IS NOT NULL")),
            Vec::new(),
        ),
        AssigneeSet::Only(some) => {
            let owners: Vec<UserId> = some.iter().flatten().copied().collect();
            let newest_first = newest_first();
            let part =
                |whose: String| format!("({select} WHERE assigned_to {whose} {newest_first})");
            let of_owners = (0..owners.len()).map(|at| format!("= ${}", at + 3));
            let of_nobody = some.contains(&None).then(|| "IS NULL".to_owned());
            let parts: Vec<String> = of_owners.chain(of_nobody).map(part).collect();
            let all = || format!("SELECT * FROM ({}) AS visible", parts.join(" UNION ALL "));
            ((!parts.is_empty()).then(all), owners)
        }
    }
}
