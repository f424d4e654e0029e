//! Bodies that nobody reads to their end: whoever sends one has its answer all the same, over real
//! sockets, and does not hold the connection.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crm::http::ConnectionLimits;

use crate::api::connections::{PATIENCE, Served, first_line, rest_of, send, serve};
use crate::support::Api;

/// Larger than a body may be, and so much larger that the kernels at both ends cannot hold the rest.
const TOO_LARGE: usize = 300_000;
const MUCH_TOO_LARGE: usize = 1_000_000;
const KINDS: [(&str, usize, &str); 4] = [
    ("POST /graphql", TOO_LARGE, "413"),
    ("POST /graphql", MUCH_TOO_LARGE, "413"),
    ("PUT /graphql", MUCH_TOO_LARGE, "405"),
    ("POST /nowhere", MUCH_TOO_LARGE, "404"),
];

async fn served() -> (Api, Served) {
    let api = Api::new().await;
    let served = serve(&api, ConnectionLimits::default()).await;
    (api, served)
}

fn head(line: &str, size: usize) -> Vec<u8> {
    let head = format!(
        "{line} HTTP/1.1\r\nhost: crm\r\ncontent-type: application/json\r\n\
         content-length: {size}\r\n\r\n"
    );
    head.into_bytes()
}

/// A request with a body of that size, in one go, then the head and the body of its answer.
async fn ask(stream: &mut TcpStream, line: &str, size: usize) -> std::io::Result<String> {
    let mut request = head(line, size);
    request.resize(request.len() + size, b'x');
    stream.write_all(&request).await?;
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split_once("content-length: ").unwrap().1;
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if body.len() == length {
                return Ok(text);
            }
        }
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn asks(address: SocketAddr, line: &str, size: usize, status: &str, connections: usize) {
    for _ in 0..connections {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The second one is asked on the connection that the first one leaves.
        for _ in 0..2 {
            let answer = timeout(PATIENCE, ask(&mut stream, line, size)).await;
            let answer = answer.expect("an answer").expect("the whole answer");
            let is_right = answer.starts_with(&format!("http/1.1 {status} "));
            assert!(is_right, "{line}, {size} bytes: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_too_large_a_body_in_one_go_has_its_answer_and_keeps_the_connection() {
    let (_api, served) = served().await;
    let clients = KINDS.iter().flat_map(|kind| [kind; 2]);
    let clients = clients
        .map(|&(line, size, status)| tokio::spawn(asks(served.address, line, size, status, 125)));
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_without_end_is_cut_off() {
    let (_api, served) = served().await;
    for line in ["POST /graphql", "PUT /graphql"] {
        let mut stream = send(served.address, &head(line, usize::MAX >> 1)).await;
        let sending = async {
            while stream.write_all(&[b'x'; 16 * 1024]).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, sending).await.expect("an end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_rests_in_a_body_that_nobody_reads_has_its_answer_and_is_cut_off() {
    let (_api, served) = served().await;
    for (line, size, status) in KINDS {
        let mut request = head(line, size);
        request.resize(request.len() + size - 1, b'x');
        let mut stream = send(served.address, &request).await;
        let answer = rest_of(&mut stream).await;
        assert!(answer.contains(&format!(" {status} ")), "{line}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_first_whether_to_send_is_told_not_to() {
    let (_api, served) = served().await;
    let mut request = head("PUT /graphql", MUCH_TOO_LARGE);
    request.truncate(request.len() - 2);
    request.extend(b"expect: 100-continue\r\n\r\n");
    let mut stream = send(served.address, &request).await;
    let line = first_line(&mut stream).await;
    assert_eq!(line, "HTTP/1.1 405 Method Not Allowed");
    // Nothing is waited for that will not come.
    timeout(Duration::from_secs(5), rest_of(&mut stream))
        .await
        .unwrap();
}
