use std::time::Instant;

use async_graphql::{Request, Response as Answer, ServerError, Value};
use async_graphql_axum::GraphQLResponse;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::graphql::{Credentials, Lookup, RequestId, code_of, transport_error};
use crate::http::{App, auth, guard};
use crate::service::ServiceError;
use crate::service::users::UserRole;

const JSON: &str = "application/json";
const GRAPHQL_JSON: &str = "application/graphql-response+json";

/// Answers one GraphQL request.
///
/// Only JSON is taken: a browser does not send it to another site without asking that site first,
/// so that no foreign page can make a change in a user's name.
pub(super) async fn answer(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let began = Instant::now();
    let request_id = request_id(&headers);
    let (request, status) = match read(&headers, body) {
        Ok(request) => (request, StatusCode::OK),
        Err((status, code, message)) => {
            let refusal = refused(code, message, &request_id);
            return respond(refusal, status, &headers, &request_id);
        }
    };
    let operation = request.operation_name.clone();
    let (answer, status, user) = match auth::credentials(&app.db, &headers).await {
        Ok(credentials) => {
            let user = actor_id(&credentials);
            (
                execute(&app, request, credentials, &request_id).await,
                status,
                user,
            )
        }
        Err(error) => {
            let failed = transport_error(&error, &request_id);
            let status = match error {
                ServiceError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (Answer::from_errors(vec![failed]), status, None)
        }
    };
    let codes: Vec<&str> = answer.errors.iter().filter_map(code_of).collect();
    let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
    tracing::info!(
        request_id = %request_id.0, operation, user, milliseconds, ?codes, "request"
    );
    respond(answer, status, &headers, &request_id)
}

async fn execute(
    app: &App,
    request: Request,
    credentials: Credentials,
    request_id: &RequestId,
) -> Answer {
    let is_admin = matches!(
        &credentials, Credentials::Actor { actor, .. } if actor.role == UserRole::Admin
    );
    let mut request = request.data(request_id.clone());
    if let Credentials::Actor { actor, .. } = &credentials {
        request = request.data(Lookup::loaders(app.db.clone(), actor.clone()));
    }
    if !app.introspection_for_all && !is_admin {
        request = request.disable_introspection();
    }
    let mut answer = app.schema.execute(request.data(credentials)).await;
    for error in answer
        .errors
        .iter_mut()
        .filter(|error| code_of(error).is_none())
    {
        // What no resolver said is about the document or its variables.
        mark(error, "GRAPHQL_VALIDATION_FAILED", request_id);
    }
    answer
}

type Refusal = (StatusCode, &'static str, String);

fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Request, Refusal> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if !media_type.eq_ignore_ascii_case(JSON) {
        let message = format!("the body must be {JSON}");
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", message));
    }
    let body = body.map_err(|rejection| {
        (
            rejection.status(),
            "BAD_REQUEST",
            "the body is too large or was cut off".to_owned(),
        )
    })?;
    let request: Request = serde_json::from_slice(&body).map_err(|error| {
        let message = format!("the body is not a GraphQL request in JSON: {error}");
        (StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    })?;
    guard::check_document(&request.query)
        .map_err(|message| (StatusCode::BAD_REQUEST, "DOCUMENT_TOO_LARGE", message))?;
    Ok(request)
}

fn refused(code: &str, message: String, request_id: &RequestId) -> Answer {
    let mut error = ServerError::new(message, None);
    mark(&mut error, code, request_id);
    Answer::from_errors(vec![error])
}

fn mark(error: &mut ServerError, code: &str, request_id: &RequestId) {
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", Value::from(code));
    extensions.set("requestId", Value::from(request_id.0.as_str()));
}

fn respond(
    answer: Answer,
    status: StatusCode,
    headers: &HeaderMap,
    RequestId(request_id): &RequestId,
) -> Response {
    let accepted = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = if accepted.contains(GRAPHQL_JSON) {
        GRAPHQL_JSON
    } else {
        JSON
    };
    let mut response = GraphQLResponse::from(answer).into_response();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", value);
    }
    response
}

/// The id that a proxy in front gave the request, or a new one.
fn request_id(headers: &HeaderMap) -> RequestId {
    let given = headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok());
    let given = given.filter(|id| (1..=64).contains(&id.len()));
    RequestId(given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
}

fn actor_id(credentials: &Credentials) -> Option<String> {
    match credentials {
        Credentials::Actor { actor, .. } => Some(actor.id.to_string()),
        Credentials::Nobody | Credentials::Refused => None,
    }
}
