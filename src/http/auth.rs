use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use jsonwebtoken::decode_header;

use crate::db::Db;
use crate::graphql::Credentials;
use crate::http::oidc::Provider;
use crate::service::sessions::{self, Token};
use crate::service::{Actor, Result, api_keys, jwt, users};

/// Who stands behind a request's `Authorization: Bearer …`: a session's token, an API key, or a token
/// of the identity provider.
pub(super) async fn credentials(
    db: &Db,
    provider: Option<&Provider>,
    headers: &HeaderMap,
) -> Result<Credentials> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(Credentials::Nobody);
    };
    let shown = header.to_str().ok().and_then(|header| {
        let (scheme, shown) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| shown.trim())
    });
    let Some(shown) = shown.filter(|shown| shown.len() <= jwt::LARGEST) else {
        return Ok(Credentials::Refused);
    };
    let (actor, token) = if let Some(secret) = api_keys::Secret::parse(shown) {
        (api_keys::authenticate(db, &secret).await?, None)
    } else if let Some(token) = Token::parse(shown) {
        let actor = sessions::authenticate(db, &token).await?;
        (actor, Some(shown.to_owned()))
    } else if let Some(provider) = provider {
        (from_outside(db, provider, shown).await?, None)
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

/// The user whom the identity provider's token stands for.
async fn from_outside(db: &Db, provider: &Provider, token: &str) -> Result<Option<Actor>> {
    let Ok(header) = decode_header(token) else {
        return Ok(None);
    };
    match provider.verify(token, &header).await? {
        Some(identity) => users::identified(db, &identity).await,
        None => Ok(None),
    }
}
