//! From the service's errors to the client's, in one place.

use std::any::Any;

use async_graphql::{Context, ErrorExtensionValues, Name, PathSegment, Pos, ServerError, Value};

use crate::db::DbError;
use crate::graphql::context::RequestId;
use crate::graphql::json::JsonValue;
use crate::service::{FieldError, ServiceError};

/// The answer of a nullable field: null where it failed, with the error added to the response.
///
/// In this version of async-graphql a field that returns `Err` is missing from `data`; one that
/// returns `None` is null, as the schema promises.
pub(super) fn answer<T>(
    ctx: &Context<'_>,
    result: Result<T, impl AsRef<ServiceError>>,
) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            let error = client_error(ctx, error.as_ref());
            ctx.add_error(ctx.set_error_path(error));
            None
        }
    }
}

/// The answer at an index of a list whose items are nullable, see [`answer`].
pub(super) fn answer_at<T>(
    ctx: &Context<'_>,
    index: usize,
    result: Result<T, ServiceError>,
) -> Option<T> {
    result
        .map_err(|error| {
            let mut error = ctx.set_error_path(client_error(ctx, &error));
            error.path.push(PathSegment::Index(index));
            ctx.add_error(error);
        })
        .ok()
}

/// An error that was found before any resolver ran, as the response carries it.
pub(super) fn transport_error(error: &ServiceError, request_id: &RequestId) -> ServerError {
    log(error, request_id);
    let mut client = ServerError::new(error.message(), None);
    client.extensions = Some(extensions(error, request_id));
    client
}

/// A panic as an error. Its message is for the log.
pub(super) fn defect(panic: &(dyn Any + Send)) -> ServiceError {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or(panic.downcast_ref::<String>().map(String::as_str));
    ServiceError::Internal(format!("panic: {}", said.unwrap_or("without words")))
}

/// The code of an error in a response: a resolver's own, or that of the step before resolvers.
pub(super) fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// Gives an error its code.
pub(super) fn mark(error: &mut ServerError, code: &str, request_id: &RequestId) {
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code);
    extensions.set("requestId", request_id.0.as_str());
}

/// Gives a code to errors that come from no resolver: they are about the document or its variables.
pub(super) fn mark_invalid(errors: &mut [ServerError], request_id: &RequestId) {
    for error in errors.iter_mut().filter(|error| code_of(error).is_none()) {
        mark(error, "GRAPHQL_VALIDATION_FAILED", request_id);
    }
}

fn client_error(ctx: &Context<'_>, error: &ServiceError) -> ServerError {
    let request_id = ctx.data_unchecked::<RequestId>();
    log(error, request_id);
    let position: Pos = ctx.item.pos;
    let mut client = ServerError::new(error.message(), Some(position));
    client.extensions = Some(extensions(error, request_id));
    client
}

fn extensions(error: &ServiceError, request_id: &RequestId) -> ErrorExtensionValues {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", error.code());
    extensions.set("requestId", request_id.0.as_str());
    match error {
        ServiceError::InvalidData(faults) => {
            extensions.set("fields", faults.iter().map(fault).collect::<Vec<Value>>());
        }
        ServiceError::Conflict(conflict) => {
            if let Some(version) = conflict.current_version {
                extensions.set("currentVersion", version);
                let current = conflict.current.iter();
                let current = current.map(|(name, value)| (Name::new(name), JsonValue::of(value)));
                extensions.set("current", Value::Object(current.collect()));
            }
        }
        _ => {}
    }
    extensions
}

fn fault(fault: &FieldError) -> Value {
    Value::Object(
        [("field", &fault.field), ("message", &fault.message)]
            .into_iter()
            .map(|(name, text)| (Name::new(name), Value::String(text.clone())))
            .collect(),
    )
}

/// Logs the details that the client does not get, under the request id that it gets.
fn log(error: &ServiceError, RequestId(request_id): &RequestId) {
    match error {
        ServiceError::Database(cause) => tracing::error!(%request_id, %cause, "statement failed"),
        ServiceError::Internal(cause) => tracing::error!(%request_id, %cause, "defect"),
        ServiceError::TimedOut(what) => tracing::warn!(%request_id, what, "took too long"),
        // The request is executed again.
        ServiceError::Unavailable(DbError::Outdated) => {}
        ServiceError::Unavailable(cause) => tracing::warn!(%request_id, %cause, "no database"),
        ServiceError::ProviderUnavailable(cause) => {
            tracing::warn!(%request_id, %cause, "no identity provider");
        }
        _ => {}
    }
}

impl AsRef<ServiceError> for ServiceError {
    fn as_ref(&self) -> &ServiceError {
        self
    }
}
