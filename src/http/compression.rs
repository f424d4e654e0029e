//! Compression of the API's answers.

use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

/// The size from which an answer is compressed, in bytes: a smaller one fits one packet as it is.
const LEAST: u64 = 1024;

/// Compresses answers by gzip for clients that accept it, on the fastest level: JSON repeats its keys,
/// which any level finds. Events are left as they are, so that each is sent when it happens.
pub(super) fn layer() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(LEAST).and(NotForContentType::SSE))
}
