//! The program that is measured, as a process, and a client that asks it single questions.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::Result;
use crate::cpu::Process;

/// The time limit of the program's start, and of an answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// `crm serve`, running.
pub struct Server {
    process: Child,
    /// Its process id.
    pub pid: u32,
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The time until the first answer, in milliseconds.
    pub started_in_ms: f64,
}

impl Server {
    /// Starts the program on a database and waits for its first answer.
    pub async fn start(url: &str, folder: &Path) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        // As the operator runs it: with a line in the log for each request.
        let log = folder.join("crm.log");
        let began = Instant::now();
        let process = Command::new(env!("CARGO_BIN_EXE_crm"))
            .args(["serve", "--profile", "test"])
            .args(["--listen", &address.to_string()])
            .args(["--database-url", url])
            // One bulk change of 100,000 leads is measured, and may take its time.
            .args(["--bulk-limit", "1000000"])
            .args(["--statement-timeout-ms", "300000"])
            .args(["--request-timeout-ms", "300000"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .kill_on_drop(true)
            .spawn()?;
        let pid = process.id().ok_or("the server has no process")?;
        let mut server = Self {
            process,
            pid,
            address,
            started_in_ms: 0.0,
        };
        while server
            .ask(None, "{ __typename }", &Value::Null)
            .await
            .is_err()
        {
            if server.process.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                let said = std::fs::read_to_string(&log)?;
                return Err(format!("the server does not start: {said}").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.started_in_ms = began.elapsed().as_secs_f64() * 1e3;
        Ok(server)
    }

    /// The URL for requests.
    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Of which the CPU time counts.
    pub fn processes(&self) -> Process {
        Process::Alone(self.pid)
    }

    /// A token for a user of made-up leads, or the first administrator of development.
    pub async fn sign_in(&self, email: &str) -> Result<String> {
        let login = "mutation ($email: String!, $password: String!) {
            login(input: { email: $email, password: $password }) { token } }";
        let variables =
            json!({ "email": email, "password": crm::service::sessions::PUBLISHED_PASSWORD });
        let data = self.ask(None, login, &variables).await?;
        let token = data["login"]["token"].as_str();
        Ok(token.ok_or("nobody signed in")?.to_owned())
    }

    /// The data that a question is answered with. Errors: any error in the answer.
    pub async fn ask(&self, token: Option<&str>, query: &str, variables: &Value) -> Result<Value> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        self.post(token, &body).await
    }

    /// [`Server::ask`], of a whole body.
    pub async fn post(&self, token: Option<&str>, body: &str) -> Result<Value> {
        post(self.address, "/graphql", token, body).await
    }

    /// Tells it to stop and waits until it has.
    pub async fn stop(mut self) -> Result<()> {
        kill(Pid::from_raw(self.pid.try_into()?), Signal::SIGTERM)?;
        let ended = tokio::time::timeout(PATIENCE, self.process.wait()).await??;
        if ended.success() {
            return Ok(());
        }
        Err(format!("the server ended with {ended}").into())
    }
}

/// Asks a GraphQL server one question, on a connection of its own.
pub async fn post(
    address: SocketAddr,
    path: &str,
    token: Option<&str>,
    body: &str,
) -> Result<Value> {
    let authorization = token.map_or_else(String::new, |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n{authorization}\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    tokio::time::timeout(3 * PATIENCE, stream.read_to_end(&mut answer)).await??;
    let answer = String::from_utf8(answer)?;
    let (head, text) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    let wrong = |what: &str| -> Result<Value> {
        let shown: String = text.chars().take(400).collect();
        Err(format!("{what}: {shown}").into())
    };
    if !head.starts_with("HTTP/1.1 200") {
        return wrong(head.lines().next().unwrap_or_default());
    }
    let mut answer: Value = serde_json::from_str(text)?;
    if answer.get("errors").is_some() {
        return wrong("errors");
    }
    Ok(answer["data"].take())
}
