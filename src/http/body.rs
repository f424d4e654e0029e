//! The body of a POST: its media type, content codings, size, and time limit.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::time::timeout;

use crate::http::request::{Refusal, bad_request};

/// The labels of UTF-8 in the Encoding standard.
const UTF_8: [&str; 6] = [
    "utf-8",
    "utf8",
    "unicode-1-1-utf-8",
    "unicode11utf8",
    "unicode20utf8",
    "x-unicode20utf8",
];

/// The most codings of one body: each costs a pass over it.
const MOST_CODINGS: usize = 2;

/// Limits of a body.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// The maximum size in bytes, both compressed and decompressed.
    pub bytes: usize,
    /// The time limit for receiving it, from the end of the head.
    pub time: Duration,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            bytes: 256 * 1024,
            time: Duration::from_secs(30),
        }
    }
}

#[derive(Clone, Copy)]
enum Coding {
    Gzip,
    Deflate,
}

/// Reads a body of JSON whole, decompressed.
///
/// Only JSON is accepted: a browser sends it to another site only after a CORS preflight, so that no
/// foreign page can make a change in a user's name.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limits: BodyLimits,
) -> Result<Vec<u8>, Refusal> {
    check_media_type(headers)?;
    let codings = codings(headers)?;
    let arrived = timeout(limits.time, collect(body, limits.bytes)).await;
    let arrived = arrived.map_err(|_| {
        let message = format!("the body did not arrive within {:?}", limits.time);
        Refusal::new(StatusCode::REQUEST_TIMEOUT, "BAD_REQUEST", message)
    })?;
    codings.iter().rev().try_fold(arrived?, |body, coding| {
        decompress(&body, *coding, limits.bytes)
    })
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(CONTENT_TYPE).map(HeaderValue::to_str);
    let given = given.and_then(Result::ok).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    if !is_json {
        let message = "the body must be application/json, in UTF-8";
        return Err(unsupported(message));
    }
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let is_charset = name.trim_end().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches(['"', '\'']).trim())
    });
    match charset {
        None | Some("") => Ok(()),
        Some(label) if UTF_8.iter().any(|utf_8| label.eq_ignore_ascii_case(utf_8)) => Ok(()),
        Some(other) => Err(unsupported(format!(
            "the body must be in UTF-8, not in the charset {other:.40}"
        ))),
    }
}

/// The codings of `Content-Encoding`, in the order in which they were applied.
fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, Refusal> {
    let refused = |message: String| {
        let taken = HeaderValue::from_static("gzip, deflate");
        Err(unsupported(message).with_header(ACCEPT_ENCODING, taken))
    };
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        // A name that is not ASCII is an unknown coding.
        for name in value.to_str().unwrap_or("?").split(',').map(str::trim) {
            match name.to_ascii_lowercase().as_str() {
                "" | "identity" => {}
                "gzip" | "x-gzip" => codings.push(Coding::Gzip),
                "deflate" => codings.push(Coding::Deflate),
                _ => {
                    return refused(format!(
                        "the Content-Encoding {name:.40} is not understood: gzip and deflate are"
                    ));
                }
            }
        }
    }
    if codings.len() > MOST_CODINGS {
        return refused(format!("more than {MOST_CODINGS} content codings"));
    }
    Ok(codings)
}

/// Collects the body into one buffer: a chunk of one byte kept separately would take more than 30.
async fn collect(mut body: Body, most: usize) -> Result<Vec<u8>, Refusal> {
    let announced = body.size_hint().lower();
    if announced > most as u64 {
        return Err(too_large(announced, most));
    }
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| bad_request("the body was cut off"))?;
        // Trailers are ignored.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        whole.extend_from_slice(&data);
        if whole.len() > most {
            return Err(too_large(whole.len() as u64, most));
        }
    }
    Ok(whole)
}

/// Decodes this coding. The result ends one byte beyond the limit, however large it would be.
fn decompress(body: &[u8], coding: Coding, most: usize) -> Result<Vec<u8>, Refusal> {
    let (name, reader): (_, Box<dyn Read>) = match coding {
        Coding::Gzip => ("gzip", Box::new(MultiGzDecoder::new(body))),
        Coding::Deflate if is_zlib(body) => ("deflate", Box::new(ZlibDecoder::new(body))),
        Coding::Deflate => ("deflate", Box::new(DeflateDecoder::new(body))),
    };
    let mut plain = Vec::new();
    let read = reader.take(most as u64 + 1).read_to_end(&mut plain);
    read.map_err(|_| {
        bad_request(format!(
            "the body is not whole in {name}, which its Content-Encoding says it is in"
        ))
    })?;
    if plain.len() > most {
        return Err(too_large(plain.len() as u64, most));
    }
    Ok(plain)
}

/// True if the body has a zlib header (RFC 1950). `deflate` means that format, but some clients send raw
/// deflate data.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [method, flags, ..]
        if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}

fn too_large(found: u64, most: usize) -> Refusal {
    let message = format!("the body has more than {most} bytes, the largest that is taken");
    let mut refusal = Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", message);
    refusal.details = vec![("most", most.into()), ("found", found.into())];
    refusal
}

fn unsupported(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", message)
}
