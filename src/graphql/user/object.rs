use async_graphql::parser::types::Field;
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};

use crate::graphql::connection::PageArguments;
use crate::graphql::context::actor;
use crate::graphql::error::answer;
use crate::graphql::execute::raw_json::Leaf;
use crate::graphql::execute::sync_object::{FieldWriter, SyncObject};
use crate::graphql::lead::{LeadConnection, LeadFilter, LeadOrder, lead_connection, lead_filter};
use crate::graphql::objects::User;
use crate::graphql::user::named;
use crate::graphql::user::permissions::UserPermissions;
use crate::graphql::user::session::{SessionConnection, session_connection};
use crate::service::permission::{Action, may};
use crate::service::users;

/// The role of a user, which decides their permissions.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "users::UserRole")]
pub enum UserRole {
    /// May see and do everything.
    Admin,
    /// May see and change own leads, those of the team, and unassigned ones, and assign within the team.
    Manager,
    /// May see and change the leads assigned to them.
    Agent,
}

impl SyncObject for User {
    type Child = Self;

    fn is_ready(&self, field: &Field) -> bool {
        !matches!(field.name.node.as_str(), "manager" | "leads" | "sessions")
    }

    fn writer(field: &str) -> Option<FieldWriter<Self>> {
        Some(match field {
            "id" => |user, json| user.row.id.0.write(json),
            "email" => |user, json| user.if_in_reach(&user.row.email).write(json),
            "fullName" => |user, json| user.row.full_name.write(json),
            "role" => |user, json| user.if_in_reach(user.row.role).write(json),
            "isActive" => |user, json| user.if_in_reach(user.row.is_active).write(json),
            "invitedAt" => |user, json| user.if_in_reach(user.row.invited_at).flatten().write(json),
            "createdAt" => |user, json| user.if_in_reach(user.row.created_at).write(json),
            _ => return None,
        })
    }
}

/// A user of the CRM.
#[Object]
impl User {
    /// The user's id.
    pub async fn id(&self) -> ID {
        self.row.id.0.into()
    }

    /// The address the user signs in with; null if the viewer may see only the user's name, as an
    /// assignee or author.
    async fn email(&self) -> Option<&str> {
        self.if_in_reach(&self.row.email)
    }

    /// The user's name.
    async fn full_name(&self) -> &str {
        &self.row.full_name
    }

    /// The user's role; null if the viewer may not see the user.
    async fn role(&self) -> Option<UserRole> {
        self.if_in_reach(self.row.role.into())
    }

    /// The manager of the user's team; null without one, or if the viewer may not see the user's
    /// manager.
    async fn manager(&self, ctx: &Context<'_>) -> Option<User> {
        let id = self.if_in_reach(self.row.manager_id?)?;
        named(ctx, id).await
    }

    /// True if the user can sign in and be assigned leads; null if the viewer may not see the user.
    async fn is_active(&self) -> Option<bool> {
        self.if_in_reach(self.row.is_active)
    }

    /// When the user was invited, until they have used the link; null for everybody else, and if the
    /// viewer may not see the user.
    async fn invited_at(&self) -> Option<DateTime<Utc>> {
        self.if_in_reach(self.row.invited_at).flatten()
    }

    /// The user's subject (`sub`) in the tokens of the identity provider, if an administrator entered
    /// it; null unless the viewer is an administrator.
    async fn oidc_subject(&self, ctx: &Context<'_>) -> Option<&str> {
        let viewer = actor(ctx).ok()?;
        may(viewer, Action::ManageUsers, Some(self.row.id)).then_some(())?;
        self.row.oidc_subject.as_deref()
    }

    /// When the user was added; null if the viewer may not see the user.
    async fn created_at(&self) -> Option<DateTime<Utc>> {
        self.if_in_reach(self.row.created_at)
    }

    /// The viewer's permissions, if the user is the viewer (`me`); null for other users. An API key has
    /// the permissions of its role.
    async fn can(&self) -> Option<UserPermissions> {
        self.can
    }

    /// The user's open sessions, newest first, if the user is the viewer (`me`); null for other users.
    /// Not for API keys.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n rows, 1–100. Default 25.")] first: Option<i32>,
        #[graphql(desc = "A cursor: the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Returns the last n rows, 1–100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: the page ends before it.")] before: Option<String>,
        #[graphql(desc = "The number of sessions to skip.")] offset: Option<i32>,
    ) -> Option<SessionConnection> {
        self.can?;
        let page = PageArguments {
            first,
            after,
            last,
            before,
            offset,
        };
        answer(ctx, session_connection(ctx, page).await)
    }

    /// The leads assigned to the user that the viewer may see; arguments as for `leads`.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The filter.")] filter: Option<LeadFilter>,
        #[graphql(desc = "As in `leads`.")] search: Option<String>,
        #[graphql(desc = "The order; newest first by default.")] order_by: Option<LeadOrder>,
        #[graphql(desc = "Returns the first n rows, 1–100. Default 25.")] first: Option<i32>,
        #[graphql(desc = "A cursor: the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Returns the last n rows, 1–100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: the page ends before it.")] before: Option<String>,
        #[graphql(desc = "The number of leads to skip.")] offset: Option<i32>,
    ) -> Option<LeadConnection> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
            offset,
        };
        let filter = lead_filter(filter, search).map(|filter| filter.assigned_only(self.row.id));
        answer(ctx, lead_connection(ctx, filter, order_by, page).await)
    }
}
