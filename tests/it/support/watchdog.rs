//! Leaves no server behind. A test process can't clean up after itself (its statics are never
//! dropped, and it may be killed), and under nextest no process knows that it is the last one. So
//! the first one starts a watchdog, which waits until nobody is present.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};

use super::home::{PRESENT, pid_of};

/// The time without any process: nextest leaves gaps between its processes.
const LINGER: Duration = Duration::from_secs(3);
/// The variable that makes the test below be the watchdog of the folder it names.
const VARIABLE: &str = "CRM_TEST_WATCHDOG";
/// Held by the watchdog, so that there is one.
const AWAKE: &str = "watchdog.lock";

/// Starts a watchdog over `home` unless there is one. The caller is present already, so one that
/// is there can't be on its way out.
pub(super) fn wake(home: &Path) {
    if File::create(home.join(AWAKE))
        .expect("a lock file")
        .try_lock()
        .is_err()
    {
        return;
    }
    // The lock is free again: the watchdog takes it itself, and of two one goes away.
    let mut watchdog = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "support::watchdog::watches_over_the_servers",
            "--exact",
            "--ignored",
        ])
        .env(VARIABLE, home)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C and nextest's timeouts go to the whole group.
        .process_group(0)
        .spawn()
        .expect("a watchdog");
    // It outlives us, unless it goes away at once.
    std::thread::spawn(move || watchdog.wait());
}

/// Not a test: the watchdog's own program, which does nothing when it is run as a test.
#[test]
#[ignore = "it is the program that stops the tests' servers, started by the tests"]
fn watches_over_the_servers() {
    let Some(home) = std::env::var_os(VARIABLE).map(PathBuf::from) else {
        return;
    };
    let Ok(awake) = File::create(home.join(AWAKE)) else {
        return;
    };
    if awake.try_lock().is_err() {
        return;
    }
    let Ok(present) = File::open(home.join(PRESENT)) else {
        return;
    };
    let mut alone_since = Instant::now();
    loop {
        if present.try_lock().is_err() {
            alone_since = Instant::now();
        } else if alone_since.elapsed() > LINGER {
            break;
        } else {
            present.unlock().expect("an unlocked file");
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    // Whoever comes now waits for the lock, then sees that its folder is gone, and makes a new one.
    let gone = home.with_extension(format!("gone-{}", std::process::id()));
    fs::rename(&home, &gone).expect("a folder to clear away");
    drop(present);
    clear_away(&gone);
}

/// Stops all servers of the folder without ceremony and deletes it.
fn clear_away(home: &Path) {
    let entries = fs::read_dir(home).into_iter().flatten().flatten();
    for folder in entries.map(|entry| entry.path()) {
        let Some(server) = pid_of(&folder) else {
            continue;
        };
        kill(server, Signal::SIGQUIT).ok();
        let began = Instant::now();
        // Its file goes with it; its process id may stay, when nobody waits for orphans.
        while pid_of(&folder).is_some() && began.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(20));
        }
        if pid_of(&folder).is_some() {
            kill(server, Signal::SIGKILL).ok();
        }
    }
    fs::remove_dir_all(home).ok();
}
