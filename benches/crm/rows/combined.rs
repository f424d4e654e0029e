//! Searches of every kind together with any filter and any order, and lists with any filter in any
//! order: as many different ones as a row has questions, spread evenly over all there are.

use serde_json::{Value, json};

use crate::facts::Who;
use crate::measure::{Ask, Expect, Row, Target};
use crate::rows::{LIST, search};
use crate::{Bench, Result};

/// The number of combinations per row.
const COMBINATIONS: usize = 300;
/// From one to the next, of all: a prime, so that every kind meets every other.
const STEP: usize = 7_919;

const FIELDS: [&str; 10] = [
    "CREATED_AT",
    "UPDATED_AT",
    "LAST_CONTACT_DATE",
    "NEXT_FOLLOW_UP",
    "LEAD_SCORE",
    "CONVERSION_PROBABILITY",
    "LAST_NAME",
    "COMPANY",
    "STATUS",
    "SOURCE",
];

pub async fn rows(bench: &mut Bench<'_>) -> Result<()> {
    let by = [
        ("", Who::Admin),
        (", as a manager", Who::Manager),
        (", as an agent", Who::Agent),
    ];
    for (kind, targets) in [("search", &[Target::P99(150.0)][..]), ("list", &[])] {
        let name = |by: &str| format!("{kind}: {COMBINATIONS} with any filter, in any order{by}");
        if !by.iter().any(|(shown, _)| bench.is_wanted(&name(shown))) {
            continue;
        }
        let texts = match kind {
            "search" => search::texts(bench.database.sql()).await?,
            _ => Vec::new(),
        };
        let combinations = combinations(&texts, &filters(bench.facts.agent()));
        for (shown, by) in by {
            bench
                .measure(Row {
                    name: name(shown),
                    clients: bench.options.few,
                    ask: Ask {
                        query: LIST,
                        variables: combinations.clone(),
                        by,
                    },
                    sql: None,
                    expect: Expect::AsManyAs(None),
                    targets,
                })
                .await;
        }
    }
    Ok(())
}

fn filters(agent: &str) -> [Value; 18] {
    let quarter = json!({ "from": "2025-01-01T00:00:00Z", "to": "2025-04-01T00:00:00Z" });
    [
        json!({}),
        json!({ "status": ["WON"] }),
        json!({ "status": ["NEW", "QUALIFIED"] }),
        json!({ "status": ["WON"], "createdAt": { "from": "2025-01-01T00:00:00Z" } }),
        json!({ "source": ["WEBSITE"] }),
        json!({ "createdAt": quarter }),
        json!({ "isHotLead": true }),
        json!({ "tags": { "any": ["smb"] } }),
        json!({ "assignedTo": [agent] }),
        json!({ "unassigned": true }),
        json!({ "status": ["QUALIFIED"], "source": ["REFERRAL"] }),
        json!({ "status": ["LOST"], "isHotLead": true }),
        json!({ "status": ["WON"], "source": ["WHATSAPP"], "unassigned": true }),
        json!({ "leadScore": { "min": 95 } }),
        json!({ "conversionProbability": { "min": 0.3, "max": 0.9 } }),
        json!({ "nextFollowUp": { "to": "2026-12-31T00:00:00Z" } }),
        json!({ "archived": "ONLY" }),
        json!({ "customFields": { "budget": 36500 } }),
    ]
}

fn combinations(texts: &[String], filters: &[Value]) -> Vec<Value> {
    let ways = ["ASC", "DESC"];
    let all = texts.len().max(1) * filters.len() * FIELDS.len() * ways.len();
    let combination = |number: usize| {
        let mut rest = number * STEP % all;
        let mut one_of = |choices: usize| {
            let choice = rest % choices;
            rest /= choices;
            choice
        };
        json!({
            "search": texts.get(one_of(texts.len().max(1))),
            "filter": filters[one_of(filters.len())],
            "orderBy": {
                "field": FIELDS[one_of(FIELDS.len())],
                "direction": ways[one_of(ways.len())],
            },
        })
    };
    (0..COMBINATIONS).map(combination).collect()
}
