//! The everyday questions: an empty answer, a list, a lead.

use serde_json::json;

use crate::facts::{Who, array};
use crate::measure::{Ask, Contender, Expect, Row, Target};
use crate::report::Line;
use crate::rows::{COLUMNS, LIST, NEWEST, PAGE, page, page_ids, page_script};
use crate::wrk::Wanted;
use crate::{Bench, Result};

const WITHOUT_ASSIGNEE: &str = "
    { leads(first: 50) { nodes {
        id firstName lastName email phone company source status leadScore tags nextFollowUp
        createdAt } } }";

const LEAD: &str = "
    query ($id: ID!) {
      lead(id: $id) {
        id firstName lastName email phone company source status leadScore tags nextFollowUp
        createdAt assignedTo { id fullName }
      }
    }";

const COMPRESSED: &str = "list: the same, compressed";

pub async fn rows(bench: &mut Bench<'_>) -> Result<()> {
    let clients = bench.options.clients;
    bench
        .measure(Row {
            name: "empty: { __typename }".to_owned(),
            clients,
            ask: Ask::one(Who::Nobody, "{ __typename }", json!({})),
            sql: Some("SELECT 1;\n".to_owned()),
            expect: Expect::Something("/__typename"),
            targets: &[],
        })
        .await;
    lists(bench).await?;
    if bench.is_wanted(COMPRESSED) {
        let line = compressed(bench).await;
        bench
            .report
            .push(line.unwrap_or_else(|fault| Line::failed(COMPRESSED, &*fault)));
    }
    bench
        .measure(Row {
            name: "list: 50 leads × 12 fields, no assignee".to_owned(),
            clients,
            ask: Ask::one(Who::Admin, WITHOUT_ASSIGNEE, json!({})),
            sql: Some(format!("{};\n", page(&format!("true {NEWEST}")))),
            expect: Expect::Leads(page_ids(&format!("true {NEWEST}"))),
            targets: &[],
        })
        .await;
    lead(bench).await
}

async fn lists(bench: &mut Bench<'_>) -> Result<()> {
    const TARGETS: &[Target] = &[
        Target::Server(0.25),
        Target::Postgres(0.15),
        Target::OfSql(0.45),
    ];
    let viewers: [(&str, Who, &[Target]); 3] = [
        ("list: 50 leads × 12 fields, assignee", Who::Admin, TARGETS),
        ("list: the same, as a manager", Who::Manager, &[]),
        ("list: the same, as an agent", Who::Agent, &[]),
    ];
    for (name, by, targets) in viewers {
        let rest = format!("{} {NEWEST}", bench.facts.visible(by));
        let sql = page_script(bench.database.sql(), &rest).await?;
        bench
            .measure(Row {
                name: name.to_owned(),
                clients: bench.options.clients,
                ask: Ask::one(by, LIST, json!({})),
                sql: Some(sql),
                expect: Expect::Leads(page_ids(&rest)),
                targets,
            })
            .await;
    }
    Ok(())
}

/// The list by gzip, in turns with the same as it is.
async fn compressed(bench: &Bench<'_>) -> Result<Line> {
    let plain = bench.http("http", &Ask::one(Who::Admin, LIST, json!({})))?;
    let mut packed = bench.http("http", &Ask::one(Who::Admin, LIST, json!({})))?;
    if let Contender::Http { wanted, .. } = &mut packed {
        *wanted = Wanted::Gzip;
    }
    let (clients, seconds) = (bench.options.clients, bench.options.seconds);
    let measured = bench.in_turns(&[packed, plain], clients, seconds).await?;
    let plain_ms = measured[1].server_ms.unwrap_or_default();
    Ok(Line {
        clients: Some(clients),
        measured: measured.first().copied(),
        rows: Some(PAGE),
        remark: format!("{plain_ms:.3} ms of server CPU without"),
        ..Line::new(COMPRESSED)
    })
}

async fn lead(bench: &mut Bench<'_>) -> Result<()> {
    let ids = &bench.facts.leads;
    let ask = Ask {
        query: LEAD,
        variables: ids.iter().map(|id| json!({ "id": id })).collect(),
        by: Who::Admin,
    };
    // The id is picked from an array, and the assignee from another, by one number: both
    // statements stay what they are, and are prepared once.
    let users = format!(
        "SELECT coalesce(assigned_to, id) FROM leads WHERE id = ANY ({}) \
                         ORDER BY array_position({0}, id)",
        array(ids)
    );
    let users = bench.database.sql().column(&users).await?;
    let sql = format!(
        "\\set at random(1, {})\nSELECT {COLUMNS} FROM leads WHERE id = ({})[:at];\n\
         SELECT id, full_name FROM users WHERE id = ANY (ARRAY[({})[:at]]);\n",
        ids.len(),
        array(ids),
        array(&users)
    );
    bench
        .measure(Row {
            name: "lead: by id, with its assignee".to_owned(),
            clients: bench.options.clients,
            ask,
            sql: Some(sql),
            expect: Expect::Variable("/lead/id", "id"),
            targets: &[Target::Server(0.10), Target::Postgres(0.08)],
        })
        .await;
    Ok(())
}
