use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::graphql::context::{ClientAddress, Credentials, db, settings};
use crate::graphql::error::answer;
use crate::graphql::user::User;
use crate::service::{Result, sessions, users};

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

/// One's own password, and a new one.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The present password.
    current_password: String,
    /// The new password, 10–200 characters, another one than the present.
    new_password: String,
}

/// A password that was changed.
#[derive(SimpleObject)]
pub struct ChangePasswordPayload {
    /// Whose password it is: the user who asked.
    user: User,
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Opens a session. Needs no token. Errors: UNAUTHENTICATED, in the same words whether the
    /// user is unknown, deactivated, or has another password; RATE_LIMITED after five failed
    /// attempts for an account, or twenty from an address, within a minute. Failures elsewhere do
    /// not count at an address from which the user signed in within 30 days.
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
            user: User::signed_in(session.user),
        })
    }

    /// Changes one's own password and ends one's other sessions; this one goes on. For everybody
    /// who signed in with a password, not for API keys and tokens of an identity provider. A wrong
    /// present password counts as a failed attempt to sign in. Errors: UNAUTHENTICATED,
    /// PERMISSION_DENIED, INVALID_DATA, CONFLICT if the password was changed meanwhile,
    /// RATE_LIMITED.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The present password and the new one.")] input: ChangePasswordInput,
    ) -> Option<ChangePasswordPayload> {
        let user = answer(ctx, change_password(ctx, input).await)?;
        Some(ChangePasswordPayload {
            user: User::signed_in(user),
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

async fn change_password(ctx: &Context<'_>, input: ChangePasswordInput) -> Result<users::User> {
    let actor = super::context::actor(ctx)?;
    let session = match ctx.data_unchecked() {
        Credentials::Actor { token, .. } => token.as_ref(),
        Credentials::Nobody | Credentials::Refused => None,
    };
    let ClientAddress(from) = *ctx.data_unchecked();
    let (current, new) = (&input.current_password, &input.new_password);
    sessions::change_password(db(ctx), actor, session, current, new, from).await
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
