use std::net::IpAddr;
use std::pin::pin;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use jsonwebtoken::decode_header;
use tokio::time::{Instant, timeout_at};

use crate::db::{AuthRevision, DbError, Party, RequestDb};
use crate::graphql::{Credentials, Freshness};
use crate::http::App;
use crate::service::{Actor, OpaqueToken, Result, TokenKind, api_keys, sessions, users};

/// The maximum length of a token, in bytes.
const LARGEST: usize = 8 * 1024;

/// Authenticates a request by its `Authorization: Bearer …`: a session's token, an API key, or a token
/// of the identity provider, which is verified before the database is asked.
///
/// The user of a session's token or a key is cached for a short time, see [`AuthRevision`], unless the
/// caller must be looked up: then there is no revision to check.
pub(super) async fn credentials(
    app: &App,
    headers: &HeaderMap,
    address: Option<IpAddr>,
    freshness: Freshness,
) -> Result<Credentials> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(Credentials::Nobody);
    };
    let shown = header.to_str().ok().and_then(|header| {
        let (scheme, shown) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| shown.trim())
    });
    let Some(shown) = shown.filter(|shown| shown.len() <= LARGEST) else {
        return Ok(Credentials::Refused);
    };
    let token = OpaqueToken::parse(shown);
    if let Some(token) = &token {
        if let Some(known) = recalled(app, token, freshness) {
            return Ok(known);
        }
        if app.token_lookups.was_refused(token) {
            return Ok(Credentials::Refused);
        }
    }
    // The user is not known yet, so that the connection is counted for the client's address.
    let deadline = app.api.deadline();
    let party = Party::at(address);
    let (db, cancel_on_drop) = app.db.request(party, deadline, AuthRevision::default());
    let found = async {
        match &token {
            Some(token) => looked_up(app, &db, token, freshness, (party, deadline)).await,
            None => identified(app, &db, shown).await,
        }
    };
    let found = pin!(timeout_at(deadline, found));
    // If this future is dropped, this guard is dropped before the look-up that it waits for.
    let _cancel_on_drop = cancel_on_drop;
    found.await.unwrap_or(Err(DbError::Late.into()))
}

/// The cached credentials of a session's token or an API key, if they may be cached.
fn recalled(app: &App, token: &OpaqueToken, freshness: Freshness) -> Option<Credentials> {
    let known = app.auth_cache.recall(token);
    let known = known.filter(|_| freshness == Freshness::Cached)?;
    Some(Credentials::Actor {
        actor: known.actor,
        revision: AuthRevision::of(known.revision),
    })
}

/// Looks up a session's token or an API key. Unknown tokens take turns, because they may be invented.
async fn looked_up(
    app: &App,
    db: &RequestDb,
    token: &OpaqueToken,
    freshness: Freshness,
    (party, deadline): (Party, Instant),
) -> Result<Credentials> {
    let _turn = match app.auth_cache.has_known(token) {
        true => None,
        false => {
            let turn = app.token_lookups.turn(party, deadline).await?;
            // Another request may have looked up the same token in the meantime.
            if let Some(known) = recalled(app, token, freshness) {
                return Ok(known);
            }
            if app.token_lookups.was_refused(token) {
                return Ok(Credentials::Refused);
            }
            Some(turn)
        }
    };
    let policy = app.api.sign_in();
    let found = match token.kind() {
        TokenKind::Session => sessions::authenticate(db, token, policy).await?,
        TokenKind::ApiKey => api_keys::authenticate(db, token, policy).await?,
        // A link is for useLink alone.
        TokenKind::FirstAdmin | TokenKind::Invitation | TokenKind::PasswordReset => None,
    };
    let Some((actor, until)) = found else {
        app.auth_cache.forget(token);
        app.token_lookups.refuse(token);
        return Ok(Credentials::Refused);
    };
    app.auth_cache.remember(token, &actor, until);
    Ok(found_now(actor))
}

/// Verifies a token of the identity provider, and looks up its user.
async fn identified(app: &App, db: &RequestDb, shown: &str) -> Result<Credentials> {
    let (Some(provider), Ok(header)) = (&app.provider, decode_header(shown)) else {
        return Ok(Credentials::Refused);
    };
    let Some(identity) = provider.verify(shown, &header).await? else {
        return Ok(Credentials::Refused);
    };
    let actor = users::identified(db, &identity, app.api.sign_in()).await?;
    Ok(actor.map_or(Credentials::Refused, found_now))
}

/// The credentials of an actor that the database has just returned.
fn found_now(actor: Actor) -> Credentials {
    Credentials::Actor {
        actor,
        revision: AuthRevision::default(),
    }
}
