use std::time::Instant;

use async_graphql::parser::types::{DocumentOperations, OperationType};
use async_graphql::{Request, Response as Answer, ServerError, Value};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use uuid::Uuid;

use crate::graphql::{ClientAddress, Credentials, RequestId, code_of, transport_error};
use crate::http::client_address::{Peer, client_address};
use crate::http::request::{Refusal, from_body, from_query};
use crate::http::response::{MediaType, respond};
use crate::http::{App, auth};
use crate::service::ServiceError;
use crate::service::users::UserRole;

/// Answers an operation that came by POST.
pub(super) async fn post(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let request = from_body(&app.schema, &headers, body);
    answer(&app, peer, &headers, request).await
}

/// Answers a query that came by GET.
pub(super) async fn get(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    pairs: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Response {
    let request = from_query(
        &app.schema,
        pairs.map(|Query(pairs)| pairs).unwrap_or_default(),
    );
    let request = request.and_then(|mut request| {
        if may_change(&mut request) {
            let message = "by GET only queries are answered";
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "BAD_REQUEST",
                message,
            ));
        }
        Ok(request)
    });
    answer(&app, peer, &headers, request).await
}

async fn answer(
    app: &App,
    peer: Option<Extension<Peer>>,
    headers: &HeaderMap,
    request: Result<Request, Refusal>,
) -> Response {
    let began = Instant::now();
    let request_id = request_id(headers);
    let Some(media_type) = MediaType::of(headers) else {
        let message = "answers are application/graphql-response+json or application/json";
        let refusal = Refusal::new(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", message);
        return refuse(refusal, MediaType::Json, &request_id);
    };
    let request = match request {
        Ok(request) => request,
        Err(refusal) => return refuse(refusal, media_type, &request_id),
    };
    let operation = request.operation_name.clone();
    let address = |Extension(Peer(peer))| client_address(peer, headers, &app.trusted_proxies);
    let request = request.data(ClientAddress(peer.map(address)));
    let (answer, status, user) = match auth::credentials(app, headers).await {
        Ok(credentials) => {
            let user = actor_id(&credentials);
            (
                execute(app, request, credentials, &request_id).await,
                StatusCode::OK,
                user,
            )
        }
        Err(error) => {
            let failed = transport_error(&error, &request_id);
            let status = match error {
                ServiceError::Unavailable(_) | ServiceError::ProviderUnavailable(_) => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (Answer::from_errors(vec![failed]), status, None)
        }
    };
    let codes: Vec<&str> = answer.errors.iter().filter_map(code_of).collect();
    let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
    tracing::info!(request_id = %request_id.0, operation, user, milliseconds, ?codes, "request");
    respond(answer, status, media_type, &request_id)
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
    if !app.introspection_for_all && !is_admin {
        request = request.disable_introspection();
    }
    let mut answer = app.schema.execute(request, credentials).await;
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

/// Whether the operation asked for is anything but a query; one that cannot be told is not, and
/// fails on its own.
fn may_change(request: &mut Request) -> bool {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else {
        return false;
    };
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name.as_str()),
        (DocumentOperations::Multiple(_), None) => None,
    };
    operation.is_some_and(|operation| operation.node.ty != OperationType::Query)
}

fn refuse(refusal: Refusal, media_type: MediaType, request_id: &RequestId) -> Response {
    let mut error = ServerError::new(refusal.message, None);
    mark(&mut error, refusal.code, request_id);
    respond(
        Answer::from_errors(vec![error]),
        refusal.status,
        media_type,
        request_id,
    )
}

fn mark(error: &mut ServerError, code: &str, request_id: &RequestId) {
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", Value::from(code));
    extensions.set("requestId", Value::from(request_id.0.as_str()));
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
