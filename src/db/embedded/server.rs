//! The server's process: starting it or taking it over, stopping it, and finding it by its file with
//! the process id (postmaster.pid).

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::{EmbeddedError, EmbeddedOptions};
use super::init::init;
use super::paths::{InUse, OsUser, Paths, StartLock, serves};
use super::programs::find_programs;

use crate::db::DbError;
use crate::db::config::ConnectionConfig;

/// Time between two readiness checks of a starting server.
const POLL: Duration = Duration::from_millis(10);
/// Time limit of a start: after a crash the server first reads its write-ahead log again.
const START_PATIENCE: Duration = Duration::from_secs(300);
/// Time after which a waiting start logs the reason.
const SLOW: Duration = Duration::from_secs(3);
/// Time limit of waiting for the workers of a killed server.
const WORKERS: Duration = Duration::from_secs(10);
/// A log longer than this, in bytes, begins anew at the next start; one older log is kept.
const LONGEST_LOG: u64 = 8 << 20;
/// Time limit of a stop: the server first writes a checkpoint.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// Starts the server unless another program has; returns once it answers at `url`. Call it under the
/// start lock.
pub(super) async fn start(
    options: &EmbeddedOptions,
    paths: &Paths,
    user: &OsUser,
    url: &str,
    lock: &Arc<StartLock>,
) -> Result<(), EmbeddedError> {
    let began = Instant::now();
    loop {
        // A server that a killed program left behind, or that is stopping: it answers or it ends.
        // One in another container that shares the folder has no visible process, but it answers.
        if answers(url, began, || running(paths).is_some()).await? {
            tracing::debug!(
                "using the PostgreSQL that runs already in {}",
                paths.data.display()
            );
            return Ok(());
        }
        let launched = {
            let (options, paths, user) = (options.clone(), paths.clone(), user.clone());
            let lock = Arc::clone(lock);
            blocking(move || {
                // Held until the launch is done, even if its caller was cancelled.
                let _lock = lock;
                launch(&options, &paths, &user)
            })
            .await?
        };
        if answers(url, began, || !launched.ended.load(Ordering::Acquire)).await? {
            return Ok(());
        }
        let tail = launched.tail();
        // The workers of a killed server notice its death a moment later; until then PostgreSQL
        // rightly refuses to touch the data. Or a server that a killed program had just started
        // was faster.
        let is_taken = tail.contains("still in use") || running(paths).is_some();
        if !is_taken || began.elapsed() > WORKERS {
            return Err(EmbeddedError::DidNotStart {
                log: launched.log,
                tail,
            });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until a connection can be made (true) or the server is no longer `alive` (false).
async fn answers(
    url: &str,
    began: Instant,
    alive: impl Fn() -> bool,
) -> Result<bool, EmbeddedError> {
    let target = ConnectionConfig::new(&url.into(), &[], Duration::from_secs(5))?;
    let mut told = false;
    loop {
        if !told && began.elapsed() > SLOW {
            tracing::info!("PostgreSQL is still starting (after a crash it reads its log again)");
            told = true;
        }
        // Checked before connecting: a server that ends in between must not be missed.
        let is_alive = alive();
        match target.connect().await {
            Ok(_) => return Ok(true),
            Err(DbError::Unavailable(_) | DbError::Unreachable { .. }) if !is_alive => {
                return Ok(false);
            }
            Err(DbError::Unavailable(_) | DbError::Unreachable { .. })
                if began.elapsed() < START_PATIENCE => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// A server process that this program started.
struct ServerProcess {
    ended: Arc<AtomicBool>,
    log: PathBuf,
    /// The log's length before this start.
    log_before: u64,
}

impl ServerProcess {
    /// The last lines that this start wrote.
    fn tail(&self) -> String {
        let mut text = Vec::new();
        if let Ok(mut log) = File::open(&self.log) {
            let from = log.metadata().map_or(0, |it| it.len().saturating_sub(4096));
            let read = log.seek(SeekFrom::Start(from.max(self.log_before)));
            read.and_then(|_| log.read_to_end(&mut text)).ok();
        }
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

/// Finds the programs, creates the data if there are none, and starts the server's main process.
fn launch(
    options: &EmbeddedOptions,
    paths: &Paths,
    user: &OsUser,
) -> Result<ServerProcess, EmbeddedError> {
    let programs = find_programs(options, paths, user)?;
    init(options, paths, &programs, user)?;
    disarm(paths)?;
    let (log, log_before) = open_log(&paths.log)?;
    let errors = log.try_clone().map_err(EmbeddedError::at(&paths.log))?;
    let program = programs.bin.join("postgres");
    let mut server = user
        .command(&program)
        .arg("-D")
        .arg(&paths.data)
        .args(
            settings(options, paths)
                .into_iter()
                .flat_map(|it| [OsString::from("-c"), it]),
        )
        .stdout(log)
        .stderr(errors)
        // Ctrl-C signals the terminal's whole foreground group: the service has to stop first, and
        // then stop the server itself.
        .process_group(0)
        .spawn()
        .map_err(EmbeddedError::at(&program))?;
    let ended = Arc::new(AtomicBool::new(false));
    let seen = ended.clone();
    // A child must be waited for, or it stays as a zombie in the process table.
    std::thread::spawn(move || {
        server.wait().ok();
        seen.store(true, Ordering::Release);
    });
    Ok(ServerProcess {
        ended,
        log: paths.log.clone(),
        log_before,
    })
}

/// Server settings that differ from PostgreSQL's defaults.
fn settings(options: &EmbeddedOptions, paths: &Paths) -> Vec<OsString> {
    let mut settings: Vec<OsString> = [
        "listen_addresses=",
        "port=5432",
        "unix_socket_permissions=0700",
        "logging_collector=off",
        "log_destination=stderr",
        // The log must not contain data of leads: no statements, no refused values.
        "log_min_error_statement=panic",
        "log_error_verbosity=terse",
    ]
    .map(OsString::from)
    .into();
    // Measured: with 512 MB and 2 GB, changing 100,000 rows takes a tenth less CPU time than with
    // 256 MB and 1 GB, without a checkpoint in the middle of it; more memory made no difference.
    let durable = [
        "max_connections=100",
        "shared_buffers=512MB",
        "max_wal_size=2GB",
    ];
    // For tests: fast, and lost with a crash of the machine.
    let throw_away = [
        "max_connections=300",
        "shared_buffers=128MB",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "wal_level=minimal",
        "max_wal_senders=0",
        "autovacuum=off",
    ];
    let kind: &[&str] = if options.durable {
        &durable
    } else {
        &throw_away
    };
    settings.extend(kind.iter().map(OsString::from));
    // A list of folders, hence the quotes.
    let mut socket = OsString::from("unix_socket_directories=\"");
    socket.push(&paths.socket);
    socket.push("\"");
    settings.push(socket);
    settings
}

/// Opens the log for appending, and returns its length.
fn open_log(path: &Path) -> Result<(File, u64), EmbeddedError> {
    if path.metadata().is_ok_and(|log| log.len() > LONGEST_LOG) {
        fs::rename(path, path.with_extension("log.1")).map_err(EmbeddedError::at(path))?;
    }
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path);
    let log = log.map_err(EmbeddedError::at(path))?;
    let length = log.metadata().map_err(EmbeddedError::at(path))?.len();
    Ok((log, length))
}

/// Leaves the server and, if no other program uses it, tells it to stop: it ends the connections,
/// rolls back open transactions and writes a checkpoint. Returns the process that is stopping.
pub(super) fn leave(
    paths: &Paths,
    in_use: InUse,
    _lock: &StartLock,
) -> Result<Option<Pid>, EmbeddedError> {
    if !in_use.leave(&paths.in_use)? {
        return Ok(None);
    }
    let server = running(paths);
    if let Some(pid) = server {
        // If the server has ended in the meantime, that is fine, too.
        kill(pid, Signal::SIGINT).ok();
    }
    Ok(server)
}

/// Waits until the process has ended.
pub(super) async fn ended(paths: &Paths, pid: Pid) -> Result<(), EmbeddedError> {
    let began = Instant::now();
    while running(paths) == Some(pid) {
        if began.elapsed() > STOP_PATIENCE {
            return Err(EmbeddedError::StillStopping { pid: pid.as_raw() });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// The main process of the server, if it runs.
pub(super) fn running(paths: &Paths) -> Option<Pid> {
    let text = fs::read_to_string(paths.data.join("postmaster.pid")).ok()?;
    let pid = text
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()
        .filter(|pid| *pid > 1)?;
    let pid = Pid::from_raw(pid);
    let exists = matches!(kill(pid, None), Ok(()) | Err(Errno::EPERM));
    (exists && serves(pid, paths.data.as_os_str())).then_some(pid)
}

/// Makes sure that the files of a killed server do not keep a new one from starting. Call it only
/// when none is [`running`], and only under the start lock.
///
/// After a reboot, another process of the same user may have the old process id, and PostgreSQL would
/// refuse to start. A file with the id of its parent process, which is this program, counts as stale.
/// Deleting the file would lose the shared memory id in it, by which PostgreSQL sees that a worker of
/// the killed server still writes to the data.
pub(super) fn disarm(paths: &Paths) -> Result<(), EmbeddedError> {
    if running(paths).is_some() {
        return Ok(());
    }
    let path = paths.data.join("postmaster.pid");
    if let Ok(text) = fs::read_to_string(&path) {
        claim(&path, &text).map_err(EmbeddedError::at(&path))?;
    }
    for name in [".s.PGSQL.5432.lock", ".s.PGSQL.5432"] {
        let path = paths.socket.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(EmbeddedError::at(&path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Overwrites the process id in the file with this program's, in place: a full disk has no room for a
/// new file. An empty file would keep PostgreSQL from starting.
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

/// Runs work that waits for files and processes on a blocking thread of the runtime.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EmbeddedError> + Send + 'static,
) -> Result<T, EmbeddedError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| EmbeddedError::Internal(error.to_string()))?
}
