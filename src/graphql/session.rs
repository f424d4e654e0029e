use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::graphql::context::{ClientAddress, Credentials, db, settings};
use crate::graphql::error::answer;
use crate::graphql::user::User;
use crate::service::Result;
use crate::service::sessions;

/// Who signs in.
#[derive(InputObject)]
pub struct LoginInput {
    /// The user's e-mail address.
    email: String,
    /// The user's password.
    password: String,
}

/// A session that was opened.
#[derive(SimpleObject)]
pub struct LoginPayload {
    /// Send it with every request, as `Authorization: Bearer <token>`. It is shown only now.
    token: String,
    /// When the session ends by itself.
    expires_at: DateTime<Utc>,
    /// Who signed in.
    user: User,
}

/// A session that was closed.
#[derive(SimpleObject)]
pub struct LogoutPayload {
    /// Whether there was a session to close.
    logged_out: bool,
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Opens a session. Needs no token. Errors: UNAUTHENTICATED, in the same words whether the
    /// user is unknown, deactivated, or has another password; RATE_LIMITED after five failed
    /// attempts for an account, or twenty from an address, within a minute.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, and the password.")] input: LoginInput,
    ) -> Option<LoginPayload> {
        let lifetime = settings(ctx).session_lifetime;
        let ClientAddress(from) = *ctx.data_unchecked();
        let keys = ctx.data_unchecked();
        let (email, password) = (&input.email, &input.password);
        let session = sessions::login(db(ctx), keys, email, password, from, lifetime);
        answer(ctx, session.await).map(|session| LoginPayload {
            token: session.token.reveal(),
            expires_at: session.expires_at,
            user: session.user.into(),
        })
    }

    /// Closes the session of the token that the request carries; the token is worthless at once.
    /// What asks by an API key has no session to close.
    /// Errors: UNAUTHENTICATED.
    async fn logout(&self, ctx: &Context<'_>) -> Option<LogoutPayload> {
        let logged_out = answer(ctx, logout(ctx).await)?;
        Some(LogoutPayload { logged_out })
    }
}

async fn logout(ctx: &Context<'_>) -> Result<bool> {
    super::context::actor(ctx)?;
    match ctx.data_unchecked() {
        Credentials::Actor {
            token: Some(token), ..
        } => sessions::logout(db(ctx), token).await,
        _ => Ok(false),
    }
}
