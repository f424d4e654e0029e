//! The pages of the program: `/`, which says what is where, and `/welcome`, where a link leads.
//!
//! A page loads its own files and nothing else, which a Content-Security-Policy enforces.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const HOME: &str = include_str!("web/home.html");
const WELCOME: &str = include_str!("web/welcome.html");
const GRAPHIQL: &str = "<li><a href=\"graphiql\">GraphiQL</a> to try requests, with the documentation \
                        of every type and field</li>";

/// `GET /`, `GET /welcome` and `GET /pages/{file}`.
pub(super) fn router(has_graphiql: bool) -> Router {
    let graphiql = if has_graphiql { GRAPHIQL } else { "" };
    let home = HOME.replace("{{graphiql}}", graphiql);
    Router::new()
        .route("/", get(async move || page(home)))
        .route("/welcome", get(async || page(WELCOME.to_owned())))
        .route("/pages/{file}", get(file))
}

fn page(html: String) -> Response {
    ([(CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response()
}

/// Serves a file. Its name is looked up in a table, never on the disk, which rules out path traversal.
async fn file(Path(name): Path<String>) -> Response {
    let (media_type, text) = match name.as_str() {
        "icon.svg" => ("image/svg+xml", include_str!("../graphiql/web/icon.svg")),
        "style.css" => ("text/css; charset=utf-8", include_str!("web/style.css")),
        "welcome.js" => (
            "text/javascript; charset=utf-8",
            include_str!("web/welcome.js"),
        ),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-cache")];
    (headers, text).into_response()
}
