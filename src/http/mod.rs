//! HTTP: connections, credentials, and the handling of a request before and after GraphQL.

pub mod graphiql;

mod auth;
mod body;
mod client_address;
mod graphql;
mod headers;
mod large_body;
mod monitor;
mod oidc;
mod pages;
mod request;
mod request_log;
mod response;
mod server;
mod trace;

pub use body::BodyLimits;
pub use headers::BrowserHeaders;
pub use monitor::{Render, Stopping, monitor};
pub use oidc::{OidcSettings, Provider, UserClaim};
pub use server::{ConnectionLimits, Listener, TlsCertificate, serve};

use std::any::Any;
use std::future::ready;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use ipnet::IpNet;
use tower_http::catch_panic::CatchPanicLayer;

use crate::db::Db;
use crate::graphql::Api;
use crate::http::headers::guarded;
use crate::service::TokenLookups;
use crate::service::sessions::AuthCache;

/// The shared state of the request handlers.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The API.
    pub api: Api,
    /// Cached authentication by tokens and keys.
    pub auth_cache: AuthCache,
    /// Limits the look-ups of tokens and keys that are not cached.
    pub token_lookups: TokenLookups,
    /// Limits of a request's body.
    pub body_limits: BodyLimits,
    /// Answers queries by GET too.
    pub allow_get: bool,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The identity provider whose tokens are accepted, too.
    pub provider: Option<Provider>,
    /// Security headers and CORS.
    pub browsers: BrowserHeaders,
}

/// The API's routes and pages; with GraphiQL if its files are given, and with the probes if they have no separate
/// address.
pub fn router(app: App, graphiql: Option<graphiql::Pending>, probes: Option<Router>) -> Router {
    let https_only = app.browsers.https_only();
    let operations = post(graphql::post).fallback(graphql::by_another_method);
    let operations = if app.allow_get {
        operations.get(graphql::get)
    } else {
        operations
    };
    let operations = match app.browsers.cors() {
        Some(cors) => operations.layer(cors),
        None => operations,
    };
    let router = Router::new().route("/graphql", operations).with_state(app);
    let router = router.merge(pages::router(graphiql.is_some()));
    let router = match graphiql {
        Some(assets) => router.merge(graphiql::router(assets)),
        None => router,
    };
    router
        .merge(probes.unwrap_or_default())
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(map_response(move |response: Response| {
            ready(guarded(response, https_only.as_ref()))
        }))
}

fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let cause = panic.downcast_ref::<&str>().copied();
    let cause = cause.or(panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(cause, "a request panicked");
    let body = r#"{"errors":[{"message":"something went wrong on the server","extensions":{"code":"INTERNAL"}}]}"#;
    let headers = [("content-type", "application/json")];
    (StatusCode::INTERNAL_SERVER_ERROR, headers, body).into_response()
}
