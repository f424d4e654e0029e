//! A first start that is killed, at any moment: the next one works.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::support::Scratch;
use crate::support::program::{ANY_PORT, addresses};

/// Longer than a start takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn after_a_first_start_that_was_killed_the_next_one_works() {
    drill(5).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "48 starts that are killed, some minutes"]
async fn after_each_of_many_first_starts_that_were_killed_the_next_one_works() {
    drill(48).await;
}

async fn drill(kills: u32) {
    let whole = time_of_a_start().await;
    let mut failed = Vec::new();
    for kill in 0..kills {
        // Spread over a whole start, from when there is something to be left behind.
        let after = whole * kill / kills;
        let folder = Scratch::new();
        let mut first = start(folder.path());
        began(folder.path()).await;
        sleep(after).await;
        first.kill().await.unwrap();
        let mut second = start(folder.path());
        let output = second.stdout.take().unwrap();
        let ready = timeout(PATIENCE, addresses(output)).await;
        if !matches!(ready, Ok(Some(_))) {
            let log = fs::read_to_string(folder.path().with_extension("log"));
            failed.push(format!("killed after {after:?}: {}", log.unwrap()));
        }
        stop(second).await;
    }
    println!(
        "{kills} first starts killed within {whole:?}: {} of the next ones did not work",
        failed.len()
    );
    assert!(failed.is_empty(), "{failed:#?}");
}

/// From when the data are begun until it is ready.
async fn time_of_a_start() -> Duration {
    let folder = Scratch::new();
    let mut program = start(folder.path());
    began(folder.path()).await;
    let began = Instant::now();
    let output = program.stdout.take().unwrap();
    let ready = timeout(PATIENCE, addresses(output)).await;
    assert!(matches!(ready, Ok(Some(_))), "{ready:?}");
    let whole = began.elapsed();
    stop(program).await;
    whole
}

async fn began(folder: &Path) {
    let began = Instant::now();
    while !folder.join("data.new").exists() && !folder.join("data").exists() {
        assert!(began.elapsed() < PATIENCE);
        sleep(Duration::from_millis(2)).await;
    }
}

fn start(folder: &Path) -> Child {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.with_extension("log"))
        .unwrap();
    Command::new(env!("CARGO_BIN_EXE_crm"))
        .env_remove("DATABASE_URL")
        .env("CRM_PROFILE", "test")
        .env("CRM_DATA_DIR", folder)
        .env("CRM_LISTEN", ANY_PORT)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// As Ctrl-C does; one that did not start has ended already.
async fn stop(mut program: Child) {
    let pid = program
        .id()
        .map(|pid| nix::unistd::Pid::from_raw(pid.cast_signed()));
    if let Some(pid) = pid {
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).ok();
    }
    timeout(PATIENCE, program.wait()).await.unwrap().unwrap();
}
