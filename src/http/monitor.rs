//! Endpoints for operators: liveness, readiness and metrics.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics::gauge;

use crate::db::Db;
use crate::db::embedded::Supervisor;
use crate::http::headers::guarded;

/// Renders the metrics as text.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// The flag that the program was told to stop. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// Sets the flag.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The routes of the probes, and of the metrics if there is a renderer. `supervisor` is that of the
/// program's own PostgreSQL, if it has one.
pub fn monitor(
    db: Db,
    stopping: Stopping,
    supervisor: Option<Supervisor>,
    metrics: Option<Render>,
) -> Router {
    let probes = Router::new()
        .route("/readyz", get(can_answer))
        .with_state((db.clone(), stopping))
        .route("/healthz", get(move || ready(alive(supervisor.as_ref()))));
    let routes = match metrics {
        Some(render) => {
            let metrics = get(move || async move { measured(&db, &render) });
            probes.route("/metrics", metrics)
        }
        None => probes,
    };
    routes.layer(map_response(|response: Response| {
        ready(guarded(response, None))
    }))
}

/// True if the path is one of the probes or the metrics.
pub(super) fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics")
}

/// Liveness: the process lives, unless it cannot go on and its supervisor must restart it.
fn alive(supervisor: Option<&Supervisor>) -> (StatusCode, &'static str) {
    match supervisor.is_some_and(Supervisor::is_lost) {
        true => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the program's own PostgreSQL cannot be started\n",
        ),
        false => (StatusCode::OK, "ok\n"),
    }
}

/// Readiness: the database is available, and the server is not stopping.
async fn can_answer(State((db, stopping)): State<(Db, Stopping)>) -> (StatusCode, &'static str) {
    if stopping.has_begun() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping\n");
    }
    match db.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database cannot be reached\n",
        ),
    }
}

/// All metrics, with the current load of the pool.
fn measured(db: &Db, render: &Render) -> Response {
    let pool = db.status();
    let connections = |state, number| gauge!("crm_pool_connections", "state" => state).set(number);
    connections("in_use", pool.in_use as f64);
    connections("idle", pool.size.saturating_sub(pool.in_use) as f64);
    gauge!("crm_pool_max_connections").set(pool.max as f64);
    gauge!("crm_pool_waiting").set(pool.waiting as f64);
    let text = "text/plain; version=0.0.4; charset=utf-8";
    ([(CONTENT_TYPE, text)], render()).into_response()
}
