//! Lingering close: after the answer, the rest of the request is read and discarded for a while.
//!
//! A socket that is closed with unread bytes is reset, and the reset may overtake the answer: a client
//! that sent too large a body would not receive the error.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::timeout;

use crate::db::carried;
use crate::http::server::connection::Exchange;
use crate::http::server::limits::LINGER;

/// The maximum number of discarded bytes: a client that sends more is cut off.
const MOST: usize = 1024 * 1024;

/// A request's body. When it is dropped, its unread rest is read and discarded, within limits; if that
/// reaches the end, the connection is kept.
pub(super) struct LingeringBody(Option<UnreadBody>);

struct UnreadBody {
    body: Incoming,
    exchange: Arc<Exchange>,
}

impl LingeringBody {
    pub(super) fn new(body: Incoming, exchange: Arc<Exchange>) -> Self {
        Self((!body.is_end_stream()).then_some(UnreadBody { body, exchange }))
    }
}

impl Body for LingeringBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(UnreadBody { body, exchange }) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(&mut *body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) || body.is_end_stream() {
            exchange.is_read();
            self.0 = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let unread = self.0.as_ref();
        unread.map_or(SizeHint::with_exact(0), |unread| unread.body.size_hint())
    }
}

impl Drop for LingeringBody {
    fn drop(&mut self) {
        if let Some(unread) = self.0.take() {
            tokio::spawn(carried(timeout(LINGER, discard(unread))));
        }
    }
}

async fn discard(UnreadBody { mut body, exchange }: UnreadBody) {
    let mut size = 0;
    while size <= MOST
        && let Some(Ok(frame)) = body.frame().await
    {
        size += frame.data_ref().map_or(0, Bytes::len);
    }
    // Only now may the connection become idle.
    drop(exchange);
}
