//! Limits and deadlines of connections, and graceful shutdown, over real sockets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crm::http::{self, ConnectionLimits};

use crate::support::{Api, ApiOptions};

pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const ALIVE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: crm\r\n\r\n";

pub(super) struct Served {
    pub(super) address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Served {
    /// Tells it to stop, and waits until it has.
    pub(super) async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.served)
            .await
            .expect("an end")
            .unwrap();
    }
}

pub(super) async fn serve(api: &Api, limits: ConnectionLimits) -> Served {
    serve_routes(api.router(), limits).await
}

pub(super) async fn serve_routes(router: Router, limits: ConnectionLimits) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        http::serve(listener, router, stopped, limits)
            .await
            .unwrap();
    });
    Served {
        address,
        stop,
        served,
    }
}

pub(super) async fn send(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// The bytes received until the server closes the connection.
pub(super) async fn rest_of(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut text))
        .await
        .expect("an end")
        .ok();
    String::from_utf8(text).unwrap()
}

pub(super) async fn first_line(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 512];
    let read = timeout(PATIENCE, stream.read(&mut bytes))
        .await
        .expect("an answer")
        .unwrap();
    String::from_utf8_lossy(&bytes[..read])
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_client_that_never_finishes_its_request_is_cut_off() {
    let api = Api::new().await;
    let limits = ConnectionLimits {
        header: Duration::from_millis(300),
        ..ConnectionLimits::default()
    };
    let served = serve(&api, limits).await;
    let mut half = send(served.address, b"POST /graphql HTTP/1.1\r\nhost: c").await;
    let began = Instant::now();
    rest_of(&mut half).await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    let mut whole = send(served.address, ALIVE).await;
    assert_eq!(first_line(&mut whole).await, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_stop_closes_resting_connections_and_waits_no_longer_than_it_may() {
    let api = Api::new().await;
    let limits = ConnectionLimits {
        drain: Duration::from_millis(500),
        ..ConnectionLimits::default()
    };
    let served = serve(&api, limits).await;
    let mut resting = send(served.address, ALIVE).await;
    assert_eq!(first_line(&mut resting).await, "HTTP/1.1 200 OK");
    let _half = send(served.address, b"POST /graphql HTTP/1.1\r\nhost: c").await;
    let began = Instant::now();
    served.stop.send(()).unwrap();
    timeout(PATIENCE, served.served)
        .await
        .expect("an end")
        .unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    rest_of(&mut resting).await;
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn a_server_that_stops_is_not_ready_any_more_but_answers() {
    let api = Api::new().await;
    let ready = async || {
        let request = Request::get("/readyz").body(Body::empty()).unwrap();
        let (status, _, _) = api.send(request).await;
        status.as_u16()
    };
    assert_eq!(ready().await, 200);
    api.stopping().begin();
    assert_eq!(ready().await, 503);
    let answer = api.ask(None, "{ __typename }", serde_json::json!({})).await;
    assert_eq!(answer["data"]["__typename"], "Query");
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_end() {
    let api = Api::new().await;
    let served = serve(&api, ConnectionLimits::default()).await;
    let body = r#"{"query":"{ __typename }"}"#;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: crm\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let mut flying = send(served.address, head.as_bytes()).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    served.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    flying.write_all(body.as_bytes()).await.unwrap();
    let answer = rest_of(&mut flying).await;
    assert!(
        answer.contains(r#"{"data":{"__typename":"Query"}"#),
        "{answer}"
    );
    timeout(PATIENCE, served.served)
        .await
        .expect("an end")
        .unwrap();
}

/// The code that a wrong password is refused with, over a connection of its own.
async fn wrong_password(address: SocketAddr, email: &str, forwarded: &str) -> String {
    let query =
        format!("mutation {{ login(input: {{ email: {email:?}, password: \"x\" }}) {{ token }} }}");
    let body = serde_json::json!({ "query": query }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\
         content-type: application/json\r\nx-forwarded-for: {forwarded}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = rest_of(&mut send(address, request.as_bytes()).await).await;
    let codes = ["UNAUTHENTICATED", "RATE_LIMITED"];
    let code = codes.into_iter().find(|code| answer.contains(code));
    code.unwrap_or(&answer).to_owned()
}

#[tokio::test]
async fn an_address_has_twenty_attempts_to_sign_in_a_minute_whatever_it_says_of_itself() {
    let api = Api::new().await;
    let served = serve(&api, ConnectionLimits::default()).await;
    for number in 0..22 {
        let email = format!("{number}@example.com");
        let forwarded = format!("1.1.1.{number}");
        let code = wrong_password(served.address, &email, &forwarded).await;
        let expected = if number < 20 {
            "UNAUTHENTICATED"
        } else {
            "RATE_LIMITED"
        };
        assert_eq!(code, expected, "attempt {number}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_says_for_whom_it_speaks() {
    let api = Api::with(ApiOptions {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..ApiOptions::default()
    })
    .await;
    let served = serve(&api, ConnectionLimits::default()).await;
    for number in 0..22 {
        let email = format!("{number}@example.com");
        let code = wrong_password(served.address, &email, "6.6.6.6, 1.1.1.1").await;
        let expected = if number < 20 {
            "UNAUTHENTICATED"
        } else {
            "RATE_LIMITED"
        };
        assert_eq!(code, expected, "attempt {number}");
    }
    let other = wrong_password(served.address, "other@example.com", "1.1.1.2").await;
    assert_eq!(other, "UNAUTHENTICATED");
}

#[tokio::test]
async fn clients_are_told_apart_however_a_trusted_proxy_writes_their_addresses() {
    let api = Api::with(ApiOptions {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..ApiOptions::default()
    })
    .await;
    let served = serve(&api, ConnectionLimits::default()).await;
    for (kind, written) in [
        |n: usize| format!("203.0.113.{n}:{}", 50_000 + n),
        |n| format!("[2001:db8:0:{n}::1]:443"),
        |n| format!("\"198.51.100.{n}\""),
        |n| format!("192.0.2.{n}, "),
        |n| format!("192.0.3.{n}, unknown"),
        |n| format!("::ffff:192.0.4.{n}"),
    ]
    .into_iter()
    .enumerate()
    {
        for number in 0..22 {
            let email = format!("{number}@{kind}.example.com");
            let code = wrong_password(served.address, &email, &written(number)).await;
            assert_eq!(code, "UNAUTHENTICATED", "{}", written(number));
        }
    }
    // And one is counted as one, whatever its ports are.
    for number in 0..22 {
        let email = format!("{number}@same.example.com");
        let written = format!("203.0.114.1:{}", 50_000 + number);
        let code = wrong_password(served.address, &email, &written).await;
        assert_eq!(code == "RATE_LIMITED", number >= 20, "attempt {number}");
    }
}
