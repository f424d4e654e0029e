//! Clients that send slowly or do not read, in numbers, while others work.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::support::program::{Program, eventually, exchange};

const HEAD: &[u8] = b"POST /graphql HTTP/1.1\r\nhost: crm\r\ncontent-type: application/json\r\n\
    content-length: 200000\r\n\r\n";

/// The memory that may remain in use after all clients have gone, in bytes.
const MEMORY: u64 = 40 * 1024 * 1024;

async fn connect(from: u8, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::new(127, 0, 0, from), 0).into())?;
    socket.connect(to).await
}

/// Sends a head and then a byte of a body again and again, and comes again when it was cut off.
/// Returns how often it was.
async fn stranger(from: u8, to: SocketAddr, pause: Duration, until: Instant) -> u64 {
    let mut cut = 0;
    while Instant::now() < until {
        if let Ok(mut stream) = connect(from, to).await {
            let mut open = stream.write_all(HEAD).await.is_ok();
            let mut buffer = [0; 512];
            while open && Instant::now() < until {
                open = match timeout(pause, stream.read(&mut buffer)).await {
                    Ok(read) => read.is_ok_and(|size| size > 0),
                    Err(_) => stream.write_all(b" ").await.is_ok(),
                };
            }
            cut += u64::from(!open);
        }
        sleep(pause).await;
    }
    cut
}

/// Runs `patient` on a thread of its own: its times are those of the program, not of the crowd that
/// shares the test's.
fn watch(
    to: SocketAddr,
    request: String,
    part: &'static str,
    until: Instant,
) -> JoinHandle<Vec<Duration>> {
    tokio::task::spawn_blocking(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime
            .unwrap()
            .block_on(patient(to, &request, part, until))
    })
}

/// The times of these requests, sent one after the other on separate connections. Each
/// must be answered with this.
async fn patient(to: SocketAddr, request: &str, part: &str, until: Instant) -> Vec<Duration> {
    let mut times = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        let answer = timeout(Duration::from_secs(20), exchange(to, request)).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer after {} good ones", times.len()));
        let number = times.len();
        assert!(
            answer.contains(part),
            "after {number} good ones: {answer:?}"
        );
        times.push(began.elapsed());
        sleep(Duration::from_millis(40)).await;
    }
    times
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}

/// Strangers from ten addresses against somebody who is signed in, who comes from one of them, and
/// a probe. All of those are answered; `most` is the time of 99 of 100.
async fn besiege(
    program: &Program,
    strangers: usize,
    pause: Duration,
    time: Duration,
    most: Duration,
) {
    let to = program.address;
    let token = program.sign_in().await;
    let before = program.resident();
    let body = json!({ "query": "{ me { id } }" }).to_string();
    let ask = format!(
        "POST /graphql HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n{token}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let probe = "GET /healthz HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\r\n".to_owned();
    let until = Instant::now() + time;
    let crowd = (0..strangers).map(|number| {
        let from = 1 + u8::try_from(number % 10).unwrap();
        tokio::spawn(stranger(from, to, pause, until))
    });
    let crowd: Vec<_> = crowd.collect();
    let probes = watch(to, probe, "200 OK", until);
    let asked = watch(to, ask, "\"data\":{\"me\":{\"id\"", until);
    let (probes, asked) = (probes.await.unwrap(), asked.await.unwrap());
    let peak = program.resident();
    let cut: u64 = join_all(crowd).await.into_iter().map(Result::unwrap).sum();
    let numbers = (probes.len(), asked.len());
    let longest = probes.iter().chain(&asked).max().copied();
    let (probes, asked) = (p99(probes), p99(asked));
    println!(
        "{strangers} strangers, cut off {cut} times; p99 of {} probes {probes:?}, of {} requests \
         {asked:?}, the longest {longest:?}; memory {} MB before, {} MB then",
        numbers.0,
        numbers.1,
        before >> 20,
        peak >> 20
    );
    assert!(probes < most && asked < most, "{probes:?}, {asked:?}");
    assert!(cut > 0);
    program.says("were closed for others").await;
    eventually("its memory is back", async || {
        program.resident() < before + MEMORY
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_send_slowly_silence_nobody() {
    let program = Program::start(&[
        ("CRM_MAX_CONNECTIONS", "400"),
        ("CRM_CLIENT_TIMEOUT_MS", "1500"),
    ])
    .await;
    let (pause, time) = (Duration::from_millis(700), Duration::from_secs(4));
    besiege(&program, 800, pause, time, Duration::from_secs(3)).await;
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute; with --release it must keep its figure"]
async fn five_thousand_strangers_silence_nobody() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(20_000), hard).unwrap();
    let program = Program::start(&[]).await;
    let (pause, time) = (Duration::from_secs(4), Duration::from_secs(60));
    // Unoptimised, the crowd comes again as fast as it is served: all are answered, but later.
    let most = match cfg!(debug_assertions) {
        true => Duration::from_secs(5),
        false => Duration::from_secs(1),
    };
    besiege(&program, 5_000, pause, time, most).await;
    program.stop().await;
}

/// Asks for much again and again and reads nothing, until no more is taken.
async fn stuff(to: SocketAddr, request: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let many = request.repeat(60);
    let writing = timeout(
        Duration::from_millis(500),
        stream.write_all(many.as_bytes()),
    );
    drop(writing.await);
    stream
}

/// A request whose answer has some 50 KB.
fn large() -> String {
    let body = json!({ "query": "{ __schema { types { name description fields { name description } } } }" });
    let body = body.to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: crm\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_never_read_are_cut_off_and_hold_up_no_stop() {
    let program = Program::start(&[("CRM_CLIENT_TIMEOUT_MS", "1000")]).await;
    let before = program.resident();
    let large = large();
    let stuffed = (0..40).map(|_| stuff(program.address, &large));
    let stuffed = join_all(stuffed).await;
    let then = program.resident();
    for mut stream in stuffed {
        let gone = async { while stream.write_all(b" ").await.is_ok() {} };
        let gone = timeout(Duration::from_secs(10), gone).await;
        gone.expect("it was cut off");
    }
    println!("memory {} MB before, {} MB then", before >> 20, then >> 20);
    eventually("its memory is back", async || {
        program.resident() < before + MEMORY
    })
    .await;
    program.stop().await;

    let program = Program::start(&[]).await;
    let stuffed = (0..40).map(|_| stuff(program.address, &large));
    let stuffed = join_all(stuffed).await;
    let began = Instant::now();
    program.stop().await;
    println!("SIGTERM with 40 that never read: {:?}", began.elapsed());
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    drop(stuffed);
}

#[tokio::test]
async fn a_second_request_after_a_rest_is_answered() {
    let program = Program::start(&[
        ("CRM_HEADER_TIMEOUT_MS", "500"),
        ("CRM_KEEP_ALIVE_MS", "3000"),
    ])
    .await;
    let mut stream = TcpStream::connect(program.address).await.unwrap();
    let mut buffer = [0; 1024];
    for pause in [0, 500, 502, 1_000, 2_000] {
        sleep(Duration::from_millis(pause)).await;
        let probe = b"GET /healthz HTTP/1.1\r\nhost: crm\r\n\r\n";
        stream.write_all(probe).await.unwrap();
        let size = stream.read(&mut buffer).await.unwrap();
        assert!(
            buffer[..size].starts_with(b"HTTP/1.1 200"),
            "after {pause} ms"
        );
    }
    let began = Instant::now();
    let end = timeout(Duration::from_secs(10), stream.read(&mut buffer)).await;
    assert_eq!(end.unwrap().unwrap(), 0);
    assert!(
        began.elapsed() > Duration::from_millis(2_800),
        "{:?}",
        began.elapsed()
    );
    program.stop().await;
}
