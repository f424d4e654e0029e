use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::graphql::attempt::{self, Attempt};
use crate::graphql::context::{ClientAddress, actor, change, db, settings};
use crate::graphql::error::answer;
use crate::graphql::objects::User;
use crate::graphql::session::LoginPayload;
use crate::graphql::user::UserRole;
use crate::service::account_links::{self, AccountLink, InviteUser, ResetPassword, UseLink};
use crate::service::{OpaqueToken, Result, UserId};

/// A new user, who is to choose a password.
#[derive(InputObject)]
pub struct InviteUserInput {
    /// The address to sign in with; compared without case.
    email: String,
    /// The name, 1–200 characters. The user may correct it with the link.
    full_name: String,
    /// The user's role.
    role: UserRole,
    /// The manager of the user's team: a manager or an administrator.
    manager_id: Option<ID>,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done, with the objects as they are now, without the link.
    idempotency_key: Option<String>,
}

impl InviteUserInput {
    fn command(self) -> Attempt<InviteUser> {
        Attempt::read(|faults| InviteUser {
            email: self.email,
            full_name: self.full_name,
            role: self.role.into(),
            manager: self
                .manager_id
                .map(|id| UserId(attempt::id("managerId", &id, faults))),
        })
    }
}

/// The user whose password is to be reset.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// The user: active, or invited.
    id: ID,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done, with the objects as they are now, without the link.
    idempotency_key: Option<String>,
}

impl ResetPasswordInput {
    fn command(self) -> Attempt<ResetPassword> {
        Attempt::read(|faults| ResetPassword {
            id: UserId(attempt::id("id", &self.id, faults)),
        })
    }
}

/// A link, and what is chosen with it.
#[derive(InputObject)]
pub struct UseLinkInput {
    /// The token of the link, which stands behind `#`; or the whole link.
    token: String,
    /// The address to sign in with: of the first administrator only, where it must be given.
    email: Option<String>,
    /// The name, 1–200 characters. It must be given for the first administrator, and may be to correct
    /// the name in an invitation.
    full_name: Option<String>,
    /// The password, 10–200 characters, not a common one and not the e-mail address.
    password: String,
}

/// Declares the payload of a mutation that makes a link.
macro_rules! link_payloads {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The user as they are now; null if a repeated idempotency key is answered and the
            /// viewer may no longer see the user.
            user: Option<User>,
            /// The link to hand to the user. It is shown only now and not stored: null in the answer to a
            /// repeated idempotency key. If it is lost, `resetPassword` makes another.
            link: Option<String>,
            /// When the link ends; null without a link.
            link_expires_at: Option<DateTime<Utc>>,
        }

        impl $name {
            fn of(ctx: &Context<'_>, made: Result<Option<AccountLink>>) -> Option<Self> {
                let (user, token) = answer(ctx, made)?.map(|made| (made.user, made.token)).unzip();
                let viewer = answer(ctx, actor(ctx))?;
                let (token, link_expires_at) = token.flatten().unzip();
                let url = |token: OpaqueToken| token.link(&settings(ctx).public_url);
                Some(Self {
                    user: user.map(|user| User::seen_by(viewer, user)),
                    link: token.map(url),
                    link_expires_at,
                })
            }
        }
    )*};
}

link_payloads! {
    /// A user who was invited, and the link to hand over.
    InviteUserPayload,
    /// The user whose password may be chosen anew, and the link to hand over.
    ResetPasswordPayload,
}

#[derive(Default)]
pub struct AccountLinkMutation;

#[Object]
impl AccountLinkMutation {
    /// Adds a user who becomes active by choosing a password with the link, within seven days. Nothing is
    /// mailed: the link is handed over by the viewer. For administrators. Errors: UNAUTHENTICATED,
    /// PERMISSION_DENIED, INVALID_DATA, CONFLICT if the e-mail is taken, IDEMPOTENCY_CONFLICT.
    async fn invite_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new user.")] input: InviteUserInput,
    ) -> Option<InviteUserPayload> {
        let key = input.idempotency_key.clone();
        let invited = change(ctx, key.as_deref(), input.command()).await;
        InviteUserPayload::of(ctx, invited)
    }

    /// Makes a link with which a user chooses another password within a day, or an invited one accepts
    /// the invitation within seven; the user's link before is no longer valid. The present password and
    /// sessions stay valid until the link is used. For administrators. Errors: UNAUTHENTICATED,
    /// PERMISSION_DENIED, USER_NOT_FOUND, INVALID_DATA also for a deactivated user, IDEMPOTENCY_CONFLICT.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user.")] input: ResetPasswordInput,
    ) -> Option<ResetPasswordPayload> {
        let key = input.idempotency_key.clone();
        let reset = change(ctx, key.as_deref(), input.command()).await;
        ResetPasswordPayload::of(ctx, reset)
    }

    /// Chooses the password of the user of a link (`…/welcome#<token>`) and signs them in: the first
    /// administrator, an invited user, who becomes active, or a user whose password is reset, whose
    /// sessions end. A link can be used once. Needs no token. Errors: UNAUTHENTICATED, with the same
    /// message whether the link is unknown, used, replaced or over; RATE_LIMITED as in `login`, where an
    /// invalid link counts as a failed attempt; INVALID_DATA; CONFLICT if the e-mail is taken, or there
    /// is an administrator already.
    async fn use_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link, and what is chosen with it.")] input: UseLinkInput,
    ) -> Option<LoginPayload> {
        let ClientAddress(from) = *ctx.data_unchecked();
        let link = UseLink {
            token: input.token,
            email: input.email,
            full_name: input.full_name,
            password: input.password,
        };
        let session = account_links::use_link(db(ctx), link, from, settings(ctx).sign_in).await;
        let session = session.map_err(|error| error.within("input"));
        answer(ctx, session).map(LoginPayload::from)
    }
}
