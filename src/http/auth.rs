use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::db::Db;
use crate::graphql::Credentials;
use crate::service::sessions::{self, Token};
use crate::service::{Result, api_keys};

/// Who stands behind a request's `Authorization: Bearer …`: a session's token or an API key.
pub(super) async fn credentials(db: &Db, headers: &HeaderMap) -> Result<Credentials> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(Credentials::Nobody);
    };
    let shown = header.to_str().ok().and_then(|header| {
        let (scheme, shown) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| shown.trim())
    });
    let Some(shown) = shown else {
        return Ok(Credentials::Refused);
    };
    let (actor, token) = if let Some(secret) = api_keys::Secret::parse(shown) {
        (api_keys::authenticate(db, &secret).await?, None)
    } else if let Some(token) = Token::parse(shown) {
        let actor = sessions::authenticate(db, &token).await?;
        (actor, Some(shown.to_owned()))
    } else {
        (None, None)
    };
    Ok(
        actor.map_or(Credentials::Refused, |actor| Credentials::Actor {
            actor,
            token,
        }),
    )
}
