//! The accept loop, the limits and deadlines of connections, and graceful shutdown.
//!
//! Our own loop, because axum's waits for ever for a client that sent half a request.

mod admission;
mod connection;
mod limits;
mod lingering_close;
mod network;
mod watched_stream;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CONNECTION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::future::poll_immediate;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use nix::errno::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval};

use crate::http::headers::guarded;
use crate::http::monitor::is_probe;
use crate::http::server::admission::{Admission, Slot};
use crate::http::server::connection::Exchange;
use crate::http::server::lingering_close::LingeringBody;
use crate::http::server::watched_stream::WatchedStream;

pub use limits::ConnectionLimits;

/// Time between two checks of the deadlines.
const SWEEP: Duration = Duration::from_millis(100);

/// The maximum size of a request's head, in bytes. It has room for the largest target, 64 KB.
const LARGEST_HEAD: usize = 128 * 1024;

/// Longest wait for the first bytes of a new connection before further ones are accepted: a request
/// usually follows right after the handshake.
const FIRST_BYTES: Duration = Duration::from_millis(50);

/// The maximum number of unsent bytes of an answer in the kernel's buffer.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 64 * 1024;

/// The other end of a request's connection.
#[derive(Clone)]
pub(super) struct Peer(Arc<Slot>);

impl Peer {
    /// The client's address, or that of a proxy which speaks for it.
    pub(super) fn address(&self) -> IpAddr {
        self.0.connection.peer
    }

    /// Notes that a request on it had a valid token: from now on it is not evicted.
    pub(super) fn mark_authenticated(&self) {
        self.0.mark_authenticated();
    }
}

/// Serves until `stop` completes. Then accepts no new connections, closes idle ones, and gives requests
/// in flight time to end; connections that are open after that are cut.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send,
    limits: ConnectionLimits,
) -> io::Result<()> {
    let drain = limits.drain;
    let server = Server {
        timeout: limits.client,
        // Half of the slots at most, so that an evicted connection always had its first bytes read.
        newcomers: Arc::new(Semaphore::new((limits.connections / 2).max(1))),
        admission: Admission::new(limits),
        router,
    };
    let (open, mut closed) = mpsc::channel::<()>(1);
    let mut sweeps = interval(SWEEP);
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => server.take(stream, peer, open.clone()).await,
                Err(error) => server.could_not_accept(&error).await,
            },
            _ = sweeps.tick() => server.admission.sweep(None),
            () = &mut stop => break,
        }
    }
    server.take_rest(listener, &open).await;
    drop(open);
    let began = Instant::now();
    server.admission.finish();
    while began.elapsed() < drain {
        tokio::select! {
            _ = closed.recv() => return Ok(()),
            _ = sweeps.tick() => server.admission.sweep(Some(began)),
        }
    }
    if !drain.is_zero() {
        tracing::warn!("connections that did not end in time were cut");
    }
    server.admission.cut();
    Ok(())
}

struct Server {
    admission: Arc<Admission>,
    router: Router,
    /// Slots of connections whose first bytes have not arrived yet.
    newcomers: Arc<Semaphore>,
    /// Time after which the kernel discards the unsent answer of a closed connection.
    timeout: Duration,
}

impl Server {
    /// Gives a connection a slot and serves it in a new task; `open` is dropped with it.
    async fn take(&self, stream: TcpStream, peer: SocketAddr, open: mpsc::Sender<()>) {
        // In a flood, further connections wait to be accepted, so that none is closed unread.
        let newcomer = Arc::clone(&self.newcomers).acquire_owned().await;
        let _ = stream.set_nodelay(true);
        limit_unsent(&stream);
        let slot = Arc::new(self.admission.admit(peer.ip()));
        let (router, timeout) = (self.router.clone(), self.timeout);
        tokio::spawn(async move {
            let _ = tokio::time::timeout(FIRST_BYTES, stream.readable()).await;
            let connection = Arc::clone(&slot.connection);
            let stream = WatchedStream::new(stream, connection, timeout);
            serve_connection(stream, slot, router, newcomer.ok()).await;
            drop(open);
        });
    }

    /// Takes the connections that the kernel has accepted already, and closes the listener, which would
    /// reset them: their requests are on the way.
    async fn take_rest(&self, listener: TcpListener, open: &mpsc::Sender<()>) {
        let Ok(listener) = listener.into_std() else {
            return;
        };
        while let Ok((stream, peer)) = listener.accept() {
            let stream = stream.set_nonblocking(true).map(|()| stream);
            if let Ok(stream) = stream.and_then(TcpStream::from_std) {
                self.take(stream, peer, open.clone()).await;
            }
        }
    }

    /// Handles an accept that failed: without free file descriptors, a connection is evicted for the new one.
    async fn could_not_accept(&self, error: &io::Error) {
        let code = error.raw_os_error().map(Errno::from_raw);
        if matches!(code, Some(Errno::EMFILE | Errno::ENFILE)) {
            self.admission.give_back_file(error);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Limits the kernel's buffer of unsent bytes, so that the progress of a slow client is noticed soon.
fn limit_unsent(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT);
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// Serves a connection until it closes. `newcomer` is dropped once its first bytes were read.
async fn serve_connection(
    stream: WatchedStream,
    slot: Arc<Slot>,
    router: Router,
    newcomer: Option<OwnedSemaphorePermit>,
) {
    let routes = TowerToHyperService::new(router);
    let connection = Arc::clone(&slot.connection);
    let service = service_fn(move |request| answer(request, Arc::clone(&slot), routes.clone()));
    // The sweep checks the deadlines of all connections.
    let mut http = http1::Builder::new();
    http.header_read_timeout(None).max_buf_size(LARGEST_HEAD);
    let mut serving = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = poll_immediate(serving.as_mut()).await;
    connection.mark_read();
    drop(newcomer);
    if ended.is_some() {
        return;
    }
    let mut is_last = false;
    loop {
        tokio::select! {
            biased;
            // A client that went away is not logged.
            _ = serving.as_mut() => return,
            () = connection.cut.notified() => return,
            () = connection.finish.notified(), if !is_last => {
                is_last = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}

async fn answer(
    mut request: Request<Incoming>,
    slot: Arc<Slot>,
    routes: TowerToHyperService<Router>,
) -> Result<Response<impl Body<Data = Bytes, Error = axum::Error>>, Infallible> {
    let exchange = Arc::new(Exchange::begin(&slot.connection));
    if request.body().is_end_stream() {
        exchange.is_read();
    }
    let is_regular = slot.is_regular();
    let mut response = if is_regular || is_probe(request.uri().path()) {
        request.extensions_mut().insert(Peer(slot));
        let request = request.map(|body| LingeringBody::new(body, Arc::clone(&exchange)));
        routes.call(request).await?
    } else {
        no_place()
    };
    if !is_regular {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    Ok(response.map(|body| {
        body.map_err(move |error| {
            // Dropped when the whole answer was sent.
            let _held = &exchange;
            error
        })
    }))
}

fn no_place() -> Response {
    let body = r#"{"errors":[{"message":"all connections are in use","extensions":{"code":"UNAVAILABLE"}}]}"#;
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        (RETRY_AFTER.as_str(), "1"),
    ];
    let response = (StatusCode::SERVICE_UNAVAILABLE, headers, body).into_response();
    guarded(response, None)
}
