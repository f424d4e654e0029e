//! The program's own PostgreSQL after somebody was killed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};

use crm::db::embedded::EmbeddedServer;

use crate::support::{Scratch, ask, durable, run, start};

/// Says to the test that is a program of its own which folder to serve.
const HOLD: &str = "CRM_TEST_HOLD";

#[tokio::test]
async fn a_server_whose_program_was_killed_is_taken_over_and_stopped_at_the_end() {
    let folder = Scratch::new();
    let mut program = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "db::recovery::holds_a_server",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(HOLD, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a program");
    let said = BufReader::new(program.stdout.take().expect("its output"));
    assert!(
        said.lines()
            .map_while(Result::ok)
            .any(|line| line.ends_with("it serves"))
    );
    let left = folder.server().expect("a server");
    program.kill().expect("a kill");
    program.wait().expect("a dead program");
    assert_eq!(kill(left, None), Ok(()), "the server died with its program");

    let server = start(folder.path()).await;
    assert_eq!(folder.server(), Some(left), "another server was started");
    assert_eq!(ask(&server, "'alive'").await, "alive");
    server.stop().await.expect("a stopped server");
    assert_eq!(folder.server(), None, "the server was left running");
}

/// Not a test: a program that starts a server and is killed.
#[tokio::test]
#[ignore = "it is a program that another test starts and kills"]
async fn holds_a_server() {
    let Some(folder) = std::env::var_os(HOLD).map(PathBuf::from) else {
        return;
    };
    let _server = start(&folder).await;
    println!("it serves");
    // Longer than the test takes, but not for ever, should nobody be left to kill it.
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn a_killed_server_comes_back_with_what_was_committed() {
    let folder = Scratch::new();
    let server = EmbeddedServer::start(&durable(folder.path()))
        .await
        .expect("a server");
    run(&server, "create table kept as select 7 as seven").await;
    kill(folder.server().expect("a server"), Signal::SIGKILL).expect("a kill");
    drop(server);

    let server = EmbeddedServer::start(&durable(folder.path()))
        .await
        .expect("a server again");
    assert_eq!(ask(&server, "(select seven::text from kept)").await, "7");
    server.stop().await.expect("a stopped server");
}

#[tokio::test]
async fn a_process_that_has_a_dead_servers_number_by_chance_does_not_matter() {
    let folder = Scratch::new();
    start(folder.path())
        .await
        .stop()
        .await
        .expect("a stopped server");
    // This test's own process stands for any that got the number after a reboot.
    let text = format!(
        "{}\n{}\n0\n5432\n\n\n",
        std::process::id(),
        folder.path().display()
    );
    fs::write(folder.path().join("data/postmaster.pid"), text).expect("a stale file");
    let server = start(folder.path()).await;
    assert_eq!(ask(&server, "'up'").await, "up");
    server.stop().await.expect("a stopped server");
}
