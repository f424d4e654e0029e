//! PostGraphile over the same tables, beside the server: the same page of leads, in turns.
//!
//! Its configuration is in `benches/postgraphile`. It is asked for the newest 50 leads, archived
//! ones too, since without an index it offers no condition on that column: a little less work.

use std::fs::File;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::cpu::Process;
use crate::database::target_folder;
use crate::facts::Who;
use crate::measure::{Ask, Contender};
use crate::report::{Line, Verdict};
use crate::rows::LIST;
use crate::server::post;
use crate::wrk::Wanted;
use crate::{Bench, Result};

const RUN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/postgraphile/run");

/// The target: our throughput as a multiple of its.
const TIMES: f64 = 7.0;
const NAME: &str = "postgraphile: 50 leads × 12 fields, assignee";
/// The time limit of npm, and of the start.
const PATIENCE: Duration = Duration::from_secs(600);

const QUERY: &str = "{ allLeads(first: 50, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) { nodes { \
    rowId firstName lastName email phone company source status leadScore tags nextFollowUp \
    createdAt userByAssignedTo { rowId fullName } } } }";

pub async fn rows(bench: &mut Bench<'_>) {
    if !bench.options.postgraphile || !bench.is_wanted(NAME) {
        return;
    }
    eprintln!("{NAME} …");
    match measure(bench).await {
        Ok(lines) => lines.into_iter().for_each(|line| bench.report.push(line)),
        Err(fault) => bench.report.push(Line::failed(NAME, &*fault)),
    }
}

async fn measure(bench: &Bench<'_>) -> Result<[Line; 2]> {
    let theirs = PostGraphile::start(bench).await?;
    let body = json!({ "query": QUERY }).to_string();
    let data = post(theirs.address, "/graphql", None, &body).await?;
    let nodes = data["allLeads"]["nodes"].as_array().map_or(0, Vec::len);
    let has_assignees = data["allLeads"]["nodes"].as_array().is_some_and(|nodes| {
        nodes
            .iter()
            .any(|node| node["userByAssignedTo"].is_object())
    });
    if nodes != 50 || !has_assignees {
        return Err(format!("PostGraphile answers {nodes} leads").into());
    }
    let bodies = bench.database.folder.join("postgraphile.bodies");
    std::fs::write(&bodies, body)?;
    let contenders = [
        bench.http("list", &Ask::one(Who::Admin, LIST, Value::Null))?,
        Contender::Http {
            url: format!("http://{}/graphql", theirs.address),
            bodies,
            token: String::new(),
            process: Process::Alone(theirs.pid),
            wanted: Wanted::Data,
        },
    ];
    let clients = bench.options.clients;
    let measured = bench
        .in_turns(&contenders, clients, bench.options.seconds)
        .await?;
    let line = |name: &str, at: usize| Line {
        clients: Some(clients),
        measured: Some(measured[at]),
        rows: Some(nodes as u64),
        ..Line::new(name)
    };
    let times = measured[0].load.per_second / measured[1].load.per_second;
    let mut ours = line("list: the same, in turns with PostGraphile", 0);
    ours.verdicts
        .push(Verdict::at_least("× PostGraphile:", times, TIMES));
    Ok([line(NAME, 1), ours])
}

/// Its process, which ends when this is dropped.
struct PostGraphile {
    _process: Child,
    pid: u32,
    address: SocketAddr,
}

impl PostGraphile {
    async fn start(bench: &Bench<'_>) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let log = bench.database.folder.join("postgraphile.log");
        // The script becomes the process that it starts.
        let mut process = Command::new(RUN)
            .arg(target_folder()?.join("bench/postgraphile"))
            .arg(&bench.database.url)
            .arg(address.port().to_string())
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .kill_on_drop(true)
            .spawn()?;
        let pid = process.id().ok_or("PostGraphile has no process")?;
        let (began, ready) = (
            Instant::now(),
            json!({ "query": "{ __typename }" }).to_string(),
        );
        while post(address, "/graphql", None, &ready).await.is_err() {
            if process.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                let said = std::fs::read_to_string(&log)?;
                return Err(format!("PostGraphile does not start: {said}").into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(Self {
            _process: process,
            pid,
            address,
        })
    }
}
