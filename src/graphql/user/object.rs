use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};

use crate::graphql::connection::PageArguments;
use crate::graphql::context::actor;
use crate::graphql::direct::{Ready, Writer};
use crate::graphql::error::answer;
use crate::graphql::lead::{LeadConnection, LeadFilter, LeadOrder, lead_connection, lead_filter};
use crate::graphql::loaders::Loaders;
use crate::graphql::written::Leaf;
use crate::service::permission::{Action, may};
use crate::service::users;

/// What a user may do.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "users::UserRole")]
pub enum UserRole {
    /// Sees and does everything.
    Admin,
    /// Sees and changes own leads, those of the team, and unassigned ones; assigns within the team.
    Manager,
    /// Sees and changes leads assigned to them.
    Agent,
}

/// Somebody who works with leads.
#[derive(Clone)]
pub struct User(pub Arc<users::User>);

impl Ready for User {
    type Child = Self;

    fn is_ready(&self, field: &Field) -> bool {
        !matches!(field.name.node.as_str(), "manager" | "leads")
    }

    fn writer(field: &str) -> Option<Writer<Self>> {
        Some(match field {
            "id" => |user, json| user.0.id.0.write(json),
            "email" => |user, json| user.0.email.write(json),
            "fullName" => |user, json| user.0.full_name.write(json),
            "role" => |user, json| UserRole::from(user.0.role).write(json),
            "isActive" => |user, json| user.0.is_active.write(json),
            _ => return None,
        })
    }
}

impl From<users::User> for User {
    fn from(user: users::User) -> Self {
        Self(Arc::new(user))
    }
}

/// Somebody who works with leads.
#[Object]
impl User {
    /// Names the user.
    pub async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The address the user signs in with.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// The user's name.
    async fn full_name(&self) -> &str {
        &self.0.full_name
    }

    /// What the user may do.
    async fn role(&self) -> UserRole {
        self.0.role.into()
    }

    /// Who leads the user's team; null without one, or if the viewer may not see this user's
    /// place in the company.
    async fn manager(&self, ctx: &Context<'_>) -> Option<User> {
        let viewer = actor(ctx).ok()?;
        if !may(viewer, Action::ReadUser, Some(self.0.id)) {
            return None;
        }
        let user = ctx
            .data_unchecked::<Loaders>()
            .load_one(self.0.manager_id?)
            .await;
        answer(ctx, user).flatten().map(User)
    }

    /// Whether the user can sign in and be assigned leads.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    /// The subject (`sub`) by which the identity provider means this user, if an administrator noted
    /// it; null for everybody but administrators.
    async fn oidc_subject(&self, ctx: &Context<'_>) -> Option<&str> {
        let viewer = actor(ctx).ok()?;
        may(viewer, Action::ManageUsers, Some(self.0.id)).then_some(())?;
        self.0.oidc_subject.as_deref()
    }

    /// When the user was added.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The leads assigned to the user that the viewer may see; arguments as for `leads`.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<LeadFilter>,
        #[graphql(desc = "As in `leads`.")] search: Option<String>,
        #[graphql(desc = "The order; newest first by default.")] order_by: Option<LeadOrder>,
        #[graphql(desc = "How many, from the beginning, 1–100. Default 25.")] first: Option<i32>,
        #[graphql(desc = "A cursor: the page begins after it.")] after: Option<String>,
        #[graphql(desc = "How many, from the end, 1–100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: the page ends before it.")] before: Option<String>,
        #[graphql(desc = "How many leads to skip.")] offset: Option<i32>,
    ) -> Option<LeadConnection> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
            offset,
        };
        let filter = lead_filter(filter, search).map(|filter| filter.assigned_only(self.0.id));
        answer(ctx, lead_connection(ctx, filter, order_by, page).await)
    }
}
