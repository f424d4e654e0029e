//! The real program told to stop, at whatever it is at: with its default settings it has ended well
//! within ten seconds, and meanwhile says that it is not ready.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use nix::sys::signal::Signal;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::program::{ANY_PORT, Program, eventually, get, lock, until_it_waits};

const LIMIT: Duration = Duration::from_secs(10);
/// Waits for whoever has locked the leads.
const READ: &str = "{ leads { nodes { id } } }";
const CHANGE: &str = "mutation { createLead(input: { firstName: \"Ann\", lastName: \"Lee\",
    email: \"ann@example.com\" }) { lead { id } } }";

/// The program with probes on an address of their own, which answer to the end.
struct Stopping {
    program: Program,
    monitor: SocketAddr,
}

impl Stopping {
    async fn start(variables: &[(&str, &str)]) -> Stopping {
        let mut all = vec![("CRM_MONITOR_LISTEN", ANY_PORT)];
        all.extend(variables);
        let program = Program::start(&all).await;
        let monitor = program.monitor.unwrap();
        let stopping = Stopping { program, monitor };
        assert!(is_ready(monitor).await);
        stopping
    }

    async fn connect(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.program.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// An operation on a connection of its own, whose answer is not read yet.
    async fn ask(&self, token: &str, query: &str) -> TcpStream {
        self.connect(request(token, query).as_bytes()).await
    }

    fn terminate(&self) {
        self.program.terminate();
    }

    /// Waits until it says that it is not ready.
    async fn is_red(&self) {
        eventually("red", async || !is_ready(self.monitor).await).await;
    }

    /// Waits for the end. It must be a good one, in time, and red until then.
    async fn ends(self, since: Instant) {
        self.is_red().await;
        let monitor = self.monitor;
        let watching = tokio::spawn(async move {
            loop {
                assert!(!is_ready(monitor).await, "ready again");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let said = self.program.ended().await;
        let time = since.elapsed();
        watching.abort();
        assert!(watching.await.is_err_and(|end| end.is_cancelled()));
        assert!(time < LIMIT, "it took {time:?}: {said}");
    }

    async fn stops(self) {
        let began = Instant::now();
        self.terminate();
        self.ends(began).await;
    }
}

async fn is_ready(monitor: SocketAddr) -> bool {
    get(monitor, "/readyz").await.starts_with("HTTP/1.1 200")
}

fn request(token: &str, query: &str) -> String {
    let body = json!({ "query": query }).to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: crm\r\ncontent-type: application/json\r\n{token}\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The bytes received until the connection is closed.
async fn rest_of(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await.ok();
    String::from_utf8(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_rest_or_sent_half_a_request_do_not_hold_up_a_stop() {
    let stopping = Stopping::start(&[]).await;
    let silent = stopping.connect(b"").await;
    let mut resting = stopping.ask("", "{ __typename }").await;
    resting.read_u8().await.unwrap();
    let head = stopping.connect(b"POST /graphql HTTP/1.1\r\nhost: c").await;
    let whole = request("", "{ __typename }");
    let body = &whole.as_bytes()[..whole.len() - 5];
    let body = stopping.connect(body).await;
    stopping.stops().await;
    for (open, what) in [(silent, "silent"), (head, "head"), (body, "body")] {
        let answer = rest_of(open).await;
        assert!(!answer.contains("\"data\""), "{what}: {answer}");
    }
    assert!(rest_of(resting).await.ends_with("}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_its_answers_does_not_hold_up_a_stop() {
    let stopping = Stopping::start(&[]).await;
    let many = request("", "{ __typename }").repeat(200);
    let mut open = Vec::new();
    for _ in 0..10 {
        let mut stream = stopping.connect(b"").await;
        // It writes until nothing more is taken.
        let writing = async { while stream.write_all(many.as_bytes()).await.is_ok() {} };
        let _ = tokio::time::timeout(Duration::from_millis(500), writing).await;
        open.push(stream);
    }
    stopping.stops().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_answered_before_the_program_ends() {
    let stopping = Stopping::start(&[]).await;
    let token = stopping.program.sign_in().await;
    let mut held = lock(&stopping.program).await;
    let reading = stopping.ask(&token, READ).await;
    let changing = stopping.ask(&token, CHANGE).await;
    until_it_waits(&stopping.program).await;
    let began = Instant::now();
    stopping.terminate();
    stopping.is_red().await;
    held.batch_execute("COMMIT").await.unwrap();
    stopping.ends(began).await;
    for (flying, part) in [
        (reading, "\"leads\""),
        (changing, "\"createLead\":{\"lead\":{"),
    ] {
        let answer = rest_of(flying).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(
            answer.contains(part) && !answer.contains("\"errors\""),
            "{answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_outlast_the_time_for_a_stop_and_who_waits_behind_them_are_cut() {
    let stopping = Stopping::start(&[]).await;
    let token = stopping.program.sign_in().await;
    let held = lock(&stopping.program).await;
    // More than there are connections to the database: some wait for one.
    let mut open = Vec::new();
    for number in 0..24 {
        let query = if number % 2 == 0 { READ } else { CHANGE };
        open.push(stopping.ask(&token, query).await);
    }
    until_it_waits(&stopping.program).await;
    stopping.stops().await;
    for cut in open {
        assert!(!rest_of(cut).await.contains("\"id\""));
    }
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_that_do_not_answer_do_not_hold_up_a_stop() {
    // Takes connections and says nothing.
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    let stopping = Stopping::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
        ("CRM_OIDC_ISSUER", &url),
        ("CRM_OIDC_AUDIENCE", "crm"),
    ])
    .await;
    let token = stopping.program.sign_in().await;
    let mut asked = stopping.ask(&token, READ).await;
    asked.read_u8().await.unwrap();
    stopping.stops().await;
}

#[test]
fn settings_that_would_have_a_stop_take_longer_are_refused() {
    for (delay, drain) in [("1000", "8000"), ("0", "18446744073709551615")] {
        let refused = Command::new(env!("CARGO_BIN_EXE_crm"))
            .env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
            .env("CRM_LISTEN", ANY_PORT)
            .env("CRM_STOP_DELAY_MS", delay)
            .env("CRM_DRAIN_MS", drain)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!refused.status.success());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("CRM_DRAIN_MS"), "{said}");
    }
}

#[tokio::test]
async fn a_hangup_is_logged_and_ends_nothing() {
    let program = Program::start(&[]).await;
    for _ in 0..3 {
        program.signal(Signal::SIGHUP);
    }
    program.says("SIGHUP").await;
    assert!(get(program.address, "/readyz").await.contains(" 200 "));
    program.stop().await;
}
