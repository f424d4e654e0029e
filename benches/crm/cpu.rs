//! CPU time as Linux counts it: what a request costs, whatever else the machine does meanwhile.

use std::fs;

use crate::Result;

/// Linux counts in hundredths of a second for every program, whatever the kernel's own clock.
const TICK_MS: f64 = 10.0;

/// A process: the server, or a PostgreSQL of which all children count.
#[derive(Debug, Clone, Copy)]
pub enum Process {
    /// One process.
    Alone(u32),
    /// A process, its children, and those of its children that have ended.
    WithChildren(u32),
}

/// The fields of /proc/PID/stat.
struct Stat {
    name: String,
    parent: u32,
    own_ticks: u64,
    /// Of children that have ended.
    children_ticks: u64,
}

impl Process {
    /// The CPU time it has used so far, in milliseconds.
    pub fn cpu_ms(self) -> Result<f64> {
        match self {
            Self::Alone(pid) => Ok(stat(pid)?.own_ticks as f64 * TICK_MS),
            Self::WithChildren(pid) => loop {
                let ended = stat(pid)?.children_ticks;
                let alive = ran_ms(pid)? + live_children_ms(pid)?;
                // A child that ends in between would count twice, or not at all.
                if stat(pid)?.children_ticks == ended {
                    return Ok(alive + ended as f64 * TICK_MS);
                }
            },
        }
    }
}

/// The memory that a process holds, in MB of a million bytes.
pub struct Memory {
    /// Now.
    pub now: f64,
    /// At most, since it started.
    pub peak: f64,
}

/// The resident memory of a process.
pub fn memory(pid: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kibibytes * 1024.0 / 1e6)
    };
    match (field("VmRSS:"), field("VmHWM:")) {
        (Some(now), Some(peak)) => Ok(Memory { now, peak }),
        _ => Err(format!("/proc/{pid}/status does not tell the memory").into()),
    }
}

/// The main process of the PostgreSQL whose backend `pid` is, if it runs on this machine.
pub fn postmaster_of(pid: u32) -> Option<u32> {
    let backend = stat(pid).ok()?;
    let main = stat(backend.parent).ok()?;
    (backend.name.starts_with("postgres") && main.name.starts_with("postgres"))
        .then_some(backend.parent)
}

fn live_children_ms(parent: u32) -> Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if let Ok(child) = stat(pid)
            && child.parent == parent
        {
            sum += ran_ms(pid).unwrap_or_default();
        }
    }
    Ok(sum)
}

/// The CPU time of a process with one thread, to the nanosecond: with one process for each
/// connection, hundredths of a second would add up.
fn ran_ms(pid: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat"))?;
    let nanoseconds = text
        .split(' ')
        .next()
        .and_then(|first| first.parse::<f64>().ok());
    let nanoseconds = nanoseconds.ok_or("/proc/PID/schedstat cannot be read")?;
    Ok(nanoseconds / 1e6)
}

fn stat(pid: u32) -> Result<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name stands in parentheses and may contain anything, so what follows is found from the
    // last one.
    let (head, tail) = text.rsplit_once(')').ok_or("/proc/PID/stat has no name")?;
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    let stat = || {
        Some(Stat {
            name: head.split_once('(')?.1.to_owned(),
            parent: u32::try_from(number(1)?).ok()?,
            own_ticks: number(11)? + number(12)?,
            children_ticks: number(13)? + number(14)?,
        })
    };
    stat().ok_or_else(|| format!("/proc/{pid}/stat cannot be read").into())
}
