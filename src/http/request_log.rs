//! The record of a finished request, in the metrics and as one line of the log.
//!
//! It has no data that a client sent or received: no token, no variable, no name of a person. Names
//! that clients choose (operation names, request ids) are limited in length and characters.

use std::sync::Arc;
use std::time::Instant;

use axum::http::{HeaderMap, StatusCode};
use metrics::{counter, gauge, histogram};
use tracing::Span;
use uuid::Uuid;

use crate::db::QueryStats;
use crate::graphql::{Operation, RequestId};
use crate::http::trace;
use crate::service::UserId;

/// The status of a request whose client went away before it was answered, as nginx logs it.
const CLIENT_GONE: u16 = 499;

/// The record of a request, written when this is dropped: when the answer is ready, but also after the
/// client went away or a panic.
pub(super) struct RequestLog {
    /// The request's id.
    pub(super) request_id: RequestId,
    /// The operation, if the document has the requested one.
    pub(super) operation: Option<Arc<Operation>>,
    /// The user who asks.
    pub(super) user: Option<UserId>,
    /// The error codes of the answer.
    pub(super) codes: Vec<String>,
    /// The status of the answer.
    pub(super) status: Option<StatusCode>,
    /// Its database costs.
    pub(super) stats: Arc<QueryStats>,
    /// Its span in the trace.
    pub(super) span: Span,
    began: Instant,
}

impl RequestLog {
    /// Begins the record of a request with these headers.
    pub(super) fn begin(headers: &HeaderMap) -> Self {
        let request_id = request_id(headers);
        gauge!("crm_requests_in_flight").increment(1);
        Self {
            stats: QueryStats::new(request_id.0.clone()),
            span: trace::request(headers, &request_id),
            request_id,
            operation: None,
            user: None,
            codes: Vec::new(),
            status: None,
            began: Instant::now(),
        }
    }

    /// Adds the code of an error, each once.
    pub(super) fn failed(&mut self, code: &str) {
        if !self.codes.iter().any(|known| known == code) {
            self.codes.push(code.to_owned());
        }
    }

    fn log(&self, status: u16) {
        let operation = self.operation.as_ref();
        tracing::info!(
            request_id = self.request_id.0,
            operation_type = operation.map(|operation| tracing::field::display(operation.kind)),
            operation = operation.and_then(|operation| operation.name.as_deref()),
            field = operation.map(|operation| operation.field.as_str()),
            user = self.user.map(|user| tracing::field::display(user.0)),
            status,
            codes = self.codes.join(","),
            milliseconds = milliseconds(self.began.elapsed().as_secs_f64()),
            database_milliseconds = milliseconds(self.stats.time().as_secs_f64()),
            statements = self.stats.statements(),
            rows = self.stats.rows(),
            "request"
        );
    }

    fn end_span(&self, status: u16) {
        if self.span.is_disabled() {
            return;
        }
        self.span.record("http.response.status_code", status);
        if let Some(user) = self.user {
            self.span.record("user.id", tracing::field::display(user.0));
        }
        if !self.codes.is_empty() {
            self.span.record("error.type", self.codes.join(","));
        }
    }

    fn measure(&self) {
        let (kind, field) = match &self.operation {
            Some(operation) => (operation.kind.to_string(), operation.field.clone()),
            None => ("none".to_owned(), "none".to_owned()),
        };
        let code = self.codes.first().map_or("OK", String::as_str).to_owned();
        let duration = self.began.elapsed();
        let labels = [("type", kind), ("operation", field)];
        histogram!("crm_request_duration_seconds", &labels).record(duration);
        let [kind, field] = labels;
        counter!("crm_requests_total", &[kind, field, ("code", code)]).increment(1);
        counter!("crm_rows_total").increment(self.stats.rows());
        gauge!("crm_requests_in_flight").decrement(1);
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let status = match self.status {
            Some(status) => status.as_u16(),
            None if std::thread::panicking() => {
                self.failed("INTERNAL");
                500
            }
            None => {
                self.failed("client_gone");
                CLIENT_GONE
            }
        };
        self.log(status);
        self.end_span(status);
        self.measure();
    }
}

/// Rounds to microseconds, the precision of the clock.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}

/// The id that a proxy gave the request, or a new one. It is written to the log, so only characters of
/// ids are allowed: no address, no line break.
fn request_id(headers: &HeaderMap) -> RequestId {
    let given = headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok());
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    let given = given.filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(is_id));
    RequestId(given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::request_id;

    fn id(given: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", HeaderValue::from_static(given));
        request_id(&headers).0
    }

    #[test]
    fn a_request_keeps_the_id_that_it_came_with_unless_that_is_none() {
        assert_eq!(id("Root=1-67891233-abc.7"), "Root=1-67891233-abc.7");
        for given in ["jane@example.com", "two words", "", "\u{20}", "a\tb"] {
            assert_ne!(id(given), given);
            assert_eq!(id(given).len(), 36);
        }
    }
}
