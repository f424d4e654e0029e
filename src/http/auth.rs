use std::net::IpAddr;
use std::pin::pin;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use jsonwebtoken::{Header, decode_header};
use tokio::time::timeout_at;

use crate::db::{Db, DbError, Party, Premise};
use crate::graphql::Credentials;
use crate::http::App;
use crate::service::sessions::{self, Token};
use crate::service::{Actor, Result, api_keys, jwt, users};

/// Authenticates a request by its `Authorization: Bearer …`: a session's token, an API key, or a token
/// of the identity provider. Tokens are verified before the database is asked.
///
/// The user of a session's token or a key is not looked up again for a moment: see [`Premise`].
/// Without `from_memory` everybody is looked up, and there is no premise.
pub(super) async fn credentials(
    app: &App,
    headers: &HeaderMap,
    address: Option<IpAddr>,
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
    if from_memory && let Some(known) = app.memory.recall(shown) {
        return Ok(Credentials::Actor {
            actor: known.actor,
            token: known.token,
            premise: Premise::of(known.revision),
        });
    }
    // Who it is for is not known yet, so that the client's address takes its turn for it.
    let deadline = app.api.deadline();
    let party = Party::at(address);
    let (db, waiting) = app
        .db
        .for_request(party, Some(deadline), Premise::default());
    let found = pin!(timeout_at(deadline, found(app, &db, shown)));
    // Where this future is dropped, this is dropped before what it waits for is.
    let _waiting = waiting;
    let found = found.await.unwrap_or(Err(DbError::Late.into()))?;
    Ok(
        found.map_or(Credentials::Refused, |(actor, token)| Credentials::Actor {
            actor,
            token,
            premise: Premise::default(),
        }),
    )
}

/// The user whom a request is for, and the token if it is a session's.
type Found = Option<(Actor, Option<Token>)>;

async fn found(app: &App, db: &Db, shown: &str) -> Result<Found> {
    match api_keys::Secret::parse(shown) {
        Some(secret) => of_key(app, db, shown, &secret).await,
        None => of_token(app, db, shown).await,
    }
}

async fn of_key(app: &App, db: &Db, shown: &str, secret: &api_keys::Secret) -> Result<Found> {
    let found = api_keys::authenticate(db, secret).await?;
    Ok(found.map(|(actor, until)| {
        app.memory.remember(shown, &actor, None, until);
        (actor, None)
    }))
}

async fn of_token(app: &App, db: &Db, shown: &str) -> Result<Found> {
    let Ok(header) = decode_header(shown) else {
        return Ok(None);
    };
    if Token::is_meant(&header) {
        return of_session(app, db, shown, &header).await;
    }
    let Some(provider) = &app.provider else {
        return Ok(None);
    };
    let Some(identity) = provider.verify(shown, &header).await? else {
        return Ok(None);
    };
    let actor = users::identified(db, &identity).await?;
    Ok(actor.map(|actor| (actor, None)))
}

async fn of_session(app: &App, db: &Db, shown: &str, header: &Header) -> Result<Found> {
    let Some(token) = app.api.session_keys().verify(shown, header).await? else {
        return Ok(None);
    };
    let actor = sessions::authenticate(db, &token).await?;
    Ok(actor.map(|actor| {
        let until = token.expires_at();
        app.memory.remember(shown, &actor, Some(&token), until);
        (actor, Some(token))
    }))
}
