use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CONNECTION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::future::poll_immediate;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::TlsAcceptor;

use crate::http::headers::guarded;
use crate::http::monitor::is_probe;
use crate::http::server::admission::Slot;
use crate::http::server::connection::Exchange;
use crate::http::server::lingering_close::LingeringBody;
use crate::http::server::tls::handshake;
use crate::http::server::watched_stream::WatchedStream;

/// The maximum size of a request's head, in bytes. It has room for the largest target, 64 KB.
const LARGEST_HEAD: usize = 128 * 1024;

/// The other end of a request's connection.
#[derive(Clone)]
pub(in crate::http) struct Peer(Arc<Slot>);

impl Peer {
    /// The client's address, or that of a proxy which speaks for it.
    pub(in crate::http) fn address(&self) -> IpAddr {
        self.0.connection.peer
    }

    /// Notes that a request on it had a valid token: from now on it is not evicted.
    pub(in crate::http) fn mark_authenticated(&self) {
        self.0.mark_authenticated();
    }
}

/// Serves a connection, encrypted if there is a certificate.
pub(super) async fn serve_stream(
    stream: WatchedStream,
    slot: Arc<Slot>,
    (router, tls): (Router, Option<TlsAcceptor>),
    newcomer: Option<OwnedSemaphorePermit>,
) {
    match tls {
        None => serve_connection(stream, slot, router, newcomer).await,
        Some(_) if stream.begins_with_a_letter().await => {
            serve_connection(stream, slot, https_only(), newcomer).await;
        }
        Some(tls) => {
            if let Some(stream) = handshake(&tls, stream, &slot.connection, newcomer).await {
                serve_connection(stream, slot, router, None).await;
            }
        }
    }
}

/// Serves a connection until it closes. `newcomer` is dropped once its first bytes were read.
async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    slot: Arc<Slot>,
    router: Router,
    newcomer: Option<OwnedSemaphorePermit>,
) {
    let routes = TowerToHyperService::new(router);
    let connection = Arc::clone(&slot.connection);
    let service = service_fn(move |request| answer(request, Arc::clone(&slot), routes.clone()));
    // The sweep checks the deadlines of all connections.
    let mut http = http1::Builder::new();
    http.header_read_timeout(None).max_buf_size(LARGEST_HEAD);
    let mut serving = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = poll_immediate(serving.as_mut()).await;
    connection.mark_read();
    drop(newcomer);
    if ended.is_some() {
        return;
    }
    let mut is_last = false;
    loop {
        tokio::select! {
            biased;
            // A client that went away is not logged.
            _ = serving.as_mut() => return,
            () = connection.cut.notified() => return,
            () = connection.finish.notified(), if !is_last => {
                is_last = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}

async fn answer(
    mut request: Request<Incoming>,
    slot: Arc<Slot>,
    routes: TowerToHyperService<Router>,
) -> Result<Response<impl Body<Data = Bytes, Error = axum::Error>>, Infallible> {
    let exchange = Arc::new(Exchange::begin(&slot.connection));
    if request.body().is_end_stream() {
        exchange.is_read();
    }
    let is_regular = slot.is_regular();
    let mut response = if is_regular || is_probe(request.uri().path()) {
        request.extensions_mut().insert(Peer(slot));
        let request = request.map(|body| LingeringBody::new(body, Arc::clone(&exchange)));
        routes.call(request).await?
    } else {
        no_place()
    };
    if !is_regular {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    Ok(response.map(|body| {
        body.map_err(move |error| {
            // Dropped when the whole answer was sent.
            let _held = &exchange;
            error
        })
    }))
}

fn no_place() -> Response {
    let body = r#"{"errors":[{"message":"all connections are in use","extensions":{"code":"UNAVAILABLE"}}]}"#;
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        (RETRY_AFTER.as_str(), "1"),
    ];
    let response = (StatusCode::SERVICE_UNAVAILABLE, headers, body).into_response();
    guarded(response, None)
}

/// The routes of a client that asks by plain HTTP where https is spoken.
fn https_only() -> Router {
    let body = r#"{"errors":[{"message":"this address speaks https: ask by https://","extensions":{"code":"BAD_REQUEST"}}]}"#;
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        (CONNECTION.as_str(), "close"),
    ];
    let refuse = async move || {
        guarded(
            (StatusCode::BAD_REQUEST, headers, body).into_response(),
            None,
        )
    };
    Router::new().fallback(refuse)
}
