//! Starts the server, or adopts one that runs.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::error::EmbeddedError;
use super::find::find;
use super::init::init;
use super::lock::StartLock;
use super::owner::Owner;
use super::place::Place;
use super::postmaster;
use super::{EmbeddedOptions, blocking};
use crate::db::DbError;
use crate::db::config::ConnectionConfig;

/// Time between two readiness checks of a starting server.
const POLL: Duration = Duration::from_millis(10);
/// Time limit of a start: after a crash the server first reads its write-ahead log again.
const PATIENCE: Duration = Duration::from_secs(300);
/// When somebody who waits is told why.
const SLOW: Duration = Duration::from_secs(3);
/// Time limit of waiting for the workers of a killed server.
const WORKERS: Duration = Duration::from_secs(10);
/// A log longer than this, in bytes, begins anew at the next start; one older log is kept.
const LONGEST_LOG: u64 = 8 << 20;

/// Returns when the server answers at `url`, whoever started it. Call it under the start lock.
pub(super) async fn start(
    options: &EmbeddedOptions,
    place: &Place,
    owner: &Owner,
    url: &str,
    lock: &Arc<StartLock>,
) -> Result<(), EmbeddedError> {
    let began = Instant::now();
    loop {
        // One that a killed program left behind, or that is just stopping: it answers or it ends.
        // One in another container, with the folder in common, has no process that we could see,
        // but it answers.
        if answers(url, began, || postmaster::running(place).is_some()).await? {
            tracing::debug!(
                "using the PostgreSQL that runs already in {}",
                place.data.display()
            );
            return Ok(());
        }
        let launched = {
            let (options, place, owner) = (options.clone(), place.clone(), owner.clone());
            let lock = Arc::clone(lock);
            blocking(move || {
                // Held until it is done, also where nobody waits for it any more.
                let _lock = lock;
                launch(&options, &place, &owner)
            })
            .await?
        };
        if answers(url, began, || !launched.ended.load(Ordering::Acquire)).await? {
            return Ok(());
        }
        let tail = launched.tail();
        // Workers of a killed server notice its death a moment later; until then PostgreSQL
        // rightly refuses to touch the data. And one that a killed program had just started may
        // have been faster.
        let is_taken = tail.contains("still in use") || postmaster::running(place).is_some();
        if !is_taken || began.elapsed() > WORKERS {
            return Err(EmbeddedError::DidNotStart {
                log: launched.log,
                tail,
            });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until a connection can be had (true) or the server is no longer `alive` (false).
async fn answers(
    url: &str,
    began: Instant,
    alive: impl Fn() -> bool,
) -> Result<bool, EmbeddedError> {
    let target = ConnectionConfig::new(&url.into(), &[], Duration::from_secs(5))?;
    let mut told = false;
    loop {
        if !told && began.elapsed() > SLOW {
            tracing::info!("PostgreSQL is still starting; after a crash it reads its log again");
            told = true;
        }
        // Asked before connecting: a server that ends in between must not be missed.
        let is_alive = alive();
        match target.connect().await {
            Ok(_) => return Ok(true),
            Err(DbError::Unavailable(_) | DbError::Unreachable { .. }) if !is_alive => {
                return Ok(false);
            }
            Err(DbError::Unavailable(_) | DbError::Unreachable { .. })
                if began.elapsed() < PATIENCE => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// A server process that we started.
struct Launched {
    ended: Arc<AtomicBool>,
    log: PathBuf,
    /// The log's length before this start.
    log_before: u64,
}

impl Launched {
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

/// Finds the programs, makes the data if there are none, and starts the server's main process.
fn launch(
    options: &EmbeddedOptions,
    place: &Place,
    owner: &Owner,
) -> Result<Launched, EmbeddedError> {
    let programs = find(options, place, owner)?;
    init(options, place, &programs, owner)?;
    postmaster::disarm(place)?;
    let (log, log_before) = open_log(&place.log)?;
    let errors = log.try_clone().map_err(EmbeddedError::at(&place.log))?;
    let program = programs.bin.join("postgres");
    let mut server = owner
        .command(&program)
        .arg("-D")
        .arg(&place.data)
        .args(
            settings(options, place)
                .into_iter()
                .flat_map(|it| [OsString::from("-c"), it]),
        )
        .stdout(log)
        .stderr(errors)
        // Ctrl-C goes to all of the terminal's foreground group: the service has to stop first,
        // and then the server by its word.
        .process_group(0)
        .spawn()
        .map_err(EmbeddedError::at(&program))?;
    let ended = Arc::new(AtomicBool::new(false));
    let seen = ended.clone();
    // Somebody has to wait for a child, or it stays as a dead entry in the process table.
    std::thread::spawn(move || {
        server.wait().ok();
        seen.store(true, Ordering::Release);
    });
    Ok(Launched {
        ended,
        log: place.log.clone(),
        log_before,
    })
}

/// Server settings that differ from PostgreSQL's defaults.
fn settings(options: &EmbeddedOptions, place: &Place) -> Vec<OsString> {
    let mut settings: Vec<OsString> = [
        "listen_addresses=",
        "port=5432",
        "unix_socket_permissions=0700",
        "logging_collector=off",
        "log_destination=stderr",
        // The log tells of trouble, not of leads: no statements, no values that were refused.
        "log_min_error_statement=panic",
        "log_error_verbosity=terse",
    ]
    .map(OsString::from)
    .into();
    // Measured: with 512 MB and 2 GB, changing 100,000 rows takes a tenth less of the processor than
    // with 256 MB and 1 GB, and no checkpoint in the middle of it; more than that changes nothing
    // that could be seen.
    let durable = [
        "max_connections=100",
        "shared_buffers=512MB",
        "max_wal_size=2GB",
    ];
    // For tests: fast, and gone with the machine's next sneeze.
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
    socket.push(&place.socket);
    socket.push("\"");
    settings.push(socket);
    settings
}

/// The log, to be appended to, and its length.
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
