//! Creates a data folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::{EmbeddedError, EmbeddedOptions};
use super::paths::{OsUser, Paths, make_private, serves};
use super::programs::Programs;

/// The name of the server's one role, which owns everything in it.
pub(super) const ROLE: &str = "crm";

/// The longest wait for the child processes of a start that was killed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Creates the data folder, if there is none yet: UTF-8, sorted by code point, without a password for
/// those who can enter the socket's folder: only the server's user and root.
pub(super) fn init(
    options: &EmbeddedOptions,
    paths: &Paths,
    programs: &Programs,
    user: &OsUser,
) -> Result<(), EmbeddedError> {
    if paths.data.exists() {
        return Ok(());
    }
    // It is renamed once it is complete: what a killed start left behind is deleted.
    let half = paths.data.with_extension("new");
    let words = Words::take(&paths.data.with_extension("initdb.log"), &half)?;
    if half.exists() {
        fs::remove_dir_all(&half).map_err(EmbeddedError::at(&half))?;
    }
    make_private(&half, user)?;
    let mut said = String::new();
    for locale in locales(programs) {
        match run(&half, locale, options, programs, user, &words) {
            Ok(()) => {
                return fs::rename(&half, &paths.data).map_err(EmbeddedError::at(&paths.data));
            }
            Err(reason) => said = reason,
        }
    }
    // It contains no data yet, and the error that matters is initdb's.
    fs::remove_dir_all(&half).ok();
    Err(EmbeddedError::Init {
        data: paths.data.clone(),
        said,
    })
}

/// The locales to try. Not every system has C.UTF-8; from version 17 on PostgreSQL brings its own.
/// Plain C is the last resort: it treats only ASCII letters as letters.
fn locales(programs: &Programs) -> Vec<&'static [&'static str]> {
    let mut locales: Vec<&[&str]> = vec![&["--locale=C.UTF-8"]];
    if programs.major >= 17 {
        locales.push(&[
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]);
    }
    locales.push(&["--locale=C"]);
    locales
}

fn run(
    data: &Path,
    locale: &[&str],
    options: &EmbeddedOptions,
    programs: &Programs,
    user: &OsUser,
    words: &Words,
) -> Result<(), String> {
    let mut command = user.command(programs.bin.join("initdb"));
    command
        .arg("-D")
        .arg(data)
        .args(["-U", ROLE, "-E", "UTF8", "--auth=trust"])
        .args(locale);
    if !options.durable {
        command.arg("--no-sync");
    }
    let failed = |error: io::Error| error.to_string();
    command.stdout(Stdio::piped());
    command.stderr(words.begin().map_err(failed)?);
    let initdb = command.spawn().map_err(failed)?;
    // For the next start, if this one is killed; without the id it waits a little longer.
    fs::write(number_file(&words.path), initdb.id().to_string()).ok();
    let initdb = initdb.wait_with_output().map_err(failed)?;
    if initdb.status.success() {
        return Ok(());
    }
    let said = words.said().map_err(failed)?;
    let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    Err(lines[lines.len().saturating_sub(10)..].join("\n"))
}

/// The file for initdb's messages. Initdb and all its child processes hold it locked while they live, so
/// that a start sees whether those of a killed start still work in the folder.
struct Words {
    path: PathBuf,
    file: File,
}

impl Words {
    /// Ends the processes that still work in `half`, and waits until they have ended.
    fn take(path: &Path, half: &Path) -> Result<Self, EmbeddedError> {
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(EmbeddedError::at(path))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                    end(&number_file(path), half);
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(error) => return Err(EmbeddedError::at(path)(error.into())),
            }
        }
        let path = path.to_owned();
        Ok(Self { path, file })
    }

    /// The empty file, for the next one to write to.
    fn begin(&self) -> io::Result<File> {
        self.file.set_len(0)?;
        // The lock belongs to the open file, which a clone shares.
        self.file.try_clone()
    }

    fn said(&self) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(&self.path)?).into_owned())
    }
}

/// The file of initdb's process id, beside that of its messages.
fn number_file(words: &Path) -> PathBuf {
    words.with_extension("pid")
}

/// Ends the initdb with this process id, if it works in this folder; its children end with it.
fn end(number: &Path, half: &Path) {
    let number = fs::read_to_string(number).ok();
    let number = number.and_then(|number| number.trim().parse().ok());
    if let Some(pid) = number.filter(|pid| *pid > 1).map(Pid::from_raw)
        && serves(pid, half.as_os_str())
    {
        kill(pid, Signal::SIGKILL).ok();
    }
}
