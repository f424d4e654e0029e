//! CORS: the origins whose pages may send requests to the API, besides the service's own.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, ORIGIN, RETRY_AFTER,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::http::graphql::refuse_preflight;
use crate::http::headers::BrowserHeaders;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request headers that are allowed without a setting: the API's own, and those which Apollo's
/// clients and tracing add to every request.
const REQUEST_HEADERS: [HeaderName; 6] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    REQUEST_ID,
    HeaderName::from_static("apollographql-client-name"),
    HeaderName::from_static("apollographql-client-version"),
    HeaderName::from_static("traceparent"),
];

impl BrowserHeaders {
    /// The CORS layer, which answers preflight requests of the allowed origins; `None` without origins.
    /// Credentials are not allowed: the API uses tokens, not cookies, so that a site can only use a token
    /// that its user gave it.
    pub(super) fn cors(&self) -> Option<CorsLayer> {
        if self.origins.is_empty() && !self.loopback_origins {
            return None;
        }
        let browsers = self.clone();
        let is_allowed = move |origin: &HeaderValue, _: &_| browsers.allow(origin);
        let headers = REQUEST_HEADERS.into_iter();
        let headers = headers.chain(self.request_headers.iter().cloned());
        let cors = CorsLayer::new()
            .allow_origin(AllowOrigin::predicate(is_allowed))
            .allow_methods([Method::POST, Method::GET])
            .allow_headers(headers.collect::<Vec<_>>())
            .expose_headers([REQUEST_ID, RETRY_AFTER])
            .max_age(Duration::from_secs(3600));
        Some(cors)
    }

    /// True if pages of this origin may send requests.
    fn allow(&self, origin: &HeaderValue) -> bool {
        self.origins.contains(origin) || (self.loopback_origins && is_loopback(origin))
    }
}

/// Refuses a preflight request of another origin, and says so in the log: the browser shows its user
/// a failed request without a reason. Other requests are answered whatever their origin, without CORS
/// headers where it is not allowed: an origin is no credential.
pub(super) async fn check_preflight(
    State(browsers): State<BrowserHeaders>,
    request: Request,
    next: Next,
) -> Response {
    match preflight_origin(&request) {
        Some(origin) if !browsers.allow(origin) => {
            let origin = printable(origin);
            tracing::warn!(
                origin,
                "a preflight request was refused: its origin is not in CRM_CORS_ORIGINS"
            );
            refuse_preflight(request.headers(), &origin)
        }
        _ => next.run(request).await,
    }
}

/// The origin of a preflight request; `None` of any other request.
fn preflight_origin(request: &Request) -> Option<&HeaderValue> {
    let headers: &HeaderMap = request.headers();
    let is_preflight =
        request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    headers.get(ORIGIN).filter(|_| is_preflight)
}

/// True for an origin on this machine, by any port: a front end in development.
fn is_loopback(origin: &HeaderValue) -> bool {
    let text = origin.to_str().unwrap_or_default();
    let place = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    let hosts = ["localhost", "127.0.0.1", "[::1]"];
    // Nothing but a port may follow: `localhost.example.com` is elsewhere.
    let rest = place.and_then(|place| hosts.iter().find_map(|host| place.strip_prefix(host)));
    rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// An origin for the log and an answer: clients choose it, so its characters and length are limited.
fn printable(origin: &HeaderValue) -> String {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]".contains(&byte);
    let bytes = origin.as_bytes().iter().take(100);
    bytes
        .map(|&byte| if known(byte) { char::from(byte) } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::{is_loopback, printable};

    #[test]
    fn loopback_origins_are_told_from_those_that_look_alike() {
        for origin in [
            "http://localhost",
            "http://localhost:5173",
            "https://localhost:8443",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "https://[::1]",
        ] {
            assert!(is_loopback(&HeaderValue::from_static(origin)), "{origin}");
        }
        for origin in [
            "null",
            "",
            "localhost",
            "http://",
            "http://localhost/",
            "http://localhost.example.com",
            "http://localhost.",
            "http://localhost@example.com",
            "http://user@localhost",
            "http://example.com#localhost",
            "http://example.com/localhost",
            "http://127.0.0.1.example.com",
            "http://127.0.0.2",
            "http://[::2]",
            "ftp://localhost",
            "http://localhost:port",
            "http://localhost:",
            "http://localhost:+80",
            "http://localhost:80@example.com",
            "HTTP://LOCALHOST",
            "http://localhost, http://example.com",
        ] {
            assert!(!is_loopback(&HeaderValue::from_static(origin)), "{origin}");
        }
    }

    #[test]
    fn an_origin_is_shown_without_what_could_forge_a_line() {
        let shown = |origin: &[u8]| printable(&HeaderValue::from_bytes(origin).unwrap());
        assert_eq!(
            shown(b"https://app.example.com:8443"),
            "https://app.example.com:8443"
        );
        assert_eq!(
            shown(b"http://a\xff[31m\" user@x\tlevel=ERROR"),
            "http://a?[31m??user?x?level?ERROR"
        );
        assert_eq!(shown(&[0xff; 4_000]), "?".repeat(100));
    }
}
