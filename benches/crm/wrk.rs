//! Requests over HTTP, sent by wrk.

use std::path::Path;

use tokio::process::Command;

use crate::Result;
use crate::measure::Load;

/// The answers that a run must get; any other one fails it.
#[derive(Debug, Clone, Copy)]
pub enum Wanted {
    /// Data without errors.
    Data,
    /// Data that is compressed.
    Gzip,
    /// A refusal with this code.
    Refusal(&'static str),
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/crm/wrk.lua");

/// The version line of wrk. Errors: it is not installed.
pub async fn version() -> Result<String> {
    let said = Command::new("wrk").arg("--version").output().await;
    let said = said.map_err(|_| "wrk is missing: apt-get install wrk")?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let first = text.lines().next().unwrap_or_default();
    Ok(first.split(" Copyright").next().unwrap_or(first).to_owned())
}

/// Posts the bodies in `file`, one a line, from that many clients for that long. What is not
/// answered by then does not count.
///
/// Errors: any other answer than the wanted one.
pub async fn run(
    url: &str,
    file: &Path,
    token: &str,
    wanted: Wanted,
    clients: usize,
    seconds: u64,
) -> Result<Load> {
    let mut wrk = Command::new("wrk");
    wrk.args(["--threads", "1", "--timeout", "300s", "--script", SCRIPT]);
    wrk.args(["--connections", &clients.to_string()]);
    wrk.args(["--duration", &format!("{seconds}s"), url, "--"]);
    let output = wrk
        .arg(file)
        .arg(token)
        .arg(match wanted {
            Wanted::Data => "",
            Wanted::Gzip => "gzip",
            Wanted::Refusal(code) => code,
        })
        .kill_on_drop(true)
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("wrk failed: {said} {text}").into());
    }
    parse(&text)
}

fn parse(text: &str) -> Result<Load> {
    let tagged = |tag: &str| text.lines().find_map(|line| line.strip_prefix(tag));
    let measured = tagged("MEASURED ").ok_or_else(|| format!("wrk measured nothing: {text}"))?;
    let numbers: Vec<f64> = measured
        .split_whitespace()
        .filter_map(|number| number.parse().ok())
        .collect();
    let [requests, micros, p50, p95, p99, bad, broken] = numbers[..] else {
        return Err(format!("wrk said {measured:?}").into());
    };
    if bad + broken > 0.0 {
        let said = tagged("SAID ").unwrap_or_default();
        let counts = format!("{bad} errors and {broken} broken connections in {requests} answers");
        return Err(format!("{counts}: {said}").into());
    }
    Ok(Load {
        count: requests,
        per_second: requests * 1e6 / micros,
        p50_ms: p50 / 1e3,
        p95_ms: p95 / 1e3,
        p99_ms: p99 / 1e3,
    })
}
