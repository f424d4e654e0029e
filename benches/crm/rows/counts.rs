//! `totalCount`.

use serde_json::{Value, json};

use crate::Bench;
use crate::facts::Who;
use crate::measure::{Ask, Expect, Row};
use crate::rows::{LISTED, quoted};

const COUNT: &str = "
    query ($filter: LeadFilter, $search: String) {
      leads(filter: $filter, search: $search, first: 1) { totalCount } }";

pub async fn rows(bench: &mut Bench<'_>) {
    let agent = bench.facts.agent();
    let counts: Vec<(&str, Who, Value, String)> = vec![
        ("all", Who::Admin, json!({}), "true".to_owned()),
        (
            "as a manager",
            Who::Manager,
            json!({}),
            bench.facts.visible(Who::Manager),
        ),
        (
            "as an agent",
            Who::Agent,
            json!({}),
            bench.facts.visible(Who::Agent),
        ),
        (
            "status",
            Who::Admin,
            json!({ "filter": { "status": ["LOST"] } }),
            "status = ANY ('{LOST}')".to_owned(),
        ),
        (
            "agent",
            Who::Admin,
            json!({ "filter": { "assignedTo": [agent] } }),
            format!("assigned_to = '{agent}'"),
        ),
        (
            "frequent tag",
            Who::Admin,
            json!({ "filter": { "tags": { "all": ["newsletter"] } } }),
            "tags @> '{newsletter}'".to_owned(),
        ),
        (
            "frequent search",
            Who::Admin,
            json!({ "search": "gmail" }),
            format!("search_text LIKE {}", quoted("%gmail%")),
        ),
    ];
    for (name, by, variables, condition) in counts {
        let sql = format!("SELECT count(*) FROM leads WHERE {LISTED} AND {condition}");
        bench
            .measure(Row {
                name: format!("count: {name}"),
                clients: bench.options.few,
                ask: Ask::one(by, COUNT, variables),
                sql: Some(format!("{sql};\n")),
                expect: Expect::Number("/leads/totalCount", sql),
                targets: &[],
            })
            .await;
    }
}
