//! Places and deadlines of connections: over real sockets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use serde_json::json;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crm::http::{BodyLimits, ConnectionLimits};

use crate::api::connections::{PATIENCE, Served, first_line, rest_of, send, serve, serve_routes};
use crate::support::{Api, ApiOptions};

const ALIVE: &str = "GET /healthz HTTP/1.1\r\nhost: crm\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK";

fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

fn request(headers: &str, query: &str) -> String {
    let body = json!({ "query": query }).to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: crm\r\ncontent-type: application/json\r\n{headers}\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A connection from an address of this machine.
async fn connect(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

/// The first line of the answer on a connection that is there already. All of it is read.
async fn line(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split_once("content-length: ").unwrap().1;
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if body.len() >= length {
                return head.lines().next().unwrap().to_owned();
            }
        }
        let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await;
        assert!(read.expect("an answer").unwrap() > 0, "closed: {text}");
    }
}

/// True if the server closes the connection, false if nothing happens.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut byte = [0; 1];
    let read = timeout(millis(800), stream.read(&mut byte)).await;
    matches!(read, Ok(Ok(0) | Err(_)))
}

#[tokio::test]
async fn whoever_has_shown_no_token_the_longest_makes_room_for_the_newcomer() {
    let api = Api::new().await;
    let limits = ConnectionLimits {
        connections: 2,
        ..ConnectionLimits::default()
    };
    let served = serve(&api, limits).await;
    let mut first = send(served.address, ALIVE.as_bytes()).await;
    assert_eq!(first_line(&mut first).await, OK);
    let mut second = send(served.address, ALIVE.as_bytes()).await;
    assert_eq!(first_line(&mut second).await, OK);
    let mut third = send(served.address, ALIVE.as_bytes()).await;
    assert_eq!(first_line(&mut third).await, OK);
    assert!(is_closed(&mut first).await);
    assert!(!is_closed(&mut second).await && !is_closed(&mut third).await);
}

#[tokio::test]
async fn nobody_takes_the_place_of_whoever_has_shown_a_token_and_probes_are_answered_all_the_same()
{
    let api = Api::new().await;
    let ada = api.admin().await;
    let limits = ConnectionLimits {
        connections: 1,
        ..ConnectionLimits::default()
    };
    let served = serve(&api, limits).await;
    let token = format!("authorization: Bearer {}\r\n", ada.token);
    let me = request(&token, "{ me { id } }");
    let mut known = connect("127.0.0.1", served.address).await;
    assert_eq!(line(&mut known, &me).await, OK);
    // Those that never ask give way to those that do.
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(connect("127.0.0.1", served.address).await);
    }
    let mut probe = send(served.address, ALIVE.as_bytes()).await;
    let answer = rest_of(&mut probe).await;
    assert!(answer.starts_with(OK), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    for request in [&me, "GET /healthz/ HTTP/1.1\r\nhost: crm\r\n\r\n"] {
        let mut other = send(served.address, request.as_bytes()).await;
        let answer = rest_of(&mut other).await;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        for part in ["retry-after: 1", "nosniff", "\"code\":\"UNAVAILABLE\""] {
            assert!(answer.contains(part), "{answer}");
        }
    }
    assert_eq!(line(&mut known, &me).await, OK);
    drop(known);
    let began = Instant::now();
    loop {
        let mut next = connect("127.0.0.1", served.address).await;
        if line(&mut next, &me).await == OK {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "there is room now");
    }
}

#[tokio::test]
async fn an_address_has_places_of_its_own_until_a_token_is_shown() {
    let api = Api::new().await;
    let ada = api.admin().await;
    let limits = ConnectionLimits {
        per_address: 2,
        ..ConnectionLimits::default()
    };
    let served = serve(&api, limits).await;
    let mut other = connect("127.0.0.2", served.address).await;
    let mut known = connect("127.0.0.3", served.address).await;
    let token = format!("authorization: Bearer {}\r\n", ada.token);
    let me = request(&token, "{ me { id } }");
    assert_eq!(line(&mut known, &me).await, OK);
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = connect("127.0.0.3", served.address).await;
        assert_eq!(line(&mut stream, ALIVE).await, OK);
        streams.push(stream);
    }
    assert!(is_closed(&mut streams[0]).await);
    assert!(!is_closed(&mut streams[1]).await && !is_closed(&mut streams[2]).await);
    assert_eq!(line(&mut other, ALIVE).await, OK);
    assert_eq!(line(&mut known, &me).await, OK);
}

#[tokio::test]
async fn a_token_that_is_not_valid_holds_no_place() {
    let api = Api::new().await;
    let limits = ConnectionLimits {
        per_address: 1,
        ..ConnectionLimits::default()
    };
    let served = serve(&api, limits).await;
    let forged = request("authorization: Bearer crm_key_x\r\n", "{ me { id } }");
    let mut first = connect("127.0.0.1", served.address).await;
    assert_eq!(line(&mut first, &forged).await, OK);
    let mut second = connect("127.0.0.1", served.address).await;
    assert_eq!(line(&mut second, ALIVE).await, OK);
    let mut rest = Vec::new();
    let end = timeout(PATIENCE, first.read_to_end(&mut rest)).await;
    assert!(end.is_ok(), "it was closed");
}

#[tokio::test]
async fn a_trusted_proxy_has_as_many_connections_as_it_likes() {
    let api = Api::new().await;
    let limits = ConnectionLimits {
        per_address: 1,
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..ConnectionLimits::default()
    };
    let served = serve(&api, limits).await;
    let mut first = connect("127.0.0.1", served.address).await;
    let mut second = connect("127.0.0.1", served.address).await;
    for _ in 0..2 {
        assert_eq!(line(&mut first, ALIVE).await, OK);
        assert_eq!(line(&mut second, ALIVE).await, OK);
    }
}

#[tokio::test]
async fn a_connection_may_rest_longer_than_a_head_may_take() {
    let api = Api::new().await;
    let limits = ConnectionLimits {
        header: millis(300),
        keep_alive: millis(1_500),
        ..ConnectionLimits::default()
    };
    let served = serve(&api, limits).await;
    let mut resting = send(served.address, ALIVE.as_bytes()).await;
    assert_eq!(first_line(&mut resting).await, OK);
    for _ in 0..2 {
        sleep(millis(900)).await;
        assert_eq!(line(&mut resting, ALIVE).await, OK);
    }
    let mut half = send(served.address, ALIVE.as_bytes()).await;
    assert_eq!(first_line(&mut half).await, OK);
    half.write_all(b"GET /healthz").await.unwrap();
    let began = Instant::now();
    rest_of(&mut half).await;
    assert!(began.elapsed() < millis(1_200), "{:?}", began.elapsed());
    rest_of(&mut resting).await;
    assert!(began.elapsed() < millis(4_000), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_is_refused_when_its_time_is_over() {
    let api = Api::with(ApiOptions {
        body_limits: BodyLimits {
            time: millis(500),
            ..BodyLimits::default()
        },
        ..ApiOptions::default()
    })
    .await;
    let served = serve(&api, ConnectionLimits::default()).await;
    let head = "POST /graphql HTTP/1.1\r\nhost: crm\r\ncontent-type: application/json\r\n\
                content-length: 200000\r\n\r\n";
    let (mut reading, mut writing) = send(served.address, head.as_bytes()).await.into_split();
    let began = Instant::now();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b" ").await.is_ok() {
            sleep(millis(50)).await;
        }
    });
    let mut answer = Vec::new();
    let end = timeout(PATIENCE, reading.read_to_end(&mut answer)).await;
    assert!(end.is_ok(), "it was closed");
    assert!(began.elapsed() < millis(6_000), "{:?}", began.elapsed());
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("did not arrive within 500ms"), "{answer}");
    dripping.await.unwrap();
}

/// Asks again and again and reads nothing, until no more is taken.
async fn stuff(to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let many = ALIVE.repeat(100);
    let writing = async { while stream.write_all(many.as_bytes()).await.is_ok() {} };
    let _ = timeout(millis(1_000), writing).await;
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stops_reading_is_cut_off() {
    let api = Api::new().await;
    let limits = ConnectionLimits {
        client: millis(3_000),
        ..ConnectionLimits::default()
    };
    let served = serve(&api, limits).await;
    let mut still = stuff(served.address).await;
    let began = Instant::now();
    let gone = async { while still.write_all(b" ").await.is_ok() {} };
    timeout(PATIENCE, gone).await.expect("it was cut");
    assert!(began.elapsed() < millis(8_000), "{:?}", began.elapsed());
}

/// Answers with so many bytes, a client must take 64 KB of them in this time.
async fn serve_bytes(bytes: usize, client: Duration) -> Served {
    let answer = move || async move { vec![b'x'; bytes] };
    let limits = ConnectionLimits {
        client,
        ..ConnectionLimits::default()
    };
    serve_routes(Router::new().route("/", get(answer)), limits).await
}

/// Reads so much at a time of one answer, with a pause after it, and returns how much came. Its window
/// is small and its segments are those of a network, so that it tells often of what was read.
async fn read_slowly(to: SocketAddr, part: usize, pause: Duration) -> usize {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(32 * 1024).unwrap();
    SockRef::from(&socket).set_tcp_mss(1448).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut buffer = vec![0; part];
    let mut taken = 0;
    loop {
        match timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap() {
            Ok(read @ 1..) => taken += read,
            Ok(0) | Err(_) => return taken,
        }
        sleep(pause).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_slowly_and_steadily_gets_all_of_its_answer() {
    let (bytes, time) = (1_000_000, millis(2_000));
    let served = serve_bytes(bytes, time).await;
    let began = Instant::now();
    // 260 KB in its time.
    let taken = read_slowly(served.address, 32 * 1024, millis(250)).await;
    assert!(taken > bytes, "{taken} after {:?}", began.elapsed());
    assert!(began.elapsed() > 3 * time, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_less_than_64_kb_in_its_time_is_cut_off() {
    let bytes = 3_000_000;
    let served = serve_bytes(bytes, millis(1_000)).await;
    let began = Instant::now();
    // 40 KB in its time.
    let taken = read_slowly(served.address, 4 * 1024, millis(100)).await;
    assert!(taken < bytes, "{taken}");
    assert!(began.elapsed() < millis(8_000), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_do_not_read_do_not_hold_up_a_stop() {
    let api = Api::new().await;
    let served = serve(&api, ConnectionLimits::default()).await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(stuff(served.address).await);
    }
    let began = Instant::now();
    served.stop().await;
    assert!(began.elapsed() < millis(4_000), "{:?}", began.elapsed());
}
