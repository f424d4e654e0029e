//! The body of a large answer, which holds the answer's turn until it is sent.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::graphql::AnswerTurn;

/// The number of bytes sent at a time: little compared with the memory of a connection.
const PIECE: usize = 64 * 1024;
/// The number of pieces after which it yields, so that other requests find a free core: a socket with
/// buffer space accepts megabytes at once.
const PIECES: usize = 2;
const PAUSE: Duration = Duration::from_millis(1);
/// The time that a client may take for any answer, and for each further piece: the slots for large
/// answers are few.
const FIRST: Duration = Duration::from_secs(30);
const EACH: Duration = Duration::from_secs(1);

/// A body that is sent piece by piece as the client reads it.
pub(super) struct LargeBody {
    rest: Bytes,
    until: Instant,
    /// The number of pieces sent since the last yield.
    pieces: usize,
    pause: Pin<Box<Sleep>>,
    _place: AnswerTurn,
}

/// The error if the client reads the answer more slowly than 64 KB per second.
#[derive(Debug)]
pub(super) struct TooSlow;

impl LargeBody {
    pub(super) fn new(json: Bytes, turn: AnswerTurn) -> Self {
        Self {
            rest: json,
            until: Instant::now() + FIRST,
            pieces: 0,
            pause: Box::pin(sleep(PAUSE)),
            _place: turn,
        }
    }
}

impl Body for LargeBody {
    type Data = Bytes;
    type Error = TooSlow;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TooSlow>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if self.pieces == PIECES {
            ready!(self.pause.as_mut().poll(ctx));
            self.pause.as_mut().reset((Instant::now() + PAUSE).into());
            self.pieces = 0;
        }
        self.pieces += 1;
        if Instant::now() > self.until {
            return Poll::Ready(Some(Err(TooSlow)));
        }
        self.until += EACH;
        let length = PIECE.min(self.rest.len());
        let piece = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

impl fmt::Display for TooSlow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the client takes the answer too slowly")
    }
}

impl std::error::Error for TooSlow {}
