use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use jsonwebtoken::decode_header;

use crate::db::Premise;
use crate::graphql::Credentials;
use crate::http::App;
use crate::service::sessions::{self, Token};
use crate::service::{Actor, Result, api_keys, jwt, users};

/// Who stands behind a request's `Authorization: Bearer …`: a session's token, an API key, or a token
/// of the identity provider. Tokens are verified before the database is asked.
///
/// Who stood behind a session's token a moment ago is not looked up again: see [`Premise`]. Without
/// `from_memory` everybody is, and there is no premise.
pub(super) async fn credentials(
    app: &App,
    headers: &HeaderMap,
    from_memory: bool,
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
    if from_memory && let Some(known) = app.sessions.recall(shown) {
        return Ok(Credentials::Actor {
            actor: known.actor,
            token: Some(known.token),
            premise: Premise::of(known.revision),
        });
    }
    let (actor, token) = match api_keys::Secret::parse(shown) {
        Some(secret) => (api_keys::authenticate(&app.db, &secret).await?, None),
        None => bearer(app, shown).await?,
    };
    Ok(
        actor.map_or(Credentials::Refused, |actor| Credentials::Actor {
            actor,
            token,
            premise: Premise::default(),
        }),
    )
}

/// The user whom a signed token stands for, and the token if it is a session's.
async fn bearer(app: &App, shown: &str) -> Result<(Option<Actor>, Option<Token>)> {
    let Ok(header) = decode_header(shown) else {
        return Ok((None, None));
    };
    if Token::is_meant(&header) {
        let Some(token) = app.schema.session_keys().verify(shown, &header).await? else {
            return Ok((None, None));
        };
        let actor = sessions::authenticate(&app.db, &token).await?;
        if let Some(actor) = &actor {
            app.sessions.remember(shown, actor, &token);
        }
        return Ok((actor, Some(token)));
    }
    let Some(provider) = &app.provider else {
        return Ok((None, None));
    };
    let actor = match provider.verify(shown, &header).await? {
        Some(identity) => users::identified(&app.db, &identity).await?,
        None => None,
    };
    Ok((actor, None))
}
