//! What whoever operates the program asks: whether it lives, whether it can answer, what it counts.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics::gauge;

use crate::db::Db;
use crate::http::with_safe_headers;

/// What is counted, as text.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// The probes, and the metrics where there is something that renders them.
pub fn monitor(db: Db, metrics: Option<Render>) -> Router {
    let probes = Router::new()
        .route("/readyz", get(ready))
        .with_state(db.clone())
        .route("/healthz", get(alive));
    with_safe_headers(match metrics {
        Some(render) => {
            let metrics = get(move || async move { measured(&db, &render) });
            probes.route("/metrics", metrics)
        }
        None => probes,
    })
}

/// Whether the process lives.
async fn alive() -> &'static str {
    "ok\n"
}

/// Whether requests can be answered: whether the database can be had.
async fn ready(State(db): State<Db>) -> (StatusCode, &'static str) {
    match db.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database cannot be reached\n",
        ),
    }
}

/// Everything that is counted, with the pool as it is now.
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
