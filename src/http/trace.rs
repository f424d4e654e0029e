//! The first two steps of a request's trace. They cost nothing while nobody collects traces.

use axum::http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, debug_span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::graphql::{Operation, RequestId};

/// The whole request, in the client's trace if it named one (W3C `traceparent`).
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
        // Refused only where no layer takes spans; then there is nothing to be the parent of.
        let _ = span.set_parent(parent);
    }
    span
}

/// The operation that it asks for.
pub(super) fn operation(operation: Option<&Operation>) -> Span {
    let span = debug_span!(
        "operation",
        otel.name = field::Empty,
        graphql.operation.type = field::Empty,
        graphql.operation.name = field::Empty,
    );
    if let Some(operation) = operation.filter(|_| !span.is_disabled()) {
        span.record("otel.name", field::display(operation));
        span.record("graphql.operation.type", field::display(operation.kind));
        span.record("graphql.operation.name", operation.name.as_deref());
    }
    span
}
