//! Deep pages: page 10,000 beside page 1, in every order and with the common filters.

use serde_json::{Value, json};

use crate::facts::Who;
use crate::measure::{Ask, Expect};
use crate::report::{Line, Verdict};
use crate::rows::{Choice, LIST, LISTED, PAGE, page_ids, page_script, quoted};
use crate::{Bench, Result};

/// The page that is to cost about as much as the first.
const DEEP: u64 = 10_000;
/// The largest ratio of the costs.
const LIMIT: f64 = 1.5;

/// Orders, and the columns they go by.
const ORDERS: [(&str, &str); 10] = [
    ("CREATED_AT", "created_at"),
    ("UPDATED_AT", "updated_at"),
    ("LEAD_SCORE", "lead_score"),
    ("STATUS", "status"),
    ("SOURCE", "source"),
    ("LAST_NAME", "last_name_key"),
    ("COMPANY", "company_key"),
    ("LAST_CONTACT_DATE", "last_contact_date"),
    ("NEXT_FOLLOW_UP", "next_follow_up"),
    ("CONVERSION_PROBABILITY", "conversion_probability"),
];

/// A list to page through.
struct List {
    name: String,
    filter: Value,
    /// The same filter in SQL.
    condition: String,
    field: &'static str,
    column: &'static str,
    direction: &'static str,
}

pub async fn orders(bench: &mut Bench<'_>) {
    for (field, column) in ORDERS {
        for direction in ["ASC", "DESC"] {
            let list = List {
                name: format!("page: {field} {direction}"),
                filter: json!({}),
                condition: "true".to_owned(),
                field,
                column,
                direction,
            };
            compare(bench, &list).await;
        }
    }
}

pub async fn filters(bench: &mut Bench<'_>) -> Result<()> {
    let some_day = "SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
                    FROM leads TABLESAMPLE system (1) ORDER BY created_at LIMIT 1";
    let since = bench.database.sql().text(some_day).await?;
    for choice in choices(bench.facts.agent(), &since) {
        for (field, column) in [ORDERS[0], ORDERS[2]] {
            let list = List {
                name: format!("page: {}, {field} DESC", choice.name),
                filter: choice.filter.clone(),
                condition: choice.condition.clone(),
                field,
                column,
                direction: "DESC",
            };
            compare(bench, &list).await;
        }
    }
    Ok(())
}

fn choices(agent: &str, since: &str) -> [Choice; 8] {
    let mine = format!("assigned_to = ANY ('{{{agent}}}')");
    let tagged = json!({ "tags": { "all": ["newsletter"] } });
    let created = json!({ "createdAt": { "from": since } });
    let ended = json!({ "status": ["LOST", "WON"], "source": ["WEBSITE"] });
    let ended_sql = "status = ANY ('{LOST,WON}') AND source = ANY ('{WEBSITE}')";
    let website = json!({ "source": ["WEBSITE"] });
    [
        Choice::new(
            "status",
            json!({ "status": ["LOST"] }),
            "status = ANY ('{LOST}')",
        ),
        Choice::new("agent", json!({ "assignedTo": [agent] }), mine),
        Choice::new(
            "unassigned",
            json!({ "unassigned": true }),
            "assigned_to IS NULL",
        ),
        Choice::new("source", website, "source = ANY ('{WEBSITE}')"),
        Choice::new("frequent tag", tagged, "tags @> '{newsletter}'"),
        Choice::new("hot", json!({ "isHotLead": true }), "lead_score >= 71"),
        Choice::new("created since", created, format!("created_at >= '{since}'")),
        Choice::new("status and source", ended, ended_sql),
    ]
}

/// Measures the first and a deep page, in turns, each beside its bare SQL.
async fn compare(bench: &mut Bench<'_>, list: &List) {
    if !bench.is_wanted(&list.name) {
        return;
    }
    eprintln!("{} …", list.name);
    match lines(bench, list).await {
        Ok(lines) => lines.into_iter().for_each(|line| bench.report.push(line)),
        Err(fault) => bench.report.push(Line::failed(&list.name, &*fault)),
    }
}

async fn lines(bench: &Bench<'_>, list: &List) -> Result<[Line; 2]> {
    let sql = bench.database.sql();
    let (first, deep) = (list.rest(None), list.deep(bench).await?);
    let (ask_first, ask_deep) = (list.ask(None), list.ask(Some(&deep.cursor)));
    let rows = [
        bench
            .look(&ask_first, &Expect::Leads(page_ids(&first)))
            .await?,
        bench
            .look(&ask_deep, &Expect::Leads(page_ids(&deep.rest)))
            .await?,
    ];
    let contenders = [
        bench.http("first", &ask_first)?,
        bench.bare("first", &page_script(sql, &first).await?)?,
        bench.http("deep", &ask_deep)?,
        bench.bare("deep", &page_script(sql, &deep.rest).await?)?,
    ];
    let clients = bench.options.clients;
    let measured = bench
        .in_turns(&contenders, clients, bench.options.seconds)
        .await?;
    let line = |name: String, at: usize| Line {
        clients: Some(clients),
        measured: Some(measured[at]),
        sql: Some(measured[at + 1]),
        rows: Some(rows[at / 2]),
        ..Line::new(&name)
    };
    let cost = measured[2].cost() / measured[0].cost();
    let mut last = line(format!("{}, page {}", list.name, deep.page), 2);
    last.verdicts
        .push(Verdict::at_most("× page 1:", cost, LIMIT));
    Ok([line(format!("{}, page 1", list.name), 0), last])
}

/// A page far from the beginning.
struct Deep {
    page: u64,
    cursor: String,
    rest: String,
}

impl List {
    fn ask(&self, after: Option<&str>) -> Ask {
        let variables = json!({ "filter": self.filter, "after": after,
            "orderBy": { "field": self.field, "direction": self.direction } });
        Ask::one(Who::Admin, LIST, variables)
    }

    /// Conditions and order in SQL, of the page after a lead with this key and id.
    fn rest(&self, after: Option<(&str, &str)>) -> String {
        let Self {
            condition,
            column,
            direction,
            ..
        } = self;
        let order = format!("ORDER BY {column} {direction}, id {direction}");
        // Leads without a value come last; neither page reaches them.
        let valued = format!("{condition} AND {column} IS NOT NULL");
        let Some((key, id)) = after else {
            return format!("{valued} {order}");
        };
        let sign = if *direction == "ASC" { ">" } else { "<" };
        format!(
            "{valued} AND ({column}, id) {sign} ({}, '{id}') {order}",
            quoted(key)
        )
    }

    /// Page 10,000, or the last whole one where there are fewer.
    async fn deep(&self, bench: &Bench<'_>) -> Result<Deep> {
        let sql = bench.database.sql();
        let Self {
            condition, column, ..
        } = self;
        let count = format!(
            "SELECT count(*) FROM leads WHERE {LISTED} AND {condition} AND {column} IS NOT NULL"
        );
        let page = (sql.number(&count).await? / PAGE).min(DEEP);
        if page < 2 {
            return Err("there are not enough leads for a second page".into());
        }
        let last_before = (page - 1) * PAGE - 1;
        let rows = format!(
            "SELECT {column}, id FROM leads WHERE {LISTED} AND {} LIMIT 1 OFFSET {last_before}",
            self.rest(None)
        );
        let row = sql.rows(&rows).await?.pop().unwrap_or_default();
        let [Some(key), Some(id)] = &row[..] else {
            return Err("there is no such page".into());
        };
        Ok(Deep {
            page,
            cursor: self.cursor(bench, last_before).await?,
            rest: self.rest(Some((key, id))),
        })
    }

    /// The cursor that a client has who came to that lead.
    async fn cursor(&self, bench: &Bench<'_>, offset: u64) -> Result<String> {
        const CURSOR: &str = "
            query ($filter: LeadFilter, $orderBy: LeadOrder, $offset: Int) {
              leads(filter: $filter, orderBy: $orderBy, first: 1, offset: $offset) {
                pageInfo { endCursor } } }";
        let variables = json!({ "filter": self.filter, "offset": offset,
            "orderBy": { "field": self.field, "direction": self.direction } });
        let token = bench.facts.token(Who::Admin);
        let data = bench.server.ask(token, CURSOR, &variables).await?;
        let cursor = data["leads"]["pageInfo"]["endCursor"].as_str();
        Ok(cursor.ok_or("there is no cursor")?.to_owned())
    }
}
