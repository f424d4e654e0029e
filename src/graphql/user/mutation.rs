use async_graphql::{Context, Object, SimpleObject};

use crate::graphql::attempt::Attempt;
use crate::graphql::context::{actor, change};
use crate::graphql::error::answer;
use crate::graphql::objects::User;
use crate::graphql::user::input::{
    DeactivateUserInput, UpdateFreeEmailDomainsInput, UpdateUserInput,
};
use crate::service::free_email_domains::{FreeEmailDomains, UpdateFreeEmailDomains};
use crate::service::permission::require_somewhere;
use crate::service::{Command, Result, ServiceError, users};

/// Declares the payload of a change of one user. Each change has its own, so that one can gain a
/// field without the others.
macro_rules! user_payloads {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The user as they are now; null if a repeated idempotency key is answered and the
            /// viewer may no longer see the user.
            user: Option<User>,
        }

        impl From<Option<User>> for $name {
            fn from(user: Option<User>) -> Self {
                Self { user }
            }
        }
    )*};
}

user_payloads! {
    /// A user who was changed.
    UpdateUserPayload,
    /// A user who was deactivated.
    DeactivateUserPayload,
}

/// The changed list of free mail providers.
#[derive(SimpleObject)]
pub struct UpdateFreeEmailDomainsPayload {
    /// All domains of free mail providers after the change.
    free_email_domains: Vec<String>,
}

#[derive(Default)]
pub struct UserMutation;

#[Object]
impl UserMutation {
    /// Changes the named fields of a user. For administrators. Errors: UNAUTHENTICATED,
    /// PERMISSION_DENIED, USER_NOT_FOUND, INVALID_DATA, CONFLICT if the e-mail or the subject is
    /// taken or no administrator or team manager would be left, IDEMPOTENCY_CONFLICT.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user, and the new values.")] input: UpdateUserInput,
    ) -> Option<UpdateUserPayload> {
        let key = input.idempotency_key.clone();
        payload(ctx, key.as_deref(), input.command()).await
    }

    /// Deactivates a user: their sessions end, they cannot sign in or be assigned leads. For
    /// administrators. Errors: UNAUTHENTICATED, PERMISSION_DENIED, USER_NOT_FOUND, INVALID_DATA,
    /// CONFLICT for the last active administrator, IDEMPOTENCY_CONFLICT.
    async fn deactivate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user, and the new assignment of the leads.")]
        input: DeactivateUserInput,
    ) -> Option<DeactivateUserPayload> {
        let key = input.idempotency_key.clone();
        payload(ctx, key.as_deref(), async { Ok(input.command().into()) }).await
    }

    /// Edits the list of free mail providers; the automatic scores of leads with an address there
    /// are updated at once. For administrators. Errors: UNAUTHENTICATED, PERMISSION_DENIED,
    /// INVALID_DATA, IDEMPOTENCY_CONFLICT.
    async fn update_free_email_domains(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The domains to add and to remove.")] input: UpdateFreeEmailDomainsInput,
    ) -> Option<UpdateFreeEmailDomainsPayload> {
        let command = UpdateFreeEmailDomains {
            add: input.add,
            remove: input.remove,
        };
        let domains = change(ctx, input.idempotency_key.as_deref(), Ok(command)).await;
        let FreeEmailDomains(free_email_domains) = answer(ctx, domains).flatten()?;
        Some(UpdateFreeEmailDomainsPayload { free_email_domains })
    }
}

/// Runs the command. The permission is checked first, so that only those who may manage users make
/// the server hash a password.
async fn payload<C: Command<Answer = users::User>, P: From<Option<User>>>(
    ctx: &Context<'_>,
    key: Option<&str>,
    command: impl Future<Output = Result<Attempt<C>>>,
) -> Option<P> {
    let user = async {
        let viewer = actor(ctx)?;
        require_somewhere(viewer, C::ACTION)?;
        let user = change(ctx, key, command.await?).await?;
        Ok::<_, ServiceError>(user.map(|user| User::seen_by(viewer, user)))
    };
    answer(ctx, user.await).map(P::from)
}
