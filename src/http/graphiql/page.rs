//! The three pages, each with a Content-Security-Policy that allows only its own files.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::rand::{SecureRandom, SystemRandom};

/// The real GraphiQL.
pub(super) fn graphiql() -> Response {
    page(include_str!("web/graphiql.html"), "")
}

/// The fallback page, with the reason.
pub(super) fn fallback(reason: &str) -> Response {
    page(include_str!("web/fallback.html"), reason)
}

/// The page that is shown while GraphiQL is being fetched; it reloads itself.
pub(super) fn fetching() -> Response {
    page(include_str!("web/fetching.html"), "")
}

/// Media type and text of one of our own files.
pub(super) fn own_asset(name: &str) -> Option<(&'static str, &'static str)> {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    Some(match name {
        "examples.js" => (SCRIPT, include_str!("web/examples.js")),
        "fallback.js" => (SCRIPT, include_str!("web/fallback.js")),
        "session.js" => (SCRIPT, include_str!("web/session.js")),
        "start.js" => (SCRIPT, include_str!("web/start.js")),
        "storage.js" => (SCRIPT, include_str!("web/storage.js")),
        "strip.js" => (SCRIPT, include_str!("web/strip.js")),
        "style.css" => ("text/css; charset=utf-8", include_str!("web/style.css")),
        "icon.svg" => ("image/svg+xml", include_str!("web/icon.svg")),
        _ => return None,
    })
}

fn page(template: &str, reason: &str) -> Response {
    let mut random = [0; 16];
    if SystemRandom::new().fill(&mut random).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let nonce = BASE64_STANDARD.encode(random);
    let html = template
        .replace("{{nonce}}", &nonce)
        .replace("{{reason}}", &escape(reason));
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        (CONTENT_SECURITY_POLICY, policy(&nonce)),
    ];
    (headers, html).into_response()
}

/// The Content-Security-Policy of GraphiQL. The nonce is for the `<style>` by which its dialogs lock
/// scrolling; its fonts and icons are `data:` in its stylesheet.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; font-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
