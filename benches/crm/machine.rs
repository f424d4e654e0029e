//! The machine and the software of a measurement: figures are worth nothing without them.

use std::fs;
use std::process::Command;

use chrono::Utc;

use crate::database::Sql;
use crate::report::Report;
use crate::{MILLION, Result};

const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/RESULTS.md");

/// Settings of PostgreSQL that decide how fast it is.
const SETTINGS: [&str; 8] = [
    "shared_buffers",
    "effective_cache_size",
    "work_mem",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "max_wal_size",
    "random_page_cost",
];

/// The load average of the last minute: before a run it should be zero.
pub fn load() -> Result<String> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().to_owned())
}

/// The machine, the versions and the settings, as a Markdown list. `load` is what the machine had
/// to do before.
pub async fn describe(sql: &Sql, wrk: &str, load: &str) -> Result<String> {
    let cpu = field("/proc/cpuinfo", "model name");
    let memory: f64 = field("/proc/meminfo", "MemTotal")
        .split(' ')
        .next()
        .and_then(|kibibytes| kibibytes.parse().ok())
        .unwrap_or_default();
    let cores = std::thread::available_parallelism()?;
    let mut settings = Vec::new();
    for name in SETTINGS {
        settings.push(format!(
            "`{name} = {}`",
            sql.text(&format!("SHOW {name}")).await?
        ));
    }
    let size = "SELECT pg_size_pretty(pg_database_size(current_database()))";
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    Ok(format!(
        "- {}, {} leads, {} notes, {}\n- {cores} cores of {cpu}, {:.0} GiB of memory, Linux {}, \
         load average {load} before the run\n\
         - PostgreSQL {}, {wrk}\n- {}\n- command: `{}`, commit {}\n",
        Utc::now().format("%Y-%m-%d %H:%M UTC"),
        sql.text("SELECT count(*) FROM leads").await?,
        sql.text("SELECT count(*) FROM lead_notes").await?,
        sql.text(size).await?,
        memory / (1024.0 * 1024.0),
        kernel.trim(),
        sql.text("SHOW server_version").await?,
        settings.join(", "),
        command(),
        commit(),
    ))
}

/// Writes benches/RESULTS.md: anew for a million leads, and at its end for another number of them.
pub fn write(machine: &str, report: &Report, leads: u64) -> Result<()> {
    let (targets, met) = report.targets();
    let measured = format!("{machine}\n{met} of {targets} targets are met.\n\n{report}");
    let text = if leads == MILLION {
        format!(
            "# Results\n\nWritten by the commands below; what the columns mean stands in \
             [docs/develop/benchmark.md](../docs/develop/benchmark.md#columns). Absolute times are \
             this machine's.\n\n{measured}"
        )
    } else {
        let earlier = fs::read_to_string(RESULTS)?;
        format!("{earlier}\n## {leads} leads\n\n{measured}")
    };
    Ok(fs::write(RESULTS, text)?)
}

/// The commit that is checked out.
fn commit() -> String {
    let told = Command::new("git")
        .args(["rev-parse", "--short", "HEAD"])
        .output();
    let told = told.ok().map(|output| output.stdout);
    let told = String::from_utf8_lossy(&told.unwrap_or_default())
        .trim()
        .to_owned();
    if told.is_empty() {
        "unknown".to_owned()
    } else {
        told
    }
}

/// The command that was run, as a person types it.
fn command() -> String {
    let arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let quoted = arguments.map(|argument| match argument {
        // There may be a password in it.
        url if url.contains("://") => "URL".to_owned(),
        words if words.contains(' ') => format!("'{words}'"),
        word => word,
    });
    let mut words = vec!["cargo bench".to_owned()];
    words.extend(quoted);
    if words.len() > 1 {
        words.insert(1, "--".to_owned());
    }
    words.join(" ")
}

/// A field of a file of Linux: `name : value`.
fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line
        .unwrap_or_default()
        .trim_start_matches([' ', '\t', ':']);
    value.to_owned()
}
