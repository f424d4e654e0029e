//! Bare SQL: prepared statements, sent by PostgreSQL's own load generator.

use std::fs;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::Result;
use crate::measure::Load;

/// The path of pgbench: beside the programs of the running server, or else where Debian or the
/// search path have it.
pub fn find(postmaster: Option<u32>) -> Result<PathBuf> {
    let running = postmaster.and_then(|pid| fs::read_link(format!("/proc/{pid}/exe")).ok());
    let beside = running.and_then(|program| Some(program.parent()?.join("pgbench")));
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut debian: Vec<PathBuf> = versions
        .filter_map(|entry| Some(entry.ok()?.path().join("bin/pgbench")))
        .collect();
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("pgbench"));
    beside
        .into_iter()
        .chain(debian.into_iter().rev())
        .chain(on_path)
        .find(|program| program.is_file())
        .ok_or_else(|| "pgbench is missing: apt-get install postgresql".into())
}

/// Runs the script, a transaction each time, from that many clients for that long.
///
/// Errors: any statement that fails.
pub async fn run(
    program: &Path,
    url: &str,
    script: &Path,
    clients: usize,
    seconds: u64,
) -> Result<Load> {
    let folder = script.parent().unwrap_or(Path::new("."));
    let log = folder.join("pgbench-log");
    let mut pgbench = Command::new(program);
    pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "--log"]);
    pgbench.arg(format!("--client={clients}"));
    pgbench.arg(format!("--time={seconds}"));
    pgbench.arg(format!("--log-prefix={}", log.display()));
    pgbench.arg("--file").arg(script).arg(url);
    // As the service has it on its connections.
    pgbench.env("PGOPTIONS", "-c jit=off");
    let output = pgbench.kill_on_drop(true).output().await?;
    let mut latencies = take_log(folder)?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("pgbench failed: {said} {text}").into());
    }
    if latencies.is_empty() {
        return Ok(Load::default());
    }
    let per_second = text
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
        .ok_or_else(|| format!("pgbench measured nothing: {text}"))?;
    latencies.sort_by(f64::total_cmp);
    let percentile = |part: f64| {
        let at = (latencies.len() as f64 * part) as usize;
        latencies[at.min(latencies.len() - 1)] / 1e3
    };
    Ok(Load {
        count: latencies.len() as f64,
        per_second,
        p50_ms: percentile(0.50),
        p95_ms: percentile(0.95),
        p99_ms: percentile(0.99),
    })
}

/// The latencies, in microseconds, of a run's log, which is removed.
fn take_log(folder: &Path) -> Result<Vec<f64>> {
    let mut latencies = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(|name| name.starts_with("pgbench-log.")) {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        // client, transaction, latency, script, time
        let latency = |line: &str| line.split(' ').nth(2)?.parse::<f64>().ok();
        latencies.extend(text.lines().filter_map(latency));
        fs::remove_file(&path)?;
    }
    Ok(latencies)
}
