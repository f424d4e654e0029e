//! The real program, as a process with its own PostgreSQL, and a client that speaks HTTP to it.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::ChildStdout;

use crate::properties::other_copy::number;
use crate::support::program::{ANY_PORT, addresses, program};
use crm::db::embedded::{EmbeddedOptions, EmbeddedServer};
use crm::db::{Db, PoolOptions};
use crm::service::leads::LeadStatus;

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "a password for the drill";

/// The program over a folder.
pub(crate) struct Server {
    process: Process,
    address: SocketAddr,
    folder: PathBuf,
}

/// Ends with its test, also where that fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

/// The contents of the database, counted without the program.
pub(crate) struct Tally {
    pub(crate) leads: i64,
    /// The sum of all versions: one more for each change.
    pub(crate) versions: i64,
    pub(crate) entries: i64,
    pub(crate) statuses: HashMap<String, i64>,
}

impl Server {
    /// Starts the program and waits until it answers.
    pub(crate) async fn start(folder: &Path) -> Server {
        Server::start_on(folder, None).await
    }

    /// The same on a database elsewhere.
    pub(crate) async fn start_on(folder: &Path, url: Option<&str>) -> Server {
        Server::start_with(folder, url, &[]).await
    }

    /// The same with these variables besides.
    pub(crate) async fn start_with(
        folder: &Path,
        url: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Server {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.with_extension("log"));
        let process = Command::new(program())
            .env_remove("DATABASE_URL")
            .envs(url.map(|url| ("DATABASE_URL", url)))
            .env("CRM_PROFILE", "test")
            .env("CRM_DATA_DIR", folder)
            .env("CRM_LISTEN", ANY_PORT)
            .env("CRM_ADMIN_EMAIL", EMAIL)
            .env("CRM_ADMIN_PASSWORD", PASSWORD)
            .env("CRM_LOG", "warn")
            .envs(variables.iter().copied())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.unwrap())
            .spawn();
        let mut process = Process(process.unwrap());
        let output = ChildStdout::from_std(process.0.stdout.take().unwrap()).unwrap();
        let started = tokio::time::timeout(Duration::from_secs(60), addresses(output)).await;
        let log = fs::read_to_string(folder.with_extension("log")).unwrap_or_default();
        let (address, ..) = started
            .unwrap_or_else(|_| panic!("it does not answer: {log}"))
            .unwrap_or_else(|| panic!("it did not start: {log}"));
        Server {
            process,
            address,
            folder: folder.to_owned(),
        }
    }

    /// True if it reports that it is ready.
    pub(crate) async fn answers(&self) -> bool {
        self.is_well("/readyz").await
    }

    /// True when a probe is answered with 200.
    pub(crate) async fn is_well(&self, probe: &str) -> bool {
        let probe = format!("GET {probe} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        exchange(self.address, &probe)
            .await
            .is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    pub(crate) async fn sign_in(&self) -> Client {
        self.sign_in_as(EMAIL, PASSWORD).await
    }

    pub(crate) async fn sign_in_as(&self, email: &str, password: &str) -> Client {
        let nobody = Client {
            address: self.address,
            token: "none".to_owned(),
        };
        let login = "mutation ($email: String!, $password: String!) {
            login(input: { email: $email, password: $password }) { token } }";
        let variables = json!({ "email": email, "password": password });
        let answer = nobody.ask(login.to_owned(), variables).await.unwrap();
        let token = answer["data"]["login"]["token"]
            .as_str()
            .expect("a token")
            .to_owned();
        Client {
            address: self.address,
            token,
        }
    }

    /// `kill -9`, of the program alone or first of its PostgreSQL.
    pub(crate) fn kill(mut self, with_postgres: bool) {
        let postmaster = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let postmaster: i32 = postmaster.lines().next().unwrap().trim().parse().unwrap();
        if with_postgres {
            kill(Pid::from_raw(postmaster), Signal::SIGKILL).unwrap();
        }
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }

    /// The process's memory, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
        kilobytes.unwrap().parse::<u64>().unwrap() << 10
    }

    /// Everything it has said on standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.with_extension("log")).unwrap()
    }

    /// True if the process runs.
    pub(crate) fn lives(&mut self) -> bool {
        self.process.0.try_wait().unwrap().is_none()
    }

    /// As Ctrl-C does.
    pub(crate) async fn stop(mut self) {
        kill(
            Pid::from_raw(self.process.0.id().cast_signed()),
            Signal::SIGINT,
        )
        .unwrap();
        let exit = tokio::task::spawn_blocking(move || self.process.0.wait())
            .await
            .unwrap()
            .unwrap();
        assert!(exit.success(), "{exit:?}");
    }

    pub(crate) async fn tally(&self) -> Tally {
        // The address of the program's own PostgreSQL: a socket in its folder.
        let place = EmbeddedOptions {
            data_dir: Some(self.folder.clone()),
            ..Default::default()
        };
        let mut adopted = EmbeddedServer::start(&place).await.unwrap();
        adopted.ready();
        let db = Db::connect(&adopted.url(), &PoolOptions::default())
            .await
            .unwrap()
            .program();
        let mut conn = db.connection().await.unwrap();
        // What was committed at the last moment may still be on its way; nothing may stay open.
        let busy = "(select count(*) from pg_stat_activity where datname = current_database()
            and backend_type = 'client backend' and xact_start is not null
            and pid <> pg_backend_pid())";
        let began = Instant::now();
        while number(&mut conn, busy).await > 0 {
            assert!(
                began.elapsed() < Duration::from_secs(5),
                "a transaction was left open"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut statuses = HashMap::new();
        for status in LeadStatus::ALL {
            let of_status = format!(
                "(select count(*) from leads where status = '{}')",
                status.as_str()
            );
            statuses.insert(
                status.as_str().to_owned(),
                number(&mut conn, &of_status).await,
            );
        }
        let tally = Tally {
            leads: number(&mut conn, "(select count(*) from leads)").await,
            versions: number(&mut conn, "(select sum(version) from leads)").await,
            entries: number(&mut conn, "(select count(*) from lead_notes)").await,
            statuses,
        };
        drop((conn, db));
        adopted.stop().await.unwrap();
        tally
    }
}

impl Client {
    /// The response to an operation; nothing if the connection ended before it.
    pub(crate) async fn ask(self, query: String, variables: Value) -> Option<Value> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
             authorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        let answer = exchange(self.address, &request).await?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }
}

async fn exchange(address: SocketAddr, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer)
}
