use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, timeout_at};

use crate::db::{AuthRevision, Party};
use crate::http::App;
use crate::http::graphql::refuse;
use crate::http::request::Refusal;
use crate::http::request_log::RequestLog;
use crate::http::response::MediaType;
use crate::http::server::Peer;
use crate::service::exports::{self, Chunks, Export, ExportFormat};
use crate::service::{Result, ServiceError};

/// The most downloads at a time: each holds a connection to PostgreSQL.
pub(in crate::http) const MAX_AT_ONCE: usize = 2;

/// The next part of the answer: bytes, or an error that cuts the transfer before its end.
type Chunk = Result<Bytes, &'static str>;

/// `GET /exports/{token}`: the leads of an export, as a file.
pub(in crate::http) async fn download(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let mut record = RequestLog::begin(&headers);
    let response = match find(&app, &token).await {
        Ok((export, permit)) => {
            record.user = Some(export.actor.id);
            if let Some(Extension(peer)) = peer {
                peer.mark_authenticated();
            }
            return send(&app, export, permit, record);
        }
        Err(refusal) => refuse(refusal, MediaType::Json, &mut record),
    };
    record.status = Some(response.status());
    response
}

async fn find(app: &App, token: &str) -> Result<(Export, OwnedSemaphorePermit), Refusal> {
    let found = exports::open(&app.db.program(), token, app.api.sign_in()).await;
    let export = found.map_err(failed)?.ok_or_else(|| {
        let message =
            "there is no such export, or its time is over, or whoever made it has signed out";
        Refusal::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    })?;
    let permit = Arc::clone(&app.downloads).try_acquire_owned();
    let permit = permit.map_err(|_| {
        let message = format!("{MAX_AT_ONCE} exports are being downloaded: try again later");
        let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message);
        refusal.with_header(RETRY_AFTER, HeaderValue::from_static("10"))
    })?;
    Ok((export, permit))
}

fn failed(error: ServiceError) -> Refusal {
    let status = match error {
        ServiceError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    tracing::error!(?error, "an export could not be looked up");
    Refusal::new(status, error.code(), error.message())
}

/// The answer, whose body is read as the client takes it.
fn send(
    app: &App,
    export: Export,
    permit: OwnedSemaphorePermit,
    mut record: RequestLog,
) -> Response {
    let (media_type, ending) = match export.selection.format {
        ExportFormat::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        ExportFormat::Ndjson => ("application/x-ndjson; charset=utf-8", "ndjson"),
    };
    let today = Utc::now().format("%F");
    let name = format!("attachment; filename=\"leads-{today}.{ending}\"");
    record.status = Some(StatusCode::OK);
    // One chunk waits while another is sent: the reader goes on at the client's pace.
    let (sender, receiver) = mpsc::channel::<Chunk>(1);
    tokio::spawn(read(app.clone(), export, sender, (permit, record)));
    let body = stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    let headers = [
        (CONTENT_TYPE, media_type),
        (CONTENT_DISPOSITION, name.as_str()),
    ];
    (headers, Body::from_stream(body)).into_response()
}

/// Reads the leads until the last one, the deadline, or the client's end.
async fn read(
    app: App,
    export: Export,
    sender: mpsc::Sender<Chunk>,
    (permit, mut record): (OwnedSemaphorePermit, RequestLog),
) {
    let deadline = Instant::now() + app.export_time;
    let party = Party::User(export.actor.id.0);
    let (db, cancel) = app.db.request(party, deadline, AuthRevision::default());
    let stats = Arc::clone(&record.stats);
    let mut chunks = ToClient(sender.clone());
    let reading = stats.count(exports::read(&db, &export, &mut chunks));
    let mut reading = Box::pin(timeout_at(deadline, reading));
    let outcome = tokio::select! {
        outcome = &mut reading => outcome.unwrap_or(Err(LATE)),
        () = sender.closed() => Ok(()),
    };
    // Before what runs the statements, so that one that still runs is cancelled.
    drop(cancel);
    drop(reading);
    if let Err(error) = outcome {
        record.failed(error.code());
        tracing::warn!(
            ?error,
            request_id = record.request_id.0,
            "an export was cut"
        );
        let _ = sender.send(Err("cut")).await;
    }
    drop(permit);
}

const LATE: ServiceError = ServiceError::TimedOut("an export");

/// The body of the answer.
struct ToClient(mpsc::Sender<Chunk>);

impl Chunks for ToClient {
    async fn send(&mut self, bytes: Vec<u8>) -> bool {
        self.0.send(Ok(bytes.into())).await.is_ok()
    }
}
