use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::header::ALLOW;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use tracing::Instrument;

use crate::graphql::{
    Answer, Caller, Credentials, Freshness, Operation, Outcome, Parameters, Request,
};
use crate::http::client_address::client_address;
use crate::http::request::{Refusal, from_body, from_query};
use crate::http::request_log::RequestLog;
use crate::http::response::{MediaType, respond, status_of};
use crate::http::server::Peer;
use crate::http::{App, auth, body};
use crate::service::Result;

/// Answers an operation that came by POST.
pub(super) async fn post(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let body = body::read(&headers, body, app.body_limits).await;
    let arrival = Arrival {
        record: RequestLog::begin(&headers),
        parameters: body.and_then(|body| from_body(&body)),
        queries_only: false,
        peer: peer.map(|Extension(peer)| peer),
        headers,
    };
    answer(&app, arrival).await
}

/// Answers a query that came by GET.
pub(super) async fn get(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    pairs: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Response {
    let pairs = pairs.map(|Query(pairs)| pairs).unwrap_or_default();
    let arrival = Arrival {
        record: RequestLog::begin(&headers),
        parameters: from_query(&pairs),
        queries_only: true,
        peer: peer.map(|Extension(peer)| peer),
        headers,
    };
    answer(&app, arrival).await
}

/// Refuses any other method.
pub(super) async fn by_another_method(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let (allowed, message) = match (app.allow_get, method) {
        (true, _) => (
            "GET, HEAD, POST",
            "operations come by POST, queries by GET too",
        ),
        (false, Method::GET | Method::HEAD) => (
            "POST",
            "operations come by POST: set preferGetMethod: false in urql; queries are answered by GET \
             too where the operator sets CRM_ALLOW_GET=true",
        ),
        (false, _) => ("POST", "operations come by POST"),
    };
    let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", message);
    let refusal = refusal.with_header(ALLOW, HeaderValue::from_static(allowed));
    refuse_at_once(&headers, refusal)
}

/// Refuses a preflight request of this origin.
pub(super) fn refuse_preflight(headers: &HeaderMap, origin: &str) -> Response {
    let message = format!(
        "pages of {origin} may not use this API: the operator adds their origin to CRM_CORS_ORIGINS"
    );
    let refusal = Refusal::new(StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED", message);
    refuse_at_once(headers, refusal)
}

/// Refuses a request by its head alone.
fn refuse_at_once(headers: &HeaderMap, refusal: Refusal) -> Response {
    let mut record = RequestLog::begin(headers);
    let media_type = MediaType::of(headers).unwrap_or(MediaType::Json);
    let response = refuse(refusal, media_type, &mut record);
    record.status = Some(response.status());
    response
}

/// A received request.
struct Arrival {
    peer: Option<Peer>,
    headers: HeaderMap,
    parameters: Result<Parameters, Refusal>,
    queries_only: bool,
    record: RequestLog,
}

/// Answers a request, counts its costs, and records its outcome.
async fn answer(app: &App, mut arrival: Arrival) -> Response {
    let stats = Arc::clone(&arrival.record.stats);
    let span = arrival.record.span.clone();
    let response = {
        // Pinned in place: these futures have kilobytes, and moving them costs time.
        let answering = pin!(respond_to(app, &mut arrival));
        stats.count(answering.instrument(span)).await
    };
    arrival.record.status = Some(response.status());
    response
}

async fn respond_to(app: &App, arrival: &mut Arrival) -> Response {
    let (headers, record) = (&arrival.headers, &mut arrival.record);
    let Some(media_type) = MediaType::of(headers) else {
        let message = "answers are application/graphql-response+json or application/json";
        let refusal = Refusal::new(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", message);
        return refuse(refusal, MediaType::Json, record);
    };
    let parameters = match &mut arrival.parameters {
        Ok(parameters) => std::mem::take(parameters),
        Err(refusal) => return refuse(refusal.clone(), media_type, record),
    };
    let peer = arrival.peer.as_ref();
    let address = peer.map(|peer| client_address(peer.address(), headers, &app.trusted_proxies));
    let request = Request {
        parameters,
        id: record.request_id.clone(),
        client_address: address,
        queries_only: arrival.queries_only,
    };
    let mut caller = HttpCaller {
        app,
        headers,
        address,
        peer,
        record: &mut *record,
    };
    let answer = app.api.handle(request, &mut caller).await;
    let outcome = answer.outcome;
    let mut response = send(answer, status_of(outcome, media_type), media_type, record);
    if outcome == Outcome::NotAQuery {
        let allowed = HeaderValue::from_static("POST");
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

/// The response with an answer; its error codes are recorded.
fn send(
    answer: Answer,
    status: StatusCode,
    media_type: MediaType,
    record: &mut RequestLog,
) -> Response {
    for code in &answer.codes {
        record.failed(code);
    }
    respond(answer, status, media_type, &record.request_id)
}

pub(super) fn refuse(refusal: Refusal, media_type: MediaType, record: &mut RequestLog) -> Response {
    let id = &record.request_id;
    let answer = Answer::turned_away(refusal.code, refusal.message, refusal.details, id);
    let mut response = send(answer, refusal.status, media_type, record);
    let header = refusal.header.map(|header| *header);
    response.headers_mut().extend(header);
    response
}

/// The caller of an HTTP request, authenticated by its headers.
struct HttpCaller<'a> {
    app: &'a App,
    headers: &'a HeaderMap,
    address: Option<IpAddr>,
    peer: Option<&'a Peer>,
    record: &'a mut RequestLog,
}

impl Caller for HttpCaller<'_> {
    async fn authenticate(
        &mut self,
        operation: Option<&Arc<Operation>>,
        freshness: Freshness,
    ) -> Result<Credentials> {
        self.record.operation = operation.cloned();
        let (headers, address) = (self.headers, self.address);
        let credentials = auth::credentials(self.app, headers, address, freshness).await?;
        self.record.user = match &credentials {
            Credentials::Actor { actor, .. } => Some(actor.id),
            Credentials::Nobody | Credentials::Refused => None,
        };
        if let (Some(_), Some(peer)) = (self.record.user, self.peer) {
            peer.mark_authenticated();
        }
        Ok(credentials)
    }
}
