//! What a client still sends when its answer is there.
//!
//! A socket that is closed with bytes in it which nobody has read is reset, and the reset may overtake
//! the answer: whoever sent too large a body would not learn that it was.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::timeout;

use crate::db::carried;

/// How much is read for nobody, in bytes. Whoever sends more is cut off, as is whoever takes longer.
const MOST: usize = 1024 * 1024;
const LONGEST: Duration = Duration::from_millis(500);

/// A request's body. What of it was not read when it is dropped is read and thrown away, within
/// bounds; where that is all of it, the connection serves on.
pub(super) struct Drained(Option<Incoming>);

impl From<Incoming> for Drained {
    fn from(body: Incoming) -> Self {
        Self(Some(body))
    }
}

impl Body for Drained {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.0 = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let body = self.0.as_ref();
        body.map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        if let Some(body) = self.0.take()
            && !body.is_end_stream()
        {
            tokio::spawn(carried(timeout(LONGEST, discard(body))));
        }
    }
}

async fn discard(mut body: Incoming) {
    let mut size = 0;
    while size <= MOST
        && let Some(Ok(frame)) = body.frame().await
    {
        size += frame.data_ref().map_or(0, Bytes::len);
    }
}
