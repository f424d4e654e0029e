//! Bulk changes, each beside the bare UPDATE with the same rows for the timeline, in turns.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::cpu::Process;
use crate::facts::{Who, array};
use crate::measure::{Load, Measured};
use crate::report::{Line, Verdict, figure};
use crate::rows::LISTED;
use crate::{Bench, Result};

/// The change, the number of leads, and the largest ratio to the time of the bare UPDATE.
const CHANGES: [(Kind, u64, Option<f64>); 4] = [
    (Kind::Status, 10_000, None),
    (Kind::Tags, 10_000, None),
    (Kind::Assignee, 10_000, None),
    (Kind::Status, 100_000, Some(2.0)),
];
/// The number of turns of each; the fastest counts, because noise only slows down.
const TURNS: usize = 3;

/// The names of these rows.
pub fn names() -> impl Iterator<Item = String> {
    CHANGES.iter().map(|(kind, size, _)| kind.name(*size))
}

#[derive(Clone, Copy)]
enum Kind {
    Status,
    Tags,
    Assignee,
}

impl Kind {
    fn name(self, size: u64) -> String {
        let what = match self {
            Self::Status => "status",
            Self::Tags => "tags",
            Self::Assignee => "assignee",
        };
        format!("bulk: {what} of {size} leads")
    }

    /// The mutation, and its input besides the leads.
    fn mutation(self, bench: &Bench<'_>) -> (&'static str, Value) {
        match self {
            Self::Status => (
                "mutation ($input: BulkUpdateStatusInput!) {
                   change: bulkUpdateStatus(input: $input) { succeeded } }",
                json!({ "status": "CONTACTED" }),
            ),
            Self::Tags => (
                "mutation ($input: BulkTagInput!) { change: bulkTag(input: $input) { succeeded } }",
                json!({ "add": ["benched"] }),
            ),
            Self::Assignee => (
                "mutation ($input: AssignLeadsInput!) { change: assignLeads(input: $input) { succeeded } }",
                json!({ "to": { "userId": bench.facts.agent() } }),
            ),
        }
    }

    /// In SQL, another value than that of the mutation.
    fn set(self, bench: &Bench<'_>) -> String {
        match self {
            Self::Status => "status = 'CALLBACK'".to_owned(),
            Self::Tags => "tags = array_remove(tags, 'benched') || '{bare}'::text[], \
                tag_keys = array_remove(tag_keys, 'benched') || '{bare}'::text[]"
                .to_owned(),
            Self::Assignee => format!("assigned_to = '{}'", bench.facts.admin()),
        }
    }
}

/// The leads that are changed: those created between two moments.
struct Selection {
    filter: Value,
    condition: String,
    ids: Vec<String>,
}

/// The time of one change in milliseconds: by the clock, and CPU time of the server and of PostgreSQL.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    server: f64,
    postgres: Option<f64>,
}

pub async fn rows(bench: &mut Bench<'_>) {
    for (kind, size, limit) in CHANGES {
        let name = kind.name(size);
        if size * 2 > bench.options.leads || !bench.is_wanted(&name) {
            continue;
        }
        eprintln!("{name} …");
        let line = match measure(bench, kind, size, limit).await {
            Ok(line) => line,
            Err(fault) => Line::failed(&name, &*fault),
        };
        bench.report.push(line);
    }
}

async fn measure(bench: &mut Bench<'_>, kind: Kind, size: u64, limit: Option<f64>) -> Result<Line> {
    let selection = Selection::of(bench, size).await?;
    // All have one value before, so that every turn changes all of them.
    change_bare(bench, &selection, kind, size).await?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        settle(bench).await?;
        ours.push(change(bench, &selection, kind, size).await?);
        settle(bench).await?;
        bare.push(change_bare(bench, &selection, kind, size).await?);
    }
    let (ours, bare) = (fastest(&ours), fastest(&bare));
    let ratio = ours.wall / bare.wall;
    Ok(Line {
        clients: Some(1),
        measured: Some(ours.measured()),
        sql: Some(bare.measured()),
        rows: Some(size),
        remark: format!(
            "{} s, bare {} s",
            figure(Some(ours.wall / 1e3)),
            figure(Some(bare.wall / 1e3))
        ),
        verdicts: limit
            .map(|limit| Verdict::at_most("× bare UPDATE:", ratio, limit))
            .into_iter()
            .collect(),
        ..Line::new(&kind.name(size))
    })
}

/// Waits until what the turn before left to do is done: no turn shall pay for another.
async fn settle(bench: &Bench<'_>) -> Result<()> {
    let sql = bench.database.sql();
    let waiting = "SELECT count(*) FROM lead_statistics_deltas";
    while sql.number(waiting).await? > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    sql.run("CHECKPOINT").await
}

async fn change(bench: &Bench<'_>, selection: &Selection, kind: Kind, size: u64) -> Result<Cost> {
    let (mutation, mut input) = kind.mutation(bench);
    input["leads"] = json!({ "matching": { "filter": selection.filter } });
    let variables = json!({ "input": input });
    let token = bench.facts.token(Who::Admin);
    let processes = Some(bench.server.processes());
    let started = Started::now(processes, bench.database.processes)?;
    let data = bench.server.ask(token, mutation, &variables).await?;
    let cost = started.cost()?;
    if data["change"]["succeeded"] != json!(size) {
        return Err(format!("not all of {size} leads were changed: {data}").into());
    }
    Ok(cost)
}

/// The same in bare SQL: an UPDATE, and one row in the timeline for each lead.
async fn change_bare(
    bench: &mut Bench<'_>,
    selection: &Selection,
    kind: Kind,
    size: u64,
) -> Result<Cost> {
    let notes: Vec<String> = selection
        .ids
        .iter()
        .map(|_| Uuid::now_v7().to_string())
        .collect();
    // The ids are made by the service, so bare SQL has them before.
    let sql = bench.database.sql();
    sql.run(&format!(
        "CREATE TEMP TABLE IF NOT EXISTS bare (id uuid, lead uuid); TRUNCATE bare; \
         INSERT INTO bare SELECT * FROM unnest({}, {}); ANALYZE bare",
        array(&notes),
        array(&selection.ids)
    ))
    .await?;
    let update = format!(
        "UPDATE leads SET {}, updated_at = now(), version = version + 1 WHERE {}",
        kind.set(bench),
        selection.condition
    );
    let insert = format!(
        "INSERT INTO lead_notes (id, lead_id, author_id, note_type, content, changes, created_at) \
         SELECT id, lead, '{}', 'CHANGE', '', \
         '{{\"status\": [\"CONTACTED\", \"CALLBACK\"]}}', now() FROM bare",
        bench.facts.admin()
    );
    let started = Started::now(None, bench.database.processes)?;
    let transaction = bench.database.client().transaction().await?;
    let updated = transaction.execute(&update, &[]).await?;
    let noted = transaction.execute(&insert, &[]).await?;
    transaction.commit().await?;
    let cost = started.cost()?;
    if (updated, noted) != (size, size) {
        return Err(format!("bare SQL changed {updated} leads and noted {noted}").into());
    }
    Ok(cost)
}

fn fastest(costs: &[Cost]) -> Cost {
    let fastest = costs.iter().min_by(|a, b| a.wall.total_cmp(&b.wall));
    fastest.copied().unwrap_or(Cost {
        wall: f64::NAN,
        server: 0.0,
        postgres: None,
    })
}

/// The clocks before a change.
struct Started {
    at: Instant,
    server: Option<Process>,
    postgres: Option<Process>,
    before: (f64, Option<f64>),
}

impl Started {
    fn now(server: Option<Process>, postgres: Option<Process>) -> Result<Self> {
        let before = cpu(server, postgres)?;
        Ok(Self {
            at: Instant::now(),
            server,
            postgres,
            before,
        })
    }

    fn cost(self) -> Result<Cost> {
        let wall = self.at.elapsed().as_secs_f64() * 1e3;
        let (server, postgres) = cpu(self.server, self.postgres)?;
        Ok(Cost {
            wall,
            server: server - self.before.0,
            postgres: postgres
                .zip(self.before.1)
                .map(|(after, before)| after - before),
        })
    }
}

fn cpu(server: Option<Process>, postgres: Option<Process>) -> Result<(f64, Option<f64>)> {
    let server = server.map(Process::cpu_ms).transpose()?.unwrap_or_default();
    Ok((server, postgres.map(Process::cpu_ms).transpose()?))
}

impl Cost {
    /// As a load of one request after the other.
    fn measured(self) -> Measured {
        Measured {
            load: Load {
                count: 1.0,
                per_second: 1e3 / self.wall,
                p50_ms: self.wall,
                p95_ms: self.wall,
                p99_ms: self.wall,
            },
            server_ms: Some(self.server),
            postgres_ms: self.postgres,
            wal_kb: 0.0,
        }
    }
}

impl Selection {
    /// The oldest leads that are not archived.
    async fn of(bench: &Bench<'_>, size: u64) -> Result<Self> {
        let sql = bench.database.sql();
        let moment = format!(
            "SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM leads \
             WHERE {LISTED} ORDER BY created_at, id OFFSET {size} LIMIT 1"
        );
        let until = sql.text(&moment).await?;
        let condition = format!("{LISTED} AND created_at < '{until}'");
        let ids = sql
            .column(&format!("SELECT id FROM leads WHERE {condition}"))
            .await?;
        if ids.len() as u64 != size {
            return Err(format!("{} leads were created before {until}", ids.len()).into());
        }
        Ok(Self {
            filter: json!({ "createdAt": { "to": until } }),
            condition,
            ids,
        })
    }
}
