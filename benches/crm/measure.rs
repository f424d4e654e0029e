//! Measures what is asked over HTTP beside the bare SQL for the same rows, in turns: what else the
//! machine does hits both.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cpu::Process;
use crate::facts::Who;
use crate::report::{Line, Verdict};
use crate::wrk::Wanted;
use crate::{Bench, Result, pgbench, wal, wrk};

/// The number of turns of each of those that are compared.
const TURNS: usize = 2;
/// The number of a row's requests that are sent once, before the measurement, to check the answers.
const LOOKED_AT: usize = 50;
/// The time limit for statements whose clients have gone to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// The figures of a load generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    pub count: f64,
    pub per_second: f64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
}

/// The figures of a turn, and its costs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measured {
    pub load: Load,
    /// CPU time of the server, in milliseconds a request.
    pub server_ms: Option<f64>,
    /// CPU time of all of PostgreSQL, in milliseconds a request.
    pub postgres_ms: Option<f64>,
    /// The write-ahead log of PostgreSQL, in kB per request.
    pub wal_kb: f64,
}

impl Measured {
    /// The cost of a request: CPU time of the server and of PostgreSQL or, where PostgreSQL is out of
    /// sight, the time between two answers. What else the machine does hardly touches the first.
    pub fn cost(&self) -> f64 {
        match (self.server_ms, self.postgres_ms) {
            (Some(server), Some(postgres)) => server + postgres,
            _ => 1e3 / self.load.per_second,
        }
    }
}

/// One of those that are compared.
pub enum Contender {
    /// Somebody who answers over HTTP.
    Http {
        url: String,
        /// A file of bodies, one a line.
        bodies: PathBuf,
        token: String,
        process: Process,
        wanted: Wanted,
    },
    /// PostgreSQL itself, by a script for pgbench.
    Sql { script: PathBuf },
}

/// A question, with all the variables it is asked with in turn.
#[derive(Clone)]
pub struct Ask {
    pub query: &'static str,
    pub variables: Vec<Value>,
    pub by: Who,
}

impl Ask {
    /// A question that is always the same.
    pub fn one(by: Who, query: &'static str, variables: Value) -> Self {
        Self {
            query,
            variables: vec![variables],
            by,
        }
    }
}

/// The expected answer, checked before anything is measured.
pub enum Expect {
    /// The ids of the leads that this statement finds, in its order.
    Leads(String),
    /// At least as many leads, up to a page, as this statement finds; or any number of them.
    AsManyAs(Option<String>),
    /// At this place, the value of this name among the variables.
    Variable(&'static str, &'static str),
    /// At this place, the number that this statement finds.
    Number(&'static str, String),
    /// At this place, anything but null.
    Something(&'static str),
}

/// A figure that an operation is to have.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// Milliseconds of the server's CPU time a request, at most.
    Server(f64),
    /// Milliseconds of PostgreSQL's CPU time a request, at most.
    Postgres(f64),
    /// Throughput, at least this part of the bare SQL's.
    OfSql(f64),
    /// Milliseconds that half of the requests take at most.
    P50(f64),
    /// Milliseconds that 99 of 100 requests take at most.
    P99(f64),
}

/// An operation.
pub struct Row {
    pub name: String,
    pub clients: usize,
    pub ask: Ask,
    /// The bare SQL for the same rows: a script for pgbench.
    pub sql: Option<String>,
    pub expect: Expect,
    pub targets: &'static [Target],
}

impl Bench<'_> {
    /// Looks at the row's answers, measures it and reports it; what fails is reported as well.
    pub async fn measure(&mut self, row: Row) {
        if !self.is_wanted(&row.name) {
            return;
        }
        eprintln!("{} …", row.name);
        let line = match self.line(&row).await {
            Ok(line) => line,
            Err(fault) => Line::failed(&row.name, &*fault),
        };
        self.report.push(line);
    }

    async fn line(&self, row: &Row) -> Result<Line> {
        let began = Instant::now();
        let rows = self.look(&row.ask, &row.expect).await?;
        // What takes seconds is given time for a few answers, and all questions are to be asked.
        let looked_at = row.ask.variables.len().min(LOOKED_AT) as f64;
        let each = began.elapsed().as_secs_f64() / looked_at;
        let once = each * row.ask.variables.len() as f64 / row.clients as f64;
        let seconds = once.max(4.0 * each).ceil() as u64;
        let seconds = seconds.max(self.options.seconds);
        let mut contenders = vec![self.http("http", &row.ask)?];
        if let Some(script) = &row.sql {
            contenders.push(self.bare("bare", script)?);
        }
        let measured = self.in_turns(&contenders, row.clients, seconds).await?;
        let (is, sql) = (measured[0], measured.get(1).copied());
        let verdicts = row
            .targets
            .iter()
            .filter_map(|target| target.verdict(&is, sql.as_ref()));
        Ok(Line {
            clients: Some(row.clients),
            measured: Some(is),
            sql,
            rows: Some(rows),
            remark: wal::remark(&is, sql.as_ref()),
            verdicts: verdicts.collect(),
            ..Line::new(&row.name)
        })
    }

    /// Measures each in its turn, [`TURNS`] times.
    pub async fn in_turns(
        &self,
        all: &[Contender],
        clients: usize,
        seconds: u64,
    ) -> Result<Vec<Measured>> {
        let mut turns: Vec<Vec<Measured>> = vec![Vec::new(); all.len()];
        for _ in 0..TURNS {
            for (contender, turns) in all.iter().zip(&mut turns) {
                turns.push(self.turn(contender, clients, seconds).await?);
            }
        }
        Ok(turns.iter().map(|turns| mean(turns)).collect())
    }

    /// One turn; a longer one where the first saw no answer at all.
    pub async fn turn(
        &self,
        contender: &Contender,
        clients: usize,
        seconds: u64,
    ) -> Result<Measured> {
        for seconds in [seconds, 10 * seconds] {
            let measured = self.try_turn(contender, clients, seconds).await?;
            if measured.load.count > 0.0 {
                return Ok(measured);
            }
        }
        Err(format!("no answer in {} s", 10 * seconds).into())
    }

    async fn try_turn(
        &self,
        contender: &Contender,
        clients: usize,
        seconds: u64,
    ) -> Result<Measured> {
        let process = match contender {
            Contender::Http { process, .. } => Some(*process),
            Contender::Sql { .. } => None,
        };
        let postgres = self.database.processes;
        self.wait_for_quiet().await?;
        let cpu = |process: Option<Process>| process.map(Process::cpu_ms).transpose();
        let sql = self.database.sql();
        let begin = sql.text(wal::POSITION).await?;
        let before = (cpu(process)?, cpu(postgres)?);
        let load = match contender {
            Contender::Http {
                url,
                bodies,
                token,
                wanted,
                ..
            } => wrk::run(url, bodies, token, *wanted, clients, seconds).await?,
            Contender::Sql { script } => {
                let (program, url) = (&self.pgbench, &self.database.url);
                pgbench::run(program, url, script, clients, seconds).await?
            }
        };
        let after = (cpu(process)?, cpu(postgres)?);
        let end = sql.text(wal::POSITION).await?;
        let wal = wal::records(sql, &begin, &end).await;
        let each = |before: Option<f64>, after: Option<f64>| Some((after? - before?) / load.count);
        Ok(Measured {
            load,
            server_ms: each(before.0, after.0),
            postgres_ms: each(before.1, after.1),
            wal_kb: wal as f64 / 1e3 / load.count,
        })
    }

    /// Waits until PostgreSQL is done with what the last turn's clients no longer waited for.
    async fn wait_for_quiet(&self) -> Result<()> {
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' \
                    AND datname = current_database() AND pid <> pg_backend_pid()";
        let began = Instant::now();
        while self.database.sql().number(busy).await? > 0 && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Our server, asked this. `name` is the file's.
    pub fn http(&self, name: &str, ask: &Ask) -> Result<Contender> {
        let bodies = self.database.folder.join(format!("{name}.bodies"));
        let lines: Vec<String> = ask
            .variables
            .iter()
            .map(|variables| body(ask.query, variables))
            .collect();
        fs::write(&bodies, lines.join("\n"))?;
        Ok(Contender::Http {
            url: self.server.url(),
            bodies,
            token: self.facts.token(ask.by).unwrap_or_default().to_owned(),
            process: self.server.processes(),
            wanted: Wanted::Data,
        })
    }

    /// PostgreSQL, given this script. `name` is the file's.
    pub fn bare(&self, name: &str, script: &str) -> Result<Contender> {
        let file = self.database.folder.join(format!("{name}.sql"));
        fs::write(&file, script)?;
        Ok(Contender::Sql { script: file })
    }

    /// Asks the first of the questions and looks at the answers. Returns how many rows the first
    /// one has, or counts.
    pub async fn look(&self, ask: &Ask, expect: &Expect) -> Result<u64> {
        let mut rows = None;
        for variables in ask.variables.iter().take(LOOKED_AT) {
            let body = body(ask.query, variables).replace("@COUNT", "000000");
            let data = self.server.post(self.facts.token(ask.by), &body).await?;
            let found = self.compare(&data, variables, expect).await?;
            rows.get_or_insert(found);
        }
        Ok(rows.unwrap_or_default())
    }

    async fn compare(&self, data: &Value, variables: &Value, expect: &Expect) -> Result<u64> {
        let (is, wanted) = match expect {
            Expect::Leads(statement) => {
                let found = self.database.sql().column(statement).await?;
                (json!(ids(data)), json!(found))
            }
            Expect::AsManyAs(statement) => {
                let least = match statement {
                    Some(statement) => self.database.sql().rows(statement).await?.len(),
                    None => 0,
                };
                let there = ids(data).len();
                (json!(there), json!(there.max(least)))
            }
            Expect::Variable(place, name) => (at(data, place), variables[name].clone()),
            Expect::Number(place, statement) => {
                let number = self.database.sql().number(statement).await?;
                (at(data, place), json!(number))
            }
            Expect::Something(place) => {
                let found = at(data, place);
                let missing = found.is_null();
                (
                    found,
                    if missing {
                        json!("anything")
                    } else {
                        at(data, place)
                    },
                )
            }
        };
        if is != wanted {
            let shown = |value: &Value| value.to_string().chars().take(300).collect::<String>();
            return Err(
                format!("wrong answer: {} instead of {}", shown(&is), shown(&wanted)).into(),
            );
        }
        Ok(match expect {
            Expect::Leads(_) => ids(data).len() as u64,
            Expect::AsManyAs(_) | Expect::Number(..) => is.as_u64().unwrap_or_default(),
            Expect::Variable(..) | Expect::Something(_) => 1,
        })
    }
}

impl Target {
    pub fn verdict(self, is: &Measured, sql: Option<&Measured>) -> Option<Verdict> {
        Some(match self {
            Self::Server(limit) => Verdict::at_most("server CPU ms", is.server_ms?, limit),
            Self::Postgres(limit) => Verdict::at_most("PG CPU ms", is.postgres_ms?, limit),
            Self::P50(limit) => Verdict::at_most("p50 ms", is.load.p50_ms, limit),
            Self::P99(limit) => Verdict::at_most("p99 ms", is.load.p99_ms, limit),
            Self::OfSql(limit) => {
                let part = is.load.per_second / sql?.load.per_second;
                Verdict::at_least("of bare SQL", part, limit)
            }
        })
    }
}

/// A request's body, on one line.
fn body(query: &str, variables: &Value) -> String {
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
    json!({ "query": query, "variables": variables }).to_string()
}

/// The ids of a page.
fn ids(data: &Value) -> Vec<&str> {
    let nodes = data.pointer("/leads/nodes").and_then(Value::as_array);
    let nodes = nodes.into_iter().flatten();
    nodes.filter_map(|node| node["id"].as_str()).collect()
}

fn at(data: &Value, place: &str) -> Value {
    data.pointer(place).cloned().unwrap_or_default()
}

/// All turns as one.
pub fn mean(turns: &[Measured]) -> Measured {
    let over = |value: &dyn Fn(&Measured) -> f64| {
        turns.iter().map(value).sum::<f64>() / turns.len() as f64
    };
    let cost = |value: &dyn Fn(&Measured) -> Option<f64>| {
        let known: Option<Vec<f64>> = turns.iter().map(value).collect();
        known.map(|known| known.iter().sum::<f64>() / known.len() as f64)
    };
    Measured {
        load: Load {
            count: over(&|turn| turn.load.count),
            per_second: over(&|turn| turn.load.per_second),
            p50_ms: over(&|turn| turn.load.p50_ms),
            p95_ms: over(&|turn| turn.load.p95_ms),
            p99_ms: over(&|turn| turn.load.p99_ms),
        },
        server_ms: cost(&|turn| turn.server_ms),
        postgres_ms: cost(&|turn| turn.postgres_ms),
        wal_kb: over(&|turn| turn.wal_kb),
    }
}
