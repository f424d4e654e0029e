//! A server that does not speak English fails with the same codes.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crm::db::{Db, Failed, PoolOptions, PooledConnection};

use crate::support::{Scratch, ask_on, start};

/// A server with German messages, if its translations are installed.
struct German {
    process: Child,
    folder: Scratch,
    url: String,
}

impl German {
    /// Has the folder's server made as usual, and then starts its program in another language.
    async fn start() -> German {
        use std::os::unix::fs::MetadataExt;
        let folder = Scratch::new();
        let server = start(folder.path()).await;
        let url = server.url();
        let pid = folder.server().expect("a server");
        let program: PathBuf = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap();
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
        let arguments = String::from_utf8(arguments).unwrap();
        server.stop().await.unwrap();
        let owner = folder.path().join("data").metadata().unwrap();
        let process = Command::new(program)
            .args(arguments.split_terminator('\0').skip(1))
            .args(["-c", "lc_messages=C.UTF-8"])
            .env_clear()
            .envs([("LC_ALL", "C.UTF-8"), ("LANGUAGE", "de")])
            .current_dir("/")
            .uid(owner.uid())
            .gid(owner.gid())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        German {
            process,
            folder,
            url,
        }
    }

    async fn connect(&self, options: &PoolOptions) -> Db {
        for _ in 0..200 {
            if let Ok(db) = Db::connect(&self.url, options).await {
                return db;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no server in {}", self.folder.path().display());
    }
}

impl Drop for German {
    fn drop(&mut self) {
        kill(
            Pid::from_raw(self.process.id().cast_signed()),
            Signal::SIGINT,
        )
        .ok();
        self.process.wait().ok();
    }
}

/// What the failure of a statement means, and in which words it came.
async fn failure(conn: &mut PooledConnection, statement: &str) -> (Option<Failed>, String) {
    let error = conn.batch_execute(statement).await.expect_err(statement);
    (Failed::of(&error), error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_another_language_is_understood() {
    if !Path::new("/proc/self/exe").exists() {
        return;
    }
    let server = German::start().await;
    let options = PoolOptions {
        statement_timeout: Duration::from_millis(100),
        lock_timeout: Duration::from_millis(50),
        ..PoolOptions::default()
    };
    let db = server.connect(&options).await;
    let (mut one, mut other) = (
        db.connection().await.unwrap(),
        db.connection().await.unwrap(),
    );
    let (too_long, said) = failure(&mut one, "SELECT pg_sleep(10)").await;
    assert_eq!(too_long, Some(Failed::TooLong), "{said}");
    eprintln!("the server says: {said}");
    one.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(1)")
        .await
        .unwrap();
    let (locked, said) = failure(&mut other, "SELECT pg_advisory_xact_lock(1)").await;
    assert_eq!(locked, Some(Failed::Locked), "{said}");
    one.batch_execute("ROLLBACK").await.unwrap();
    one.batch_execute("SET statement_timeout = 0")
        .await
        .unwrap();
    let canceller = one.canceller();
    let (cancelled, ()) = tokio::join!(failure(&mut one, "SELECT pg_sleep(10)"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        canceller.cancel().await;
    });
    assert_eq!(cancelled.0, Some(Failed::TooLong), "{}", cancelled.1);
    for (client, key) in [(&mut one, 2), (&mut other, 3)] {
        let patient = "SET statement_timeout = 0; SET lock_timeout = 0; BEGIN";
        let lock = format!("{patient}; SELECT pg_advisory_xact_lock({key})");
        client.batch_execute(&lock).await.unwrap();
    }
    let (first, second) = tokio::join!(
        one.batch_execute("SELECT pg_advisory_xact_lock(3)"),
        other.batch_execute("SELECT pg_advisory_xact_lock(2)")
    );
    let deadlocked = first.and(second).expect_err("a deadlock");
    assert_eq!(
        Failed::of(&deadlocked),
        Some(Failed::Deadlocked),
        "{deadlocked}"
    );
    for client in [&mut one, &mut other] {
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    let (wrong, said) = failure(&mut one, "SELECT 1 / 0").await;
    assert_eq!(wrong, None, "{said}");
    let me = ask_on(&mut one, "pg_backend_pid()::text").await;
    let end = format!("SELECT pg_terminate_backend({me})");
    let (gone, ()) = tokio::join!(failure(&mut one, "SELECT pg_sleep(10)"), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        other.batch_execute(&end).await.unwrap();
    });
    assert_eq!(gone.0, Some(Failed::Gone), "{}", gone.1);
}
