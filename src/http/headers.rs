//! Security headers and CORS: the uses of an answer in browsers, and the other sites that may ask.

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
    /// The origins whose pages may ask, besides the service's own.
    pub origins: Vec<HeaderValue>,
    /// For how many seconds browsers ask by https only; 0: it is not said.
    pub https_only_seconds: u32,
}

/// The default security headers of every answer: nothing in it is a page, may be shown
/// in a frame, is taken for another type, kept, or read by another site. A page of our own replaces
/// the policy by one that lets it run.
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

/// The answer with what browsers must know of it. In one step for all headers: a layer for each would
/// cost each request a boxed future for each.
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

    /// Answers the pages of other sites when they ask whether they may ask; nothing without any.
    /// Credentials are no cookies here, so none are allowed, and a site gets nothing that its user
    /// did not give it.
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
