//! The operations, a file for each kind.

pub mod bulk;
pub mod combined;
pub mod counts;
pub mod export;
pub mod list;
pub mod load;
pub mod memory;
pub mod pages;
pub mod refusals;
pub mod search;
pub mod start;
pub mod statistics;
pub mod upkeep;
pub mod writes;

use serde_json::{Value, json};

use crate::database::Sql;
use crate::facts::{Facts, Who, array};
use crate::{Bench, Result, postgraphile};

/// The rows measured without `--full`: the operations that users notice. A star stands for any text, and
/// a row whose name is in no line is measured in full runs alone.
const USUAL: &str = "\
list: 50 leads × 12 fields, assignee
list: the same, as a manager
list: the same, as an agent
list: the same, compressed
list: the same, in turns with PostGraphile
postgraphile: *
lead: by id, with its assignee
page: CREATED_AT DESC
page: LAST_NAME ASC
page: status, CREATED_AT DESC
page: agent, LEAD_SCORE DESC
search: rare *\"
search: no match *\"
search: accents *\"
search: domain *\"
search: typing mistake *\"
search: phone, written *\"
search: frequent \"com\"
search: 300 with any filter, in any order*
export: *
count: all
count: as a manager
count: frequent search
statistics: all
statistics: a team's
statistics: as a manager
statistics: one agent's 45 days
statistics: a year, not at midnight
statistics: over time, 45 days
memory: 256 clients
start: *
making the leads
updateLead: *
createLead: *
bulk: * of 10000 leads
load: *";

/// True if this row is measured without `--full`.
pub fn is_usual(name: &str) -> bool {
    USUAL.lines().any(|line| match line.split_once('*') {
        Some((start, end)) => name.starts_with(start) && name.ends_with(end),
        None => name == line,
    })
}

/// A page of leads as a table in a front end shows it: twelve fields and the assignee.
pub const LIST: &str = "
    query ($filter: LeadFilter, $search: String, $orderBy: LeadOrder, $after: String) {
      leads(filter: $filter, search: $search, orderBy: $orderBy, after: $after, first: 50) {
        nodes {
          id firstName lastName email phone company source status leadScore tags nextFollowUp
          createdAt assignedTo { id fullName }
        }
      }
    }";

/// The columns of these fields, and whose lead it is.
pub const COLUMNS: &str = "id, first_name, last_name, email, phone, company, source, status, \
                           lead_score, tags, next_follow_up, created_at, assigned_to";

/// The number of leads on a page.
pub const PAGE: u64 = 50;

/// The condition of every list.
pub const LISTED: &str = "archived_at IS NULL";

/// The newest first, as lists are without an order.
pub const NEWEST: &str = "ORDER BY created_at DESC, id DESC";

/// A page in SQL, with one row more to know whether there is another page, as every page of a list
/// needs it. `rest` are conditions and the order.
pub fn page(rest: &str) -> String {
    format!(
        "SELECT {COLUMNS} FROM leads WHERE {LISTED} AND {rest} LIMIT {}",
        PAGE + 1
    )
}

/// The ids of that page's leads.
pub fn page_ids(rest: &str) -> String {
    format!("SELECT id FROM leads WHERE {LISTED} AND {rest} LIMIT {PAGE}")
}

/// A script for pgbench: the page, and the users it names.
pub async fn page_script(sql: &Sql, rest: &str) -> Result<String> {
    let users = sql
        .column(&format!(
            "SELECT DISTINCT assigned_to FROM ({}) AS page WHERE assigned_to IS NOT NULL",
            page(rest)
        ))
        .await?;
    Ok(format!("{};\n{};\n", page(rest), users_by_id(&users)))
}

/// Users as the assignees of a page are looked up.
pub fn users_by_id(ids: &[String]) -> String {
    format!(
        "SELECT id, full_name FROM users WHERE id = ANY ({})",
        array(ids)
    )
}

/// A text in SQL.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Leads that are chosen by a filter, or by who asks.
pub struct Choice {
    pub name: &'static str,
    pub by: Who,
    pub filter: Value,
    /// The same in SQL.
    pub condition: String,
}

impl Choice {
    /// By an administrator, who sees all leads.
    pub fn new(name: &'static str, filter: Value, condition: impl Into<String>) -> Self {
        Self {
            name,
            by: Who::Admin,
            filter,
            condition: condition.into(),
        }
    }

    /// All that somebody may see.
    pub fn visible(name: &'static str, by: Who, facts: &Facts) -> Self {
        Self {
            by,
            ..Self::new(name, json!({}), facts.visible(by))
        }
    }
}

/// Measures everything. What keeps a kind of rows from being measured at all becomes a line, too.
pub async fn all(bench: &mut Bench<'_>) {
    let outcome = list::rows(bench).await;
    bench.note("list", outcome);
    pages::orders(bench).await;
    let outcome = pages::filters(bench).await;
    bench.note("page", outcome);
    counts::rows(bench).await;
    let outcome = statistics::rows(bench).await;
    bench.note("statistics", outcome);
    let outcome = search::rows(bench).await;
    bench.note("search", outcome);
    let outcome = combined::rows(bench).await;
    bench.note("search with filter and order", outcome);
    refusals::rows(bench).await;
    postgraphile::rows(bench).await;
    export::row(bench).await;
    let outcome = memory::rows(bench).await;
    bench.note("memory", outcome);
    start::rows(bench).await;
    let outcome = writes::on_a_copy(bench).await;
    bench.note("changes", outcome);
}
