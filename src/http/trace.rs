//! The root span of a request's trace. It costs nothing while traces are not exported.

use axum::http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, debug_span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::graphql::RequestId;

/// The span of the whole request, in the client's trace if it sent one (W3C `traceparent`).
pub(super) fn request(headers: &HeaderMap, RequestId(request_id): &RequestId) -> Span {
    let span = debug_span!(
        "request",
        otel.name = "/graphql",
        otel.kind = "server",
        url.path = "/graphql",
        request_id,
        http.response.status_code = field::Empty,
        user.id = field::Empty,
        error.type = field::Empty,
    );
    if !span.is_disabled() {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // It fails only if no layer records spans; then no parent is needed.
        let _ = span.set_parent(parent);
    }
    span
}
