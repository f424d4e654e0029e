//! Security headers and CORS: how browsers may use an answer, and which other sites may send requests.

use std::time::Duration;

use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The operator's settings for browsers.
#[derive(Debug, Clone, Default)]
pub struct BrowserHeaders {
    /// The origins whose pages may send requests, besides the service's own.
    pub origins: Vec<HeaderValue>,
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

    /// The CORS layer, which answers preflight requests of the allowed origins; `None` without origins.
    /// Credentials are not allowed: the API uses tokens, not cookies, so that a site can only use a token
    /// that its user gave it.
    pub(super) fn cors(&self) -> Option<CorsLayer> {
        if self.origins.is_empty() {
            return None;
        }
        let cors = CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.origins.clone()))
            .allow_methods([Method::POST, Method::GET])
            .allow_headers([AUTHORIZATION, CONTENT_TYPE, REQUEST_ID])
            .expose_headers([REQUEST_ID, RETRY_AFTER])
            .max_age(Duration::from_secs(3600));
        Some(cors)
    }
}
