use async_graphql::{Context, Object, SimpleObject};

use crate::graphql::context::{actor, change};
use crate::graphql::error::answer;
use crate::graphql::user::User;
use crate::graphql::user::input::{
    CreateUserInput, DeactivateUserInput, UpdateFreeEmailDomainsInput, UpdateUserInput,
};
use crate::service::free_email_domains::UpdateFreeEmailDomains;
use crate::service::permission::{Action, require};
use crate::service::{Command, Result, users};

/// The user that was changed.
#[derive(SimpleObject)]
pub struct UserPayload {
    /// The user as it is now.
    user: User,
}

/// The table that was changed.
#[derive(SimpleObject)]
pub struct FreeEmailDomainsPayload {
    /// All free mail providers there are now.
    free_email_domains: Vec<String>,
}

#[derive(Default)]
pub struct UserMutation;

#[Object]
impl UserMutation {
    /// Adds a user who can sign in at once. For administrators. Errors: UNAUTHENTICATED,
    /// PERMISSION_DENIED, INVALID_DATA, CONFLICT if the e-mail is taken, IDEMPOTENCY_CONFLICT.
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new user.")] input: CreateUserInput,
    ) -> Option<UserPayload> {
        let key = input.idempotency_key.clone();
        payload(ctx, key.as_deref(), input.command()).await
    }

    /// Changes the named fields of a user. For administrators. Errors: UNAUTHENTICATED,
    /// PERMISSION_DENIED, USER_NOT_FOUND, INVALID_DATA, CONFLICT if the e-mail or the subject is
    /// taken or nobody would be left to administer or to lead a team, IDEMPOTENCY_CONFLICT.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which user, and the new values.")] input: UpdateUserInput,
    ) -> Option<UserPayload> {
        let key = input.idempotency_key.clone();
        payload(ctx, key.as_deref(), input.command()).await
    }

    /// Shuts a user out: their sessions end, they cannot sign in and are assigned nothing new. For
    /// administrators. Errors: UNAUTHENTICATED, PERMISSION_DENIED, USER_NOT_FOUND, INVALID_DATA,
    /// CONFLICT for the last active administrator, IDEMPOTENCY_CONFLICT.
    async fn deactivate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which user, and what becomes of the leads.")] input: DeactivateUserInput,
    ) -> Option<UserPayload> {
        let key = input.idempotency_key.clone();
        payload(ctx, key.as_deref(), async { input.command() }).await
    }

    /// Edits the table of free mail providers; the automatic scores of the leads with an address
    /// there follow at once. For administrators. Errors: UNAUTHENTICATED, PERMISSION_DENIED,
    /// INVALID_DATA, IDEMPOTENCY_CONFLICT.
    async fn update_free_email_domains(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The domains to add and to take away.")]
        input: UpdateFreeEmailDomainsInput,
    ) -> Option<FreeEmailDomainsPayload> {
        let command = UpdateFreeEmailDomains {
            add: input.add,
            remove: input.remove,
        };
        let domains = change(ctx, input.idempotency_key.as_deref(), Ok(command)).await;
        answer(ctx, domains)
            .map(|free_email_domains| FreeEmailDomainsPayload { free_email_domains })
    }
}

/// Nobody who may not manage users makes the server hash a password.
async fn payload<C: Command<Answer = users::User>>(
    ctx: &Context<'_>,
    key: Option<&str>,
    command: impl Future<Output = Result<C>>,
) -> Option<UserPayload> {
    let permitted =
        actor(ctx).and_then(|actor| require(actor, Action::ManageUsers, Some(actor.id)));
    let user = match permitted {
        Ok(()) => change(ctx, key, command.await).await,
        Err(error) => Err(error),
    };
    answer(ctx, user).map(|user| UserPayload { user: user.into() })
}
