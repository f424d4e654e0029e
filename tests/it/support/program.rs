//! The real program on a database of the test's own, and what it says.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;

use crm::db::{PooledConnection, RequestDb};

use super::{TestDatabase, ask_on};

pub(crate) const EMAIL: &str = "grace.hopper@example.com";
pub(crate) const PASSWORD: &str = "a password nobody logs";

pub(crate) struct Program {
    process: Child,
    pub(crate) address: SocketAddr,
    /// The address of its metrics, if that is a separate one.
    pub(crate) monitor: Option<SocketAddr>,
    /// The link for the first administrator, if there is none yet.
    pub(crate) welcome: Option<String>,
    said: Arc<Mutex<String>>,
    listening: JoinHandle<()>,
    database: Arc<TestDatabase>,
}

/// An address whose port the system chooses: one that was looked up before could be another's by
/// the time it is used.
pub(crate) const ANY_PORT: &str = "127.0.0.1:0";

impl Program {
    /// Starts it with these variables and waits until it says that it is ready, and where.
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Program {
        Self::start_on(Arc::new(TestDatabase::with_pool(2).await), variables).await
    }

    /// The same on a database that another program has, or had. An empty variable is as good as none.
    pub(crate) async fn start_on(
        database: Arc<TestDatabase>,
        variables: &[(&str, &str)],
    ) -> Program {
        let mut process = Command::new(program())
            .env("DATABASE_URL", database.url())
            .env("CRM_PROFILE", "test")
            .env("CRM_LISTEN", ANY_PORT)
            .env("CRM_ADMIN_EMAIL", EMAIL)
            .env("CRM_ADMIN_PASSWORD", PASSWORD)
            .envs(variables.iter().copied())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let log = Arc::clone(&said);
        let listening = tokio::spawn(async move {
            while let Some(line) = lines.next_line().await.unwrap() {
                log.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let (address, monitor, welcome) = match addresses(process.stdout.take().unwrap()).await {
            Some(addresses) => addresses,
            None => {
                let exit = process.wait().await.unwrap();
                listening.await.unwrap();
                panic!("it did not start, {exit}: {}", said.lock().unwrap());
            }
        };
        Program {
            process,
            address,
            monitor,
            welcome,
            said,
            listening,
            database,
        }
    }

    /// Stops it. Returns what it said on standard error.
    pub(crate) async fn stop(self) -> String {
        self.terminate();
        self.ended().await
    }

    /// Tells it to stop.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.process.id().unwrap().try_into().unwrap());
        kill(pid, signal).unwrap();
    }

    /// Sends it SIGHUP.
    pub(crate) fn hang_up(&self) {
        let pid = Pid::from_raw(self.process.id().unwrap().try_into().unwrap());
        kill(pid, Signal::SIGHUP).unwrap();
    }

    /// Its resident memory, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = format!("/proc/{}/status", self.process.id().unwrap());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.unwrap().split_whitespace().next().unwrap();
        kilobytes.parse::<u64>().unwrap() * 1024
    }

    /// Waits for its end, which must be a good one. Returns what it said on standard error.
    pub(crate) async fn ended(mut self) -> String {
        let exit = self.process.wait().await.unwrap();
        self.listening.await.unwrap();
        let said = self.said.lock().unwrap().clone();
        assert!(exit.success(), "{exit}: {said}");
        said
    }

    /// Waits until there is a line in its log that contains this.
    pub(crate) async fn says(&self, part: &str) {
        let says = async || self.said.lock().unwrap().contains(part);
        eventually(part, says).await;
    }

    /// Its database, for a further program.
    pub(crate) fn database(&self) -> Arc<TestDatabase> {
        Arc::clone(&self.database)
    }

    /// A pool of its database, past the program.
    pub(crate) fn db(&self) -> &RequestDb {
        self.database.db()
    }

    /// The answer to an operation, with further headers.
    pub(crate) async fn ask(&self, headers: &str, body: &Value) -> Value {
        let body = body.to_string();
        let answer = self.post(headers, &body).await;
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"))
    }

    /// The body of the answer to a POST of JSON.
    pub(crate) async fn post(&self, headers: &str, body: &str) -> String {
        let length = body.len();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        let answer = exchange(self.address, &request).await;
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// The administrator's token, as a header.
    pub(crate) async fn sign_in(&self) -> String {
        let login = "mutation SignIn($email: String!, $password: String!) {
            login(input: { email: $email, password: $password }) { token } }";
        let variables = json!({ "email": EMAIL, "password": PASSWORD });
        let answer = self
            .ask("", &json!({ "query": login, "variables": variables }))
            .await;
        let token = answer["data"]["login"]["token"].as_str().expect("a token");
        format!("authorization: Bearer {token}\r\n")
    }
}

/// See [`addresses`].
type Addresses = (SocketAddr, Option<SocketAddr>, Option<String>);

/// The addresses that a program reports when it is ready: of its API, and of its metrics if they are
/// elsewhere; and the link for the first administrator. None if it ends.
pub(crate) async fn addresses(output: ChildStdout) -> Option<Addresses> {
    let mut lines = BufReader::new(output).lines();
    let (mut api, mut monitor) = (None, None);
    while let Some(line) = lines.next_line().await.unwrap() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next().and_then(host)) {
            (Some("GraphQL"), found) => api = found,
            (Some("metrics"), found) => monitor = found,
            // The last lines.
            (Some("sign"), _) => return Some((api?, monitor, None)),
            (Some("welcome"), _) => {
                let link = line.split_whitespace().nth(1)?;
                return Some((api?, monitor, Some(link.to_owned())));
            }
            _ => {}
        }
    }
    None
}

fn host(url: &str) -> Option<SocketAddr> {
    let (_, rest) = url.split_once("://")?;
    rest.split('/').next()?.parse().ok()
}

/// The whole answer to a request that closes its connection; empty if nobody listens.
pub(crate) async fn exchange(address: SocketAddr, request: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return String::new();
    };
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8(answer).unwrap()
}

/// The answer to a GET.
pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\r\n");
    exchange(address, &request).await
}

/// Lets no one else at the leads while it is held.
pub(crate) async fn lock(program: &Program) -> PooledConnection {
    let mut held = program.db().connection().await.unwrap();
    held.batch_execute("BEGIN; LOCK TABLE leads IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    held
}

/// Waits until a statement waits for the lock.
pub(crate) async fn until_it_waits(program: &Program) {
    let mut looking = program.db().connection().await.unwrap();
    let waits = "coalesce((SELECT 'waits' FROM pg_locks WHERE NOT granted \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                 LIMIT 1), '')";
    while ask_on(&mut looking, waits).await != "waits" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until something holds, ten seconds at most.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The program to start: that of the tests, or another one, such as one that is optimised.
pub(crate) fn program() -> String {
    let other = std::env::var("CRM_TEST_PROGRAM").ok();
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_crm").to_owned())
}
