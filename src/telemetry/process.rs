use std::fs;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use metrics::{Unit, describe_gauge, gauge};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Says what is measured of the process.
pub(super) fn describe() {
    describe_gauge!(
        "process_cpu_seconds_total",
        Unit::Seconds,
        "CPU time that the process used, in user and system mode"
    );
    describe_gauge!(
        "process_resident_memory_bytes",
        Unit::Bytes,
        "Memory that the process holds"
    );
    describe_gauge!(
        "process_start_time_seconds",
        Unit::Seconds,
        "When the process started, in seconds since 1970"
    );
}

/// Looks at the process, by the names that Prometheus' own clients use.
pub(super) fn measure() {
    static STARTED: OnceLock<f64> = OnceLock::new();
    let started = STARTED.get_or_init(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.unwrap_or_default().as_secs_f64()
    });
    gauge!("process_start_time_seconds").set(*started);
    if let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) {
        let used = usage.user_time() + usage.system_time();
        let seconds = used.num_microseconds() as f64 / 1e6;
        gauge!("process_cpu_seconds_total").set(seconds);
    }
    if let Some(bytes) = resident() {
        gauge!("process_resident_memory_bytes").set(bytes);
    }
}

/// Resident memory in bytes, where the system has Linux's folder of processes.
fn resident() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024.0)
}
