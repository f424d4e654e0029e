use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::db::Db;
use crate::graphql::Credentials;
use crate::service::Result;
use crate::service::sessions::{self, Token};

/// Who stands behind a request's `Authorization: Bearer <token>`.
pub(super) async fn credentials(db: &Db, headers: &HeaderMap) -> Result<Credentials> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(Credentials::Nobody);
    };
    let token = header.to_str().ok().and_then(|header| {
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let Some((text, token)) = token.and_then(|text| Some((text, Token::parse(text)?))) else {
        return Ok(Credentials::Refused);
    };
    Ok(match sessions::authenticate(db, &token).await? {
        Some(actor) => Credentials::Actor {
            actor,
            token: text.to_owned(),
        },
        None => Credentials::Refused,
    })
}
