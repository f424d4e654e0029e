//! `totalCount`.

use serde_json::{Value, json};

use crate::Bench;
use crate::facts::Who;
use crate::measure::{Ask, Expect, Row};
use crate::rows::{Choice, LISTED};

const COUNT: &str = "
    query ($filter: LeadFilter, $search: String) {
      leads(filter: $filter, search: $search, first: 1) { totalCount } }";

pub async fn rows(bench: &mut Bench<'_>) {
    let (facts, agent) = (&bench.facts, bench.facts.agent());
    let tagged = json!({ "tags": { "all": ["newsletter"] } });
    let mine = format!("assigned_to = '{agent}'");
    let choices = [
        Choice::new("all", json!({}), "true"),
        Choice::visible("as a manager", Who::Manager, facts),
        Choice::visible("as an agent", Who::Agent, facts),
        Choice::new(
            "status",
            json!({ "status": ["LOST"] }),
            "status = ANY ('{LOST}')",
        ),
        Choice::new("agent", json!({ "assignedTo": [agent] }), mine),
        Choice::new("frequent tag", tagged, "tags @> '{newsletter}'"),
    ];
    for choice in choices {
        let variables = json!({ "filter": choice.filter });
        measure(bench, choice.name, choice.by, variables, &choice.condition).await;
    }
    let (search, found) = (json!({ "search": "gmail" }), "search_text LIKE '%gmail%'");
    measure(bench, "frequent search", Who::Admin, search, found).await;
}

async fn measure(bench: &mut Bench<'_>, name: &str, by: Who, variables: Value, condition: &str) {
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
