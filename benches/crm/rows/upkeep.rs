//! The cost of the statistics' triggers for writers: each kind of change through the
//! service, in turns with and without the triggers that note what was changed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::facts::Who;
use crate::measure::{Ask, Measured, mean};
use crate::report::{Line, Verdict};
use crate::rows::writes::{CREATE, UPDATE, lead};
use crate::{Bench, Result};

/// The number of turns of each.
const TURNS: usize = 3;
/// The largest ratio to the cost without the triggers.
const LIMIT: f64 = 1.5;
/// Of which each is another than the one before.
const STATUSES: [&str; 4] = ["CONTACTED", "QUALIFIED", "PROPOSAL", "NEGOTIATION"];

const TRIGGERS: &str = "\
    SELECT string_agg(format('ALTER TABLE leads %s TRIGGER %I', '{}', tgname), ';') FROM pg_trigger \
    WHERE tgrelid = 'leads'::regclass AND tgname LIKE 'lead\\_statistics\\_%'";

const NAMES: [&str; 4] = [
    "upkeep: createLead, with statistics",
    "upkeep: updateLead, a status, with statistics",
    "upkeep: updateLead, a follow-up, with statistics",
    "upkeep: updateLead, another field, with statistics",
];

/// The names of these rows.
pub fn names() -> impl Iterator<Item = String> {
    NAMES.into_iter().map(str::to_owned)
}

pub async fn rows(bench: &mut Bench<'_>) {
    let ids = bench.facts.leads.clone();
    let each = |change: &dyn Fn(&String) -> Value| -> Vec<Value> {
        ids.iter()
            .map(|id| json!({ "input": change(id) }))
            .collect()
    };
    let statuses = STATUSES.map(|status| each(&|id| json!({ "id": id, "status": status })));
    let follow_up =
        |id: &String| json!({ "id": id, "nextFollowUp": "2031-05-02T08:00:00.@COUNTZ" });
    let company = |id: &String| json!({ "id": id, "company": "Bench @COUNT" });
    let changes = [
        (CREATE, vec![json!({ "input": lead() })]),
        (UPDATE, statuses.concat()),
        (UPDATE, each(&follow_up)),
        (UPDATE, each(&company)),
    ];
    for (name, (query, variables)) in NAMES.into_iter().zip(changes) {
        if !bench.is_wanted(name) {
            continue;
        }
        eprintln!("{name} …");
        let ask = Ask {
            query,
            variables,
            by: Who::Admin,
        };
        let measured = measure(bench, name, &ask).await;
        bench.report(name, measured);
    }
}

async fn measure(bench: &Bench<'_>, name: &str, ask: &Ask) -> Result<Line> {
    let (options, contender) = (bench.options, bench.http("upkeep", ask)?);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        for (turns, way) in [(&mut with, "ENABLE"), (&mut without, "DISABLE")] {
            let sql = bench.database.sql();
            let switch = sql.text(&TRIGGERS.replace("{}", way)).await?;
            sql.run(&switch).await?;
            turns.push(
                bench
                    .turn(&contender, options.clients, options.seconds)
                    .await?,
            );
            // What was noted is summed up once a second: that belongs to the turn before.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
    let sql = bench.database.sql();
    sql.run(&sql.text(&TRIGGERS.replace("{}", "ENABLE")).await?)
        .await?;
    let (with, without): (Measured, Measured) = (mean(&with), mean(&without));
    Ok(Line {
        clients: Some(options.clients),
        measured: Some(with),
        rows: Some(1),
        verdicts: vec![Verdict::at_most(
            "× without, by CPU:",
            with.cost() / without.cost(),
            LIMIT,
        )],
        ..Line::new(name)
    })
}
