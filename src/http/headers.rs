//! Security headers: how browsers may use an answer.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

/// The operator's settings for browsers.
#[derive(Debug, Clone, Default)]
pub struct BrowserHeaders {
    /// The origins whose pages may send requests, besides the service's own.
    pub origins: Vec<HeaderValue>,
    /// Pages of this machine may send requests too, whatever their port.
    pub loopback_origins: bool,
    /// The request headers that those pages may set, besides the usual ones.
    pub request_headers: Vec<HeaderName>,
    /// The `max-age` of Strict-Transport-Security in seconds; 0: the header is not sent.
    pub https_only_seconds: u32,
}

/// The default security headers of every answer: no scripts, no frames, no MIME sniffing, no caching,
/// no use by other sites. A page of our own replaces the policy by one that lets it run.
const GUARDS: [(HeaderName, HeaderValue); 7] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Adds the security headers, all in one step: a layer for each header would cost each request a boxed
/// future per header.
pub(super) fn guarded(mut response: Response, https_only: Option<&HeaderValue>) -> Response {
    let headers = response.headers_mut();
    headers.reserve(GUARDS.len() + 1);
    for (name, value) in GUARDS {
        headers.entry(name).or_insert(value);
    }
    if let Some(value) = https_only {
        headers.insert(STRICT_TRANSPORT_SECURITY, value.clone());
    }
    response
}

impl BrowserHeaders {
    /// The value of Strict-Transport-Security, if it is sent.
    pub(super) fn https_only(&self) -> Option<HeaderValue> {
        let seconds = self.https_only_seconds;
        let value = HeaderValue::from_str(&format!("max-age={seconds}")).ok();
        value.filter(|_| seconds > 0)
    }
}
