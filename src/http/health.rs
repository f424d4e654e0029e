use axum::extract::State;
use axum::http::StatusCode;

use crate::http::App;

/// Whether the process lives.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether requests can be answered: whether the database can be had, and the server goes on.
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.stopping.has_begun() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping\n");
    }
    match app.db.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database cannot be reached\n",
        ),
    }
}
