//! Two copies behind a proxy, set up as docs/operate/examples has it, restarted one after the other under
//! load, and a migration that the first one to start runs meanwhile: no request may fail.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{Request, StatusCode};
use chrono::Utc;
use diesel_async::SimpleAsyncConnection;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crm::demo;

use crate::support::program::{Program, eventually, get};
use crate::support::{Scratch, TestDatabase, ask_on, free_port};

const CLIENTS: usize = 6;
const CREATE: &str = "mutation { createLead(input: { firstName: \"Ann\", lastName: \"Lee\",
    email: \"ann@example.com\", source: REFERRAL }) { lead { id } } }";
const READ: &str = "{ leads(first: 5) { nodes { id fullName } } leadStatistics { totalLeads } }";

/// A proxy in front of two copies. Ends with its test.
struct Proxy {
    process: Child,
    address: SocketAddr,
    _folder: Scratch,
}

impl Proxy {
    /// The example with other addresses, run by `command`. None if it is not installed.
    async fn start(
        example: &str,
        copies: [u16; 2],
        command: impl FnOnce(&Path) -> (&'static str, Vec<String>),
    ) -> Option<Proxy> {
        let folder = Scratch::new();
        fs::create_dir(folder.path()).unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operate/examples");
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let text = fs::read_to_string(path.join(example)).unwrap();
        let text = text
            .replace("127.0.0.1:8080", &address.to_string())
            .replace("127.0.0.1:8001", &format!("127.0.0.1:{}", copies[0]))
            .replace("127.0.0.1:8002", &format!("127.0.0.1:{}", copies[1]));
        fs::write(folder.path().join(example), text).unwrap();
        let (program, arguments) = command(folder.path());
        if !Path::new(program).is_file() {
            eprintln!("not tried: there is no {program}");
            return None;
        }
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let proxy = Proxy {
            process,
            address,
            _folder: folder,
        };
        let answers = async || get(address, "/readyz").await.contains(" 200 ");
        eventually("the proxy answers", answers).await;
        Some(proxy)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Told, not killed: the workers of nginx end with it.
        let pid = Pid::from_raw(self.process.id().cast_signed());
        kill(pid, Signal::SIGTERM).ok();
        self.process.wait().ok();
    }
}

/// The shared state of the clients, and their counters.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    answered: AtomicU32,
    created: AtomicU32,
}

/// Asks one request after the other on one connection, as long as the proxy keeps it. Returns what failed.
async fn ask_on_and_on(address: SocketAddr, token: String, load: Arc<Load>) -> Vec<String> {
    let mut failed = Vec::new();
    let mut sender: Option<SendRequest<Full<Bytes>>> = None;
    let mut number = 0;
    while !load.is_over.load(Ordering::Relaxed) {
        number += 1;
        let query = if number % 3 == 0 { CREATE } else { READ };
        // One that the proxy has closed meanwhile is no failure: nothing was sent on it.
        let mut open = match sender.take().filter(|sender| !sender.is_closed()) {
            Some(open) => open,
            None => {
                let stream = TcpStream::connect(address).await.unwrap();
                let (open, connection) = handshake(TokioIo::new(stream)).await.unwrap();
                tokio::spawn(connection);
                open
            }
        };
        match ask(&mut open, &token, query).await {
            Ok(()) => {
                load.answered.fetch_add(1, Ordering::Relaxed);
                if query == CREATE {
                    load.created.fetch_add(1, Ordering::Relaxed);
                }
                sender = Some(open);
            }
            Err(said) => failed.push(format!("{said} to {}", &query[..12])),
        }
    }
    failed
}

async fn ask(
    sender: &mut SendRequest<Full<Bytes>>,
    token: &str,
    query: &str,
) -> Result<(), String> {
    let body = json!({ "query": query }).to_string();
    let request = Request::post("/graphql")
        .header(HOST, "crm")
        .header(CONTENT_TYPE, "application/json")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    sender.ready().await.map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await;
    let answer = answer.map_err(|error| error.to_string())?;
    let status = answer.status();
    let body = answer.into_body().collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    let parsed: Value = serde_json::from_slice(&body).unwrap_or_default();
    match status == StatusCode::OK && parsed["data"].is_object() && parsed["errors"].is_null() {
        true => Ok(()),
        false => Err(format!("{status} {}", String::from_utf8_lossy(&body))),
    }
}

/// Forgets the last migration that needs no table of its own, so that the next start runs it.
async fn forget_a_migration(database: &TestDatabase) {
    let name = "2026-11-29-000012_job_title_index";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let down = fs::read_to_string(folder.join(name).join("down.sql")).unwrap();
    let mut connection = database.db().connection().await.unwrap();
    connection.batch_execute(&down).await.unwrap();
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version = '20261129000012'";
    connection.batch_execute(forget).await.unwrap();
    assert_eq!(index(database).await, "none");
}

async fn index(database: &TestDatabase) -> String {
    let mut connection = database.db().connection().await.unwrap();
    ask_on(
        &mut connection,
        "coalesce(to_regclass('leads_job_title')::text, 'none')",
    )
    .await
}

async fn copy(database: &Arc<TestDatabase>, port: u16) -> Program {
    let listen = format!("127.0.0.1:{port}");
    let variables = [
        ("CRM_LISTEN", listen.as_str()),
        ("CRM_TRUSTED_PROXIES", "127.0.0.1"),
        ("CRM_POOL_SIZE", "8"),
        ("CRM_LOG", "warn"),
    ];
    Program::start_on(Arc::clone(database), &variables).await
}

/// Restarts each copy under load, one after the other.
async fn drill(example: &str, command: impl FnOnce(&Path) -> (&'static str, Vec<String>)) {
    let database = Arc::new(TestDatabase::new().await);
    let ports = [free_port(), free_port()];
    let mut copies = Vec::new();
    for port in ports {
        copies.push(copy(&database, port).await);
    }
    assert!(demo::fill_empty(database.db(), Utc::now()).await.unwrap());
    let Some(proxy) = Proxy::start(example, ports, command).await else {
        return;
    };
    let mut connection = database.db().connection().await.unwrap();
    let count = "(select count(*)::text from leads)";
    let before: u32 = ask_on(&mut connection, count).await.parse().unwrap();
    drop(connection);
    let header = copies[0].sign_in().await;
    let token = header.trim().rsplit(' ').next().unwrap().to_owned();
    let load = Arc::new(Load::default());
    let clients = (0..CLIENTS).map(|_| {
        tokio::spawn(ask_on_and_on(
            proxy.address,
            token.clone(),
            Arc::clone(&load),
        ))
    });
    let clients: Vec<_> = clients.collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    forget_a_migration(&database).await;
    for _ in 0..2 {
        for port in ports {
            copies.remove(0).stop().await;
            let again = copy(&database, port).await;
            let is_used = async || {
                let metrics = get(again.address, "/metrics").await;
                metrics.contains("crm_requests_total{")
            };
            eventually("the proxy takes it for healthy again", is_used).await;
            copies.push(again);
        }
    }
    assert_eq!(index(&database).await, "leads_job_title");
    load.is_over.store(true, Ordering::Relaxed);
    let mut failed = Vec::new();
    for client in clients {
        failed.extend(client.await.unwrap());
    }
    let answered = load.answered.load(Ordering::Relaxed);
    println!(
        "{example}: {answered} answered, {} failed, 4 restarts",
        failed.len()
    );
    assert_eq!(failed, [""; 0]);
    assert!(answered > 100, "{answered}");
    let mut connection = database.db().connection().await.unwrap();
    let after: u32 = ask_on(&mut connection, count).await.parse().unwrap();
    assert_eq!(after - before, load.created.load(Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_behind_haproxy_fails_no_request() {
    drill("haproxy.cfg", |folder| {
        let file = folder.join("haproxy.cfg").display().to_string();
        ("/usr/sbin/haproxy", vec!["-db".into(), "-f".into(), file])
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_behind_nginx_fails_no_request() {
    drill("nginx.conf", |folder| {
        let (main, folder) = (folder.join("main.conf"), folder.display());
        let text = format!(
            "daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}\n\
             http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
             fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n\
             include {folder}/nginx.conf; }}\n"
        );
        fs::write(&main, text).unwrap();
        let main = main.display().to_string();
        ("/usr/sbin/nginx", vec!["-c".into(), main])
    })
    .await;
}
