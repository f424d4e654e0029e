//! The program's own PostgreSQL: starting, sharing, recovering and stopping.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use nix::sys::signal::{Signal, kill};

use crm::db::embedded::{EmbeddedError, EmbeddedOptions, EmbeddedServer};
use crm::db::{Db, PoolOptions};

use crate::support::Scratch;

/// Says to the test that is a program of its own which folder to serve.
const HOLD: &str = "CRM_TEST_HOLD";

#[tokio::test]
async fn a_first_start_makes_the_data_and_a_second_one_is_quick_and_finds_them() {
    let folder = Scratch::new();
    let began = Instant::now();
    let server = start(folder.path()).await;
    eprintln!("first start: {:?}", began.elapsed());
    run(&server, "create table kept as select 7 as seven").await;
    server.stop().await.expect("a stopped server");
    assert_eq!(folder.server(), None, "a server is left");

    let began = Instant::now();
    let server = start(folder.path()).await;
    let took = began.elapsed();
    eprintln!("second start: {took:?}");
    assert!(
        took < Duration::from_secs(2),
        "the second start took {took:?}"
    );
    assert_eq!(ask(&server, "select seven::text from kept").await, "7");
    server.stop().await.expect("a stopped server");
}

#[tokio::test]
async fn two_folders_have_two_servers_side_by_side() {
    let (left, right) = (Scratch::new(), Scratch::new());
    let (one, other) = tokio::join!(start(left.path()), start(right.path()));
    run(&one, "create table only_here ()").await;
    assert_eq!(
        ask(
            &other,
            "select coalesce(to_regclass('only_here')::text, 'none')"
        )
        .await,
        "none"
    );
    assert_ne!(left.server(), right.server());
    one.stop().await.expect("a stopped server");
    assert_eq!(ask(&other, "select 'still here'").await, "still here");
    other.stop().await.expect("a stopped server");
}

#[tokio::test]
async fn several_that_start_at_once_share_one_server_and_the_last_one_out_stops_it() {
    let folder = Scratch::new();
    let starts = (0..4).map(|_| start(folder.path()));
    let mut servers = futures_util::future::join_all(starts).await;
    let pid = folder.server().expect("a server");
    while let Some(server) = servers.pop() {
        assert_eq!(
            folder.server(),
            Some(pid),
            "it was stopped under another's feet"
        );
        assert_eq!(ask(&server, "select current_database()").await, "crm");
        server.stop().await.expect("left");
    }
    assert_eq!(folder.server(), None, "the last one did not stop it");
}

#[tokio::test]
async fn a_server_whose_program_was_killed_is_taken_over_and_stopped_at_the_end() {
    let folder = Scratch::new();
    let mut program = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "embedded::holds_a_server",
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
    assert_eq!(ask(&server, "select 'alive'").await, "alive");
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
    std::future::pending::<()>().await;
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
    assert_eq!(ask(&server, "select seven::text from kept").await, "7");
    server.stop().await.expect("a stopped server");
}

#[tokio::test]
async fn a_dropped_server_is_told_to_stop() {
    let folder = Scratch::new();
    drop(start(folder.path()).await);
    let began = Instant::now();
    while folder.server().is_some() {
        assert!(began.elapsed() < Duration::from_secs(10), "it still runs");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
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
    assert_eq!(ask(&server, "select 'up'").await, "up");
    server.stop().await.expect("a stopped server");
}

#[tokio::test]
async fn the_socket_is_in_a_private_folder_and_there_is_no_port() {
    let folder = Scratch::new();
    let server = EmbeddedServer::start(&durable(folder.path()))
        .await
        .expect("a server");
    for private in ["socket", "data"] {
        let mode = fs::metadata(folder.path().join(private))
            .expect("a folder")
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o700, "{private}");
    }
    assert_eq!(
        ask(&server, "select current_setting('listen_addresses')").await,
        ""
    );
    assert_eq!(ask(&server, "select current_setting('fsync')").await, "on");
    assert_eq!(
        ask(&server, "select current_setting('synchronous_commit')").await,
        "on"
    );
    assert_eq!(
        ask(&server, "select current_setting('server_encoding')").await,
        "UTF8"
    );
    assert_eq!(ask(&server, "select lower('ÄÖÜ')").await, "äöü");
    server.stop().await.expect("a stopped server");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_gets_a_short_private_folder() {
    let folder = Scratch::new();
    let long = folder.path().join("a-long-name/".repeat(8));
    let server = start(&long).await;
    assert_eq!(ask(&server, "select 'up'").await, "up");
    let socket = server
        .url()
        .split(['=', '&'])
        .nth(1)
        .expect("a socket")
        .to_owned();
    let mode = fs::metadata(&socket)
        .expect("a folder")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    server.stop().await.expect("a stopped server");
    fs::remove_dir_all(socket).expect("an empty folder");
}

#[tokio::test]
async fn data_of_another_major_version_are_refused_with_a_sentence() {
    let folder = Scratch::new();
    start(folder.path())
        .await
        .stop()
        .await
        .expect("a stopped server");
    fs::write(folder.path().join("data/PG_VERSION"), "9\n").expect("a version");
    let error = EmbeddedServer::start(&options(folder.path()))
        .await
        .expect_err("a refusal");
    assert!(
        matches!(error, EmbeddedError::WrongVersion { made_by: 9, .. }),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains("belong to PostgreSQL 9") && text.contains("CRM_DATA_DIR"),
        "{text}"
    );
}

#[tokio::test]
async fn a_folder_without_programs_is_refused_with_a_sentence() {
    let folder = Scratch::new();
    let bin = Some("/nowhere/bin".into());
    let options = EmbeddedOptions {
        bin,
        ..options(folder.path())
    };
    let error = EmbeddedServer::start(&options)
        .await
        .expect_err("a refusal")
        .to_string();
    assert!(
        error.contains("/nowhere/bin") && error.contains("CRM_PG_BIN"),
        "{error}"
    );
}

#[tokio::test]
async fn somebody_elses_folder_is_not_taken_for_data() {
    let folder = Scratch::new();
    let data = folder.path().join("data");
    fs::create_dir_all(&data).expect("a folder");
    fs::write(data.join("letter.txt"), "dear").expect("a file");
    let error = EmbeddedServer::start(&options(folder.path()))
        .await
        .expect_err("a refusal");
    assert!(
        matches!(error, EmbeddedError::NotADataFolder(_)),
        "{error:?}"
    );
    assert!(data.join("letter.txt").exists());
}

#[tokio::test]
async fn a_server_that_does_not_start_shows_the_end_of_its_log() {
    let folder = Scratch::new();
    start(folder.path())
        .await
        .stop()
        .await
        .expect("a stopped server");
    let settings = folder.path().join("data/postgresql.conf");
    fs::write(settings, "work_mem = plenty\n").expect("a setting");
    let error = EmbeddedServer::start(&options(folder.path()))
        .await
        .expect_err("a failure");
    let text = error.to_string();
    assert!(
        text.contains("server.log") && text.contains("work_mem"),
        "{text}"
    );
}

#[tokio::test]
async fn a_folder_out_of_the_servers_reach_is_refused_with_a_sentence() {
    if !nix::unistd::geteuid().is_root() {
        return; // An ordinary user runs the server as themselves.
    }
    let private = Scratch::new();
    fs::create_dir(private.path()).expect("a folder");
    let closed = fs::Permissions::from_mode(0o700);
    fs::set_permissions(private.path(), closed).expect("a private folder");
    let options = options(&private.path().join("data"));
    let error = EmbeddedServer::start(&options)
        .await
        .expect_err("a refusal");
    assert!(
        matches!(error, EmbeddedError::OutOfReach { .. }),
        "{error:?}"
    );
}

fn durable(folder: &Path) -> EmbeddedOptions {
    EmbeddedOptions {
        data_dir: Some(folder.into()),
        fetch: true,
        ..EmbeddedOptions::default()
    }
}

fn options(folder: &Path) -> EmbeddedOptions {
    EmbeddedOptions {
        durable: false,
        ..durable(folder)
    }
}

async fn start(folder: &Path) -> EmbeddedServer {
    let mut server = EmbeddedServer::start(&options(folder))
        .await
        .expect("a server");
    server.ready();
    server
}

async fn run(server: &EmbeddedServer, statement: &str) {
    let db = Db::connect(&server.url(), &PoolOptions::default())
        .await
        .expect("a pool");
    let mut connection = db.connection().await.expect("a connection");
    connection
        .batch_execute(statement)
        .await
        .expect("a statement");
}

async fn ask(server: &EmbeddedServer, question: &str) -> String {
    let db = Db::connect(&server.url(), &PoolOptions::default())
        .await
        .expect("a pool");
    let mut connection = db.connection().await.expect("a connection");
    let answer = diesel::dsl::sql::<Text>(question.strip_prefix("select ").expect("a question"));
    diesel::select(answer)
        .get_result(&mut connection)
        .await
        .expect("an answer")
}
