//! The accept loop, the limits and deadlines of connections, and graceful shutdown.
//!
//! Our own loop, because axum's waits for ever for a client that sent half a request.

mod admission;
mod connection;
mod limits;
mod lingering_close;
mod network;
mod stream;
mod tls;
mod watched_stream;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use nix::errno::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;

use crate::http::server::admission::Admission;
use crate::http::server::stream::serve_stream;
use crate::http::server::watched_stream::WatchedStream;

pub use limits::ConnectionLimits;
pub(super) use stream::Peer;
pub use tls::{Listener, TlsCertificate};

/// Time between two checks of the deadlines.
const SWEEP: Duration = Duration::from_millis(100);

/// Longest wait for the first bytes of a new connection before further ones are accepted: a request
/// usually follows right after the handshake.
const FIRST_BYTES: Duration = Duration::from_millis(50);

/// The maximum number of unsent bytes of an answer in the kernel's buffer.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 64 * 1024;

/// Serves until `stop` completes. Then accepts no new connections, closes idle ones, and gives requests
/// in flight time to end; connections that are open after that are cut.
pub async fn serve(
    listener: impl Into<Listener>,
    router: Router,
    stop: impl Future<Output = ()> + Send,
    limits: ConnectionLimits,
) -> io::Result<()> {
    let drain = limits.drain;
    let Listener { socket, tls } = listener.into();
    let server = Server {
        tls,
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
            accepted = socket.accept() => match accepted {
                Ok((stream, peer)) => server.take(stream, peer, open.clone()).await,
                Err(error) => server.could_not_accept(&error).await,
            },
            _ = sweeps.tick() => server.admission.sweep(None),
            () = &mut stop => break,
        }
    }
    server.take_rest(socket, &open).await;
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
    tls: Option<TlsAcceptor>,
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
        let (router, tls, timeout) = (self.router.clone(), self.tls.clone(), self.timeout);
        tokio::spawn(async move {
            let _ = tokio::time::timeout(FIRST_BYTES, stream.readable()).await;
            let connection = Arc::clone(&slot.connection);
            let stream = WatchedStream::new(stream, connection, timeout);
            serve_stream(stream, slot, (router, tls), newcomer.ok()).await;
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
