use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::poll_immediate;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::http::server::connection::Connection;

/// A connection's byte stream, which notes reads and writes: deadlines count from there.
pub(super) struct WatchedStream {
    stream: TcpStream,
    connection: Arc<Connection>,
    /// Time that the client has to read the kernel's buffer after this is closed.
    timeout: Duration,
}

impl WatchedStream {
    pub(super) fn new(stream: TcpStream, connection: Arc<Connection>, timeout: Duration) -> Self {
        Self {
            stream,
            connection,
            timeout,
        }
    }

    /// True if the client has sent an ASCII letter first, as a request by plain HTTP begins; no record of
    /// TLS does.
    pub(super) async fn begins_with_a_letter(&self) -> bool {
        let mut first = [0];
        let peeked = poll_immediate(self.stream.peek(&mut first)).await;
        matches!(peeked, Some(Ok(1))) && first[0].is_ascii_alphabetic()
    }

    fn note(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Pending => self.connection.stalled(),
            Poll::Ready(written) => self.connection.sent(*written.as_ref().unwrap_or(&0)),
        }
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.connection.received();
        }
        read
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Called when everything was written.
        self.connection.flushed();
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Drop for WatchedStream {
    /// Resets a connection that was cut: the kernel would keep its unread bytes for minutes. For other
    /// connections, unsent bytes are discarded after the client's time limit.
    fn drop(&mut self) {
        if self.connection.is_cut() {
            let _ = self.stream.set_zero_linger();
            return;
        }
        // The kernel counts from the time when the client's window was first closed, not from its last
        // progress: a steady slow reader would be cut off. So the connection's age is added here, at the end.
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&self.stream)
            .set_tcp_user_timeout(Some(self.connection.age() + self.timeout));
    }
}
