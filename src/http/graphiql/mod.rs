//! GraphiQL at `/graphiql`, for development.
//!
//! The real one, fetched once from the npm registry into the data folder, verified and served
//! from there: the page loads nothing from other machines, which a Content-Security-Policy
//! enforces. Without npm, a small page of our own is served and gives the reason.

mod assets;
mod fetch;
mod page;
mod pins;
mod staging;
mod store;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub use self::assets::{Assets, Pending, prepare};
pub use self::store::Files;

/// `GET /graphiql` and `GET /graphiql/assets/{file}`.
pub fn router(assets: Pending) -> Router {
    Router::new()
        .route("/graphiql", get(show))
        .route("/graphiql/assets/{file}", get(asset))
        .with_state(assets)
}

async fn show(State(assets): State<Pending>) -> Response {
    match assets.get() {
        None => page::fetching(),
        Some(Assets::Real(_)) => page::graphiql(),
        Some(Assets::Fallback { reason }) => page::fallback(reason),
    }
}

/// Serves a file. Its name is looked up in two tables, never on the disk, which rules out path traversal.
async fn asset(State(assets): State<Pending>, Path(name): Path<String>) -> Response {
    if let Some((media_type, text)) = page::own_asset(&name) {
        return (
            [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-cache")],
            text,
        )
            .into_response();
    }
    let Some(Assets::Real(files)) = assets.get() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some((media_type, bytes)) = files.get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let for_ever = "public, max-age=31536000, immutable";
    (
        [(CONTENT_TYPE, media_type), (CACHE_CONTROL, for_ever)],
        bytes,
    )
        .into_response()
}

#[cfg(test)]
mod tests;
