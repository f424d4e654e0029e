//! Detection of the server's main process, by the file in which it writes its process id.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::error::EmbeddedError;
use super::place::Place;

/// The main process of the server, if it runs.
pub(super) fn running(place: &Place) -> Option<Pid> {
    let text = fs::read_to_string(place.data.join("postmaster.pid")).ok()?;
    let pid = text
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()
        .filter(|pid| *pid > 1)?;
    let pid = Pid::from_raw(pid);
    let exists = matches!(kill(pid, None), Ok(()) | Err(Errno::EPERM));
    (exists && serves(pid, place.data.as_os_str())).then_some(pid)
}

/// Makes sure that what a killed server left behind does not keep a new one from starting. Call it
/// only when none is [`running`], and only under the start lock.
///
/// After a reboot, another process of the same user may have the old process id, and PostgreSQL
/// would refuse to start. It takes a file with its parent's id, which is ours, for a stale one.
/// Deleting the file would lose the id of the shared memory in it, by which PostgreSQL sees that
/// a worker of the killed server still writes to the data.
pub(super) fn disarm(place: &Place) -> Result<(), EmbeddedError> {
    if running(place).is_some() {
        return Ok(());
    }
    let path = place.data.join("postmaster.pid");
    if let Ok(text) = fs::read_to_string(&path) {
        claim(&path, &text).map_err(EmbeddedError::at(&path))?;
    }
    for name in [".s.PGSQL.5432.lock", ".s.PGSQL.5432"] {
        let path = place.socket.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(EmbeddedError::at(&path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Puts our process id in place of the one in the file, where it stands: on a full disk there is room
/// for nothing else. An empty file tells nothing, and keeps PostgreSQL from starting.
fn claim(path: &Path, text: &str) -> io::Result<()> {
    if text.trim().is_empty() {
        return fs::remove_file(path);
    }
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    let text = format!("{}\n{rest}", std::process::id());
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

/// True if the process was started for this data folder: a process id alone may have passed to
/// somebody else, or belong to a dead process that nobody has buried yet.
pub(super) fn serves(pid: Pid, data: &OsStr) -> bool {
    if let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) {
        return line
            .split(|byte| *byte == 0)
            .any(|word| word == data.as_bytes());
    }
    let asked = Command::new("ps")
        .args(["-ww", "-o", "args=", "-p"])
        .arg(pid.to_string())
        .output();
    let line = asked.map(|ps| ps.stdout).unwrap_or_default();
    line.windows(data.len())
        .any(|window| window == data.as_bytes())
}
