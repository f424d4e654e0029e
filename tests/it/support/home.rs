//! The folder under which all servers of all test processes of this checkout live.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::watchdog;

/// The lock that each test process shares for as long as it lives; when the watchdog gets it for
/// itself, the run is over.
pub(super) const PRESENT: &str = "present.lock";

/// The folder, with this process entered among those present and the watchdog awake. In memory
/// where the system has such a place, and reachable by the user to whom root steps down.
pub(super) fn home() -> &'static Path {
    static HOME: OnceLock<(PathBuf, File)> = OnceLock::new();
    let (home, _present) = HOME.get_or_init(|| {
        let home = path();
        let present = enter(&home);
        watchdog::wake(&home);
        (home, present)
    });
    home
}

/// A folder for one test's own server; it does not exist yet and is deleted at the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A new name.
    pub(crate) fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Short: a socket's path must fit into some hundred bytes.
        Scratch(home().join(format!("scratch-{}-{number}", std::process::id())))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The process id in the server's own file.
    pub(crate) fn server(&self) -> Option<nix::unistd::Pid> {
        pid_of(&self.0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A server that still stops would write into the folder while it is deleted.
        for _ in 0..200 {
            if self.server().is_none() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        fs::remove_dir_all(&self.0).ok();
    }
}

/// The server of a folder, by the file that it keeps while it runs.
pub(super) fn pid_of(folder: &Path) -> Option<nix::unistd::Pid> {
    let text = fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
    Some(nix::unistd::Pid::from_raw(
        text.lines().next()?.trim().parse().ok()?,
    ))
}

fn path() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let mut hasher = DefaultHasher::new();
    env!("CARGO_MANIFEST_DIR").hash(&mut hasher);
    parent.join(format!(
        "crm-tests-{}-{:016x}",
        nix::unistd::geteuid(),
        hasher.finish()
    ))
}

/// Makes the folder and enters among those present.
fn enter(home: &Path) -> File {
    loop {
        fs::create_dir_all(home).expect("a folder for the tests' servers");
        fs::set_permissions(home, fs::Permissions::from_mode(0o755)).ok();
        // It may be deleted at any moment by the watchdog of a run that is over.
        let Ok(file) = File::create(home.join(PRESENT)) else {
            continue;
        };
        file.lock_shared().expect("a lock");
        let (Ok(there), Ok(held)) = (home.join(PRESENT).metadata(), file.metadata()) else {
            continue;
        };
        if there.ino() == held.ino() {
            return file;
        }
    }
}
