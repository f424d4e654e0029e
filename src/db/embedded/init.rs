//! Makes a data folder.

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

/// The longest wait for the helpers of a start that was killed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes the data folder, if there is none yet: UTF-8, sorted by code point, and open to whoever
/// can enter the socket's folder, which is the server's user (and root) alone.
pub(super) fn init(
    options: &EmbeddedOptions,
    paths: &Paths,
    programs: &Programs,
    user: &OsUser,
) -> Result<(), EmbeddedError> {
    if paths.data.exists() {
        return Ok(());
    }
    // It gets its name when it is whole: what a killed start leaves behind is thrown away.
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
    // Nothing is in it that anybody could miss, and the failure that counts is initdb's.
    fs::remove_dir_all(&half).ok();
    Err(EmbeddedError::Init {
        data: paths.data.clone(),
        said,
    })
}

/// Not every system knows C.UTF-8; from version 17 on PostgreSQL has its own. Plain C is the last
/// resort: it takes only ASCII letters for letters.
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
    // For whoever comes after us, should we be killed; without it they wait a little longer.
    fs::write(number_file(&words.path), initdb.id().to_string()).ok();
    let initdb = initdb.wait_with_output().map_err(failed)?;
    if initdb.status.success() {
        return Ok(());
    }
    let said = words.said().map_err(failed)?;
    let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    Err(lines[lines.len().saturating_sub(10)..].join("\n"))
}

/// The messages of initdb go to a file that it and all its helpers hold locked for as long as any of them
/// lives: so a start sees whether those of one that was killed are still at work in the folder.
struct Words {
    path: PathBuf,
    file: File,
}

impl Words {
    /// Ends whoever is still at work in `half`, and waits until nobody is.
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
        // The lock is the open file's, which a copy shares.
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

/// Ends the initdb of that number, if it works in this folder; its helpers end when it has.
fn end(number: &Path, half: &Path) {
    let number = fs::read_to_string(number).ok();
    let number = number.and_then(|number| number.trim().parse().ok());
    if let Some(pid) = number.filter(|pid| *pid > 1).map(Pid::from_raw)
        && serves(pid, half.as_os_str())
    {
        kill(pid, Signal::SIGKILL).ok();
    }
}
