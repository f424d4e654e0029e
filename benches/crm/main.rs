//! The benchmark: `cargo bench`.
//!
//! Makes a database of N leads once, starts the server on it, and measures every operation over
//! HTTP with wrk, in turns with the bare SQL for the same rows by pgbench. Absolute times are the
//! machine's; the ratios and the CPU time of a request are the program's.

mod cpu;
mod database;
mod facts;
mod fill;
mod machine;
mod measure;
mod pgbench;
mod postgraphile;
mod report;
mod rows;
mod server;
mod wal;
mod wrk;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use database::Database;
use facts::{Facts, Who};
use measure::Ask;
use report::{Line, Report};
use server::Server;

/// A result; its error is a sentence for the user of the benchmark.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// The number of leads that others are compared with.
const MILLION: u64 = 1_000_000;

/// Measures the server on a database of its own.
#[derive(Parser)]
#[command(name = "cargo bench --")]
struct Options {
    /// Number of leads in the database; it is made once and kept in target/bench
    #[arg(long, value_name = "N", default_value_t = MILLION)]
    leads: u64,
    /// Measure on this database instead of the benchmark's own; filled if there is no lead in it
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Length of a turn; each of the compared servers has two
    #[arg(long, value_name = "S", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Number of concurrent clients
    #[arg(long, value_name = "C", default_value_t = 16)]
    clients: usize,
    /// Number of concurrent clients of searches, counts and statistics
    #[arg(long, value_name = "C", default_value_t = 2)]
    few: usize,
    /// All operations, not only those that users feel
    #[arg(long)]
    full: bool,
    /// Only operations whose names contain one of these texts
    #[arg(long, value_name = "TEXT", num_args = 1..)]
    only: Vec<String>,
    /// Time for which the memory is watched; 0: as long as a turn
    #[arg(long, value_name = "MINUTES", default_value_t = 10)]
    memory_minutes: u64,
    /// Measures PostGraphile beside the server, too; fetches it by npm once
    #[arg(long)]
    postgraphile: bool,
    /// Writes benches/RESULTS.md anew or, for another number of leads, at its end
    #[arg(long)]
    write: bool,
    /// The flag that cargo passes to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// All that a row needs.
struct Bench<'a> {
    options: &'a Options,
    database: Database,
    server: Server,
    facts: Facts,
    pgbench: PathBuf,
    report: Report,
}

impl Bench<'_> {
    fn is_wanted(&self, name: &str) -> bool {
        match self.options.only.as_slice() {
            [] => self.options.full || rows::is_usual(name),
            only => only.iter().any(|part| name.contains(part.as_str())),
        }
    }

    /// Reports a row, or why it could not be measured.
    fn report(&mut self, name: &str, measured: Result<Line>) {
        let line = measured.unwrap_or_else(|fault| Line::failed(name, &*fault));
        self.report.push(line);
    }

    /// Reports why a kind of rows was not measured.
    fn note(&mut self, kind: &str, outcome: Result<()>) {
        if let Err(fault) = outcome {
            self.report.push(Line::failed(kind, &*fault));
        }
    }

    /// Gives the server a new process, on the database that is measured now.
    async fn restart(&mut self) -> Result<()> {
        let new = Server::start(&self.database.url, &self.database.folder).await?;
        std::mem::replace(&mut self.server, new).stop().await?;
        self.warm_up().await
    }

    /// Has the server connect to PostgreSQL as often as it will: pgbench does so, too, before it
    /// measures.
    async fn warm_up(&self) -> Result<()> {
        let list = Ask {
            query: rows::LIST,
            variables: vec![serde_json::json!({})],
            by: Who::Admin,
        };
        let list = self.http("warm-up", &list)?;
        self.in_turns(&[list], self.options.clients, 1).await?;
        Ok(())
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = runtime
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(&options)));
    match outcome {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("{failed} operations could not be measured");
            ExitCode::FAILURE
        }
        Err(fault) => {
            eprintln!("bench: {fault}");
            ExitCode::FAILURE
        }
    }
}

/// Measures and prints. Returns how many operations failed.
async fn run(options: &Options) -> Result<usize> {
    let (wrk, load) = (wrk::version().await?, machine::load()?);
    let database = Database::open(options).await?;
    let pgbench = pgbench::find(database.postmaster)?;
    let server = Server::start(&database.url, &database.folder).await?;
    let facts = Facts::gather(&database, &server).await?;
    let mut bench = Bench {
        options,
        database,
        server,
        facts,
        pgbench,
        report: Report::default(),
    };
    bench.warm_up().await?;
    rows::all(&mut bench).await;
    let costs = |leads| database::folder(leads).map(|folder| folder.join("costs.json"));
    bench.report.keep_costs(&costs(options.leads)?)?;
    if options.leads != MILLION {
        bench.report.compare(&costs(MILLION)?, MILLION)?;
    }
    let machine = machine::describe(bench.database.sql(), &wrk, &load).await?;
    let (targets, met) = bench.report.targets();
    println!(
        "\n{machine}\n{}\n{met} of {targets} targets are met",
        bench.report
    );
    if options.write {
        machine::write(&machine, &bench.report, options.leads)?;
    }
    let failures = bench.report.failures();
    bench.server.stop().await?;
    bench.database.close().await?;
    Ok(failures)
}
