use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::graphql::attempt::{self, Attempt};
use crate::graphql::context::{ClientAddress, actor, change, db, settings};
use crate::graphql::error::answer;
use crate::graphql::objects::User;
use crate::service::sessions::{EndSession, NewSession};
use crate::service::{Result, SessionId, sessions, users};

/// The credentials of a user.
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
    /// The token to send with every request, as `Authorization: Bearer <token>`. It is shown only now.
    token: String,
    /// When the session ends unless it is used. Each use prolongs it, up to 30 days in all.
    expires_at: DateTime<Utc>,
    /// The user who signed in.
    user: User,
}

impl From<NewSession> for LoginPayload {
    fn from(session: NewSession) -> Self {
        Self {
            token: session.token.reveal(),
            expires_at: session.expires_at,
            user: User::signed_in(session.user),
        }
    }
}

/// A session that was closed.
#[derive(SimpleObject)]
pub struct LogoutPayload {
    /// True if there was a session to close.
    logged_out: bool,
}

/// A session to end.
#[derive(InputObject)]
pub struct EndSessionInput {
    /// The session's id, as in `me.sessions`.
    id: ID,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done.
    idempotency_key: Option<String>,
}

/// A session that was ended.
#[derive(SimpleObject)]
pub struct EndSessionPayload {
    /// The id of the ended session, for the client to remove it from its cache.
    ended_session_id: ID,
}

/// The viewer's current password, and a new one.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The current password.
    current_password: String,
    /// The new password, 10–200 characters, different from the current one, not a common one and not
    /// the e-mail address.
    new_password: String,
}

/// A password that was changed.
#[derive(SimpleObject)]
pub struct ChangePasswordPayload {
    /// The viewer, whose password was changed.
    user: User,
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Opens a session. It ends 12 hours after it was last used (or the time that the operator
    /// configured), and after 30 days in any case. Needs no token. Errors: UNAUTHENTICATED, with the
    /// same message whether the user is unknown or deactivated or the password is wrong; RATE_LIMITED
    /// after five failed attempts for an account, or twenty from an address, within a minute. For an
    /// address from which the user signed in within 30 days, failures from elsewhere do not count.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's e-mail address and password.")] input: LoginInput,
    ) -> Option<LoginPayload> {
        let policy = settings(ctx).sign_in;
        let ClientAddress(from) = *ctx.data_unchecked();
        let (email, password) = (&input.email, &input.password);
        let session = sessions::login(db(ctx), email, password, from, policy);
        answer(ctx, session.await).map(LoginPayload::from)
    }

    /// Changes the viewer's own password and ends their other sessions; this one goes on. For users
    /// who signed in with a password, not for API keys and tokens of an identity provider. A wrong
    /// current password counts as a failed attempt to sign in. Errors: UNAUTHENTICATED,
    /// PERMISSION_DENIED, INVALID_DATA, CONFLICT if the password was changed meanwhile,
    /// RATE_LIMITED.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The current password and the new one.")] input: ChangePasswordInput,
    ) -> Option<ChangePasswordPayload> {
        let user = answer(ctx, change_password(ctx, input).await)?;
        Some(ChangePasswordPayload {
            user: User::signed_in(user),
        })
    }

    /// Closes the session of the request's token; the token is invalid at once. An API key has no
    /// session to close. Errors: UNAUTHENTICATED.
    async fn logout(&self, ctx: &Context<'_>) -> Option<LogoutPayload> {
        let logged_out = async { sessions::logout(db(ctx), actor(ctx)?).await };
        let logged_out = answer(ctx, logged_out.await)?;
        Some(LogoutPayload { logged_out })
    }

    /// Ends one of the viewer's own sessions, for example on another device; its token is invalid at
    /// once. Not for API keys. Errors: UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND also for somebody
    /// else's session and for one that has ended, INVALID_DATA, IDEMPOTENCY_CONFLICT.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session to end.")] input: EndSessionInput,
    ) -> Option<EndSessionPayload> {
        let command = Attempt::read(|faults| EndSession {
            id: SessionId(attempt::id("id", &input.id, faults)),
        });
        let ended = change(ctx, input.idempotency_key.as_deref(), command).await;
        let SessionId(id) = answer(ctx, ended).flatten()?;
        Some(EndSessionPayload {
            ended_session_id: id.into(),
        })
    }
}

async fn change_password(ctx: &Context<'_>, input: ChangePasswordInput) -> Result<users::User> {
    let actor = actor(ctx)?;
    let ClientAddress(from) = *ctx.data_unchecked();
    let (current, new) = (&input.current_password, &input.new_password);
    sessions::change_password(db(ctx), actor, current, new, from).await
}
