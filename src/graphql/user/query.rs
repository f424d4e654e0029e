use async_graphql::{Context, ID, Object};

use crate::graphql::attempt::uuid;
use crate::graphql::connection::{Connection, Listed, PageArguments, opaque};
use crate::graphql::context::{actor, both, db};
use crate::graphql::error::answer;
use crate::graphql::objects::User;
use crate::graphql::user::UserRole;
use crate::service::users::{self, UserCursor, UserFilter};
use crate::service::{Result, UserId, free_email_domains};

/// A list of users.
pub type UserConnection = Connection<User>;

impl Listed for User {
    type Cursor = UserCursor;
    type About = UserTotal;
}

/// The data of a list of users besides its rows.
pub struct UserTotal(UserFilter);

#[Object]
impl UserTotal {
    /// The number of users on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<i64> {
        let count = async { users::count(db(ctx), actor(ctx)?, &self.0).await };
        answer(ctx, count.await)
    }
}

#[derive(Default)]
pub struct UserQuery;

#[Object]
impl UserQuery {
    /// The user who is signed in. Errors: UNAUTHENTICATED.
    async fn me(&self, ctx: &Context<'_>) -> Option<User> {
        let me = async { user(ctx, actor(ctx)?.id).await };
        answer(ctx, me.await)
    }

    /// One user. Errors: UNAUTHENTICATED, PERMISSION_DENIED, USER_NOT_FOUND, INVALID_DATA.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
    ) -> Option<User> {
        let user = async { user(ctx, UserId(uuid("id", &id)?)).await };
        answer(ctx, user.await)
    }

    /// The users that the viewer may see, by full name: administrators see all, managers their
    /// team and themselves, agents themselves. Errors: UNAUTHENTICATED, INVALID_DATA.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only users with this role.")] role: Option<UserRole>,
        #[graphql(desc = "Only active users, or only deactivated ones.")] is_active: Option<bool>,
        #[graphql(desc = "Only users with this manager.")] manager_id: Option<ID>,
        #[graphql(
            desc = "Beginnings of words of the full name, or of the e-mail address: each word of the search \
                    must be one, in any order; case and accents do not matter. At most 10 words and 200 \
                    characters."
        )]
        search: Option<String>,
        #[graphql(desc = "Returns the first n rows, 1–100. Default 25.")] first: Option<i32>,
        #[graphql(desc = "A cursor: the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Returns the last n rows, 1–100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: the page ends before it.")] before: Option<String>,
        #[graphql(desc = "The number of users to skip.")] offset: Option<i32>,
    ) -> Option<UserConnection> {
        let role = role.map(users::UserRole::from);
        let manager = manager_id
            .map(|id| uuid("managerId", &id).map(UserId))
            .transpose();
        let filter = manager.map(|manager| UserFilter {
            role,
            is_active,
            manager,
            search,
        });
        let page = PageArguments {
            first,
            after,
            last,
            before,
            offset,
        };
        answer(ctx, page_of_users(ctx, filter, page).await)
    }

    /// The domains of free mail providers; an address elsewhere counts as a business e-mail in the
    /// score. Errors: UNAUTHENTICATED, PERMISSION_DENIED.
    async fn free_email_domains(&self, ctx: &Context<'_>) -> Option<Vec<String>> {
        let domains = async { free_email_domains::list(db(ctx), actor(ctx)?).await };
        answer(ctx, domains.await)
    }
}

async fn user(ctx: &Context<'_>, id: UserId) -> Result<User> {
    let viewer = actor(ctx)?;
    let user = users::read(db(ctx), viewer, id).await?;
    Ok(User::seen_by(viewer, user))
}

async fn page_of_users(
    ctx: &Context<'_>,
    filter: Result<UserFilter>,
    page: PageArguments,
) -> Result<UserConnection> {
    let (actor, (filter, page)) = (actor(ctx)?, both(filter, page.page())?);
    let slice = users::list(db(ctx), actor, &filter, &page).await?;
    let row = |user: users::User| {
        let cursor = UserCursor(user.full_name.clone(), user.id);
        (cursor, User::seen_by(actor, user))
    };
    Ok(Connection::new(slice, UserTotal(filter), opaque, row))
}
