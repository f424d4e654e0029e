use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response as Answer, ServerError, Value};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::header::ALLOW;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use tokio::task::spawn_blocking;
use tracing::Instrument;

use crate::db::DbError;
use crate::graphql::{
    Answered, ClientAddress, Credentials, Introspection, RequestId, code_of, transport_error,
};
use crate::http::client_address::client_address;
use crate::http::record::Record;
use crate::http::request::{Refusal, from_body, from_query};
use crate::http::response::{MediaType, respond};
use crate::http::server::Peer;
use crate::http::{App, auth, body, trace};
use crate::service::users::UserRole;
use crate::service::{Result, ServiceError, UserId};

/// Answers an operation that came by POST.
pub(super) async fn post(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let body = body::read(&headers, body, app.body_limits).await;
    let record = Record::begin(&headers);
    let read = || from_body(&app.schema, body.as_deref().map_err(Refusal::clone)?);
    answer(&app, peer, &headers, read, record).await
}

/// Answers a query that came by GET.
pub(super) async fn get(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    pairs: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Response {
    let record = Record::begin(&headers);
    let pairs = pairs.map(|Query(pairs)| pairs).unwrap_or_default();
    let read = || {
        let request = from_query(&app.schema, &pairs)?;
        let operation = app.schema.operation(&request);
        // One that cannot be told is no change, and fails on its own.
        if operation.is_some_and(|operation| operation.kind != OperationType::Query) {
            let message = "by GET only queries are answered";
            return Err(method_not_allowed("POST", message));
        }
        Ok(request)
    };
    answer(&app, peer, &headers, read, record).await
}

/// Refuses what came by any other method.
pub(super) async fn by_another_method(State(app): State<App>, headers: HeaderMap) -> Response {
    let mut record = Record::begin(&headers);
    let (allowed, message) = match app.allow_get {
        true => (
            "GET, HEAD, POST",
            "operations come by POST, queries by GET too",
        ),
        false => ("POST", "operations come by POST"),
    };
    let media_type = MediaType::of(&headers).unwrap_or(MediaType::Json);
    let response = refuse(
        method_not_allowed(allowed, message),
        media_type,
        &mut record,
    );
    record.status = Some(response.status());
    response
}

fn method_not_allowed(allowed: &'static str, message: &str) -> Refusal {
    let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", message);
    refusal.with_header(ALLOW, HeaderValue::from_static(allowed))
}

/// Answers, counts what that costs, and records how it ended.
async fn answer(
    app: &App,
    peer: Option<Extension<Peer>>,
    headers: &HeaderMap,
    read: impl Fn() -> Result<Request, Refusal>,
    mut record: Record,
) -> Response {
    let tally = Arc::clone(&record.tally);
    let span = record.span.clone();
    let response = {
        // Where it stands: these futures have kilobytes, and moving them about is work.
        let answering = pin!(respond_to(app, peer, headers, read, &mut record));
        tally.count(answering.instrument(span)).await
    };
    record.status = Some(response.status());
    response
}

async fn respond_to(
    app: &App,
    peer: Option<Extension<Peer>>,
    headers: &HeaderMap,
    read: impl Fn() -> Result<Request, Refusal>,
    record: &mut Record,
) -> Response {
    let Some(media_type) = MediaType::of(headers) else {
        let message = "answers are application/graphql-response+json or application/json";
        let refusal = Refusal::new(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", message);
        return refuse(refusal, MediaType::Json, record);
    };
    let peer = peer.map(|Extension(peer)| peer);
    let address = |peer: &Peer| client_address(peer.address(), headers, &app.trusted_proxies);
    let address = ClientAddress(peer.as_ref().map(address));
    let mut from_memory = true;
    let (answered, status) = loop {
        let request = match read() {
            Ok(request) => request,
            Err(refusal) => return refuse(refusal, media_type, record),
        };
        record.operation = app.schema.operation(&request);
        let request = request.data(address).data(record.request_id.clone());
        let credentials = match auth::credentials(app, headers, address.0, from_memory).await {
            Ok(credentials) => credentials,
            Err(error) => break failed(&error, &record.request_id),
        };
        record.user = actor_id(&credentials);
        if let (Some(_), Some(peer)) = (record.user, &peer) {
            peer.mark_authenticated();
        }
        match ask(app, request, credentials, record).await {
            Ok(answered) => break (answered, StatusCode::OK),
            // Nothing was answered or changed: it is asked again, of nobody's memory.
            Err(ServiceError::Unavailable(DbError::Outdated)) if from_memory => from_memory = false,
            Err(error) => break failed(&error, &record.request_id),
        }
    };
    let codes = answered.response.errors.iter().filter_map(code_of);
    codes.for_each(|code| record.failed(code));
    let Some(size) = answered.size.clone().filter(|size| size.is_large()) else {
        return respond(answered, status, media_type, &record.request_id);
    };
    // Megabytes are written beside the threads that requests are answered on.
    let request_id = record.request_id.clone();
    let written = spawn_blocking(move || respond(answered, status, media_type, &request_id)).await;
    size.end_turn().await;
    written.unwrap_or_else(|panic| resume_unwind(panic.into_panic()))
}

/// Has it answered, as a step of its trace.
async fn ask(
    app: &App,
    request: Request,
    credentials: Credentials,
    record: &Record,
) -> Result<Answered> {
    let span = trace::operation(record.operation.as_deref());
    let answering = pin!(execute(app, request, credentials, &record.request_id));
    answering.instrument(span).await
}

/// The answer where none came of the operation.
fn failed(error: &ServiceError, request_id: &RequestId) -> (Answered, StatusCode) {
    let status = match error {
        ServiceError::Unavailable(_) | ServiceError::ProviderUnavailable(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ServiceError::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let error = transport_error(error, request_id);
    (Answer::from_errors(vec![error]).into(), status)
}

async fn execute(
    app: &App,
    request: Request,
    credentials: Credentials,
    request_id: &RequestId,
) -> Result<Answered> {
    let is_admin = matches!(
        &credentials, Credentials::Actor { actor, .. } if actor.role == UserRole::Admin
    );
    let (mut request, mut refused) = (request, None);
    if !app.introspection_for_all && !is_admin {
        refused = Introspection::of(&request);
        request = request.disable_introspection();
    }
    let mut answered = app.schema.execute(request, credentials).await?;
    let answer = &mut answered.response;
    if let Some(introspection) = refused {
        introspection.refuse(answer, request_id);
    }
    for error in answer
        .errors
        .iter_mut()
        .filter(|error| code_of(error).is_none())
    {
        // What no resolver said is about the document or its variables.
        mark(error, "GRAPHQL_VALIDATION_FAILED", request_id);
    }
    Ok(answered)
}

fn refuse(refusal: Refusal, media_type: MediaType, record: &mut Record) -> Response {
    let mut error = ServerError::new(refusal.message, None);
    error.locations = refusal.locations;
    mark(&mut error, refusal.code, &record.request_id);
    for (name, detail) in refusal.details {
        error.extensions.get_or_insert_default().set(name, detail);
    }
    record.failed(refusal.code);
    let answer = Answer::from_errors(vec![error]);
    let mut response = respond(
        answer.into(),
        refusal.status,
        media_type,
        &record.request_id,
    );
    let header = refusal.header.map(|header| *header);
    response.headers_mut().extend(header);
    response
}

fn mark(error: &mut ServerError, code: &str, request_id: &RequestId) {
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", Value::from(code));
    extensions.set("requestId", Value::from(request_id.0.as_str()));
}

fn actor_id(credentials: &Credentials) -> Option<UserId> {
    match credentials {
        Credentials::Actor { actor, .. } => Some(actor.id),
        Credentials::Nobody | Credentials::Refused => None,
    }
}
