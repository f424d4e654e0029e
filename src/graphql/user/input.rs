use async_graphql::{Enum, ID, InputObject, MaybeUndefined};

use crate::graphql::context::uuid;
use crate::graphql::user::UserRole;
use crate::service::sessions::PasswordHash;
use crate::service::users::{CreateUser, DeactivateUser, TheirLeads, UpdateUser, UserPatch};
use crate::service::{Result, ServiceError, UserId};

/// A user to be.
#[derive(InputObject)]
pub struct CreateUserInput {
    /// The address to sign in with; compared without case.
    email: String,
    /// The name, 1–200 characters.
    full_name: String,
    /// What the user may do.
    role: UserRole,
    /// Who leads the user's team: a manager or an administrator.
    manager_id: Option<ID>,
    /// The first password, 10–200 characters.
    password: String,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it has no second effect and answers what was done, with the objects as they are now.
    pub idempotency_key: Option<String>,
}

impl CreateUserInput {
    pub(super) async fn command(self) -> Result<CreateUser> {
        Ok(CreateUser {
            email: self.email,
            full_name: self.full_name,
            role: self.role.into(),
            manager: user_id("managerId", self.manager_id)?,
            password: PasswordHash::of(&self.password).await?,
        })
    }
}

/// The fields of a user to change; those that are absent stay as they are.
#[derive(InputObject)]
pub struct UpdateUserInput {
    /// The user.
    id: ID,
    /// Another address to sign in with.
    email: Option<String>,
    /// Another name, 1–200 characters.
    full_name: Option<String>,
    /// Another role.
    role: Option<UserRole>,
    /// Another manager; null for none.
    manager_id: MaybeUndefined<ID>,
    /// Another password, 10–200 characters. It ends the user's sessions.
    password: Option<String>,
    /// Whom the identity provider means by this subject (`sub`) of its tokens, 1–255 characters;
    /// null for nobody. It counts where the operator has users found by it.
    oidc_subject: MaybeUndefined<String>,
    /// `true` lets a deactivated user in again; to shut one out, use `deactivateUser`.
    is_active: Option<bool>,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it has no second effect and answers what was done, with the objects as they are now.
    pub idempotency_key: Option<String>,
}

impl UpdateUserInput {
    pub(super) async fn command(self) -> Result<UpdateUser> {
        let password = match self.password {
            Some(password) => Some(PasswordHash::of(&password).await?),
            None => None,
        };
        let manager = match self.manager_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(id) => Some(user_id("managerId", Some(id))?),
        };
        Ok(UpdateUser {
            id: UserId(uuid("id", &self.id)?),
            patch: UserPatch {
                email: self.email,
                full_name: self.full_name,
                role: self.role.map(Into::into),
                manager,
                password,
                oidc_subject: match self.oidc_subject {
                    MaybeUndefined::Undefined => None,
                    MaybeUndefined::Null => Some(None),
                    MaybeUndefined::Value(subject) => Some(Some(subject)),
                },
                is_active: self.is_active,
            },
        })
    }
}

/// What becomes of the leads of a user who goes.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum LeadsOfUser {
    /// They stay assigned to the user.
    Keep,
    /// They all go to `reassignTo`, or to nobody without one.
    Reassign,
}

/// A user to shut out.
#[derive(InputObject)]
pub struct DeactivateUserInput {
    /// The user.
    id: ID,
    /// What becomes of the user's leads.
    leads: LeadsOfUser,
    /// With REASSIGN: the active user who takes over; null or absent: nobody.
    reassign_to: Option<ID>,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it has no second effect and answers what was done, with the objects as they are now.
    pub idempotency_key: Option<String>,
}

impl DeactivateUserInput {
    pub(super) fn command(self) -> Result<DeactivateUser> {
        let heir = user_id("reassignTo", self.reassign_to)?;
        let leads = match self.leads {
            LeadsOfUser::Reassign => TheirLeads::Reassign(heir),
            LeadsOfUser::Keep if heir.is_none() => TheirLeads::Keep,
            LeadsOfUser::Keep => {
                return Err(ServiceError::invalid("reassignTo", "needs leads: REASSIGN"));
            }
        };
        Ok(DeactivateUser {
            id: UserId(uuid("id", &self.id)?),
            leads,
        })
    }
}

/// The providers to add and to take away.
#[derive(InputObject)]
pub struct UpdateFreeEmailDomainsInput {
    /// Domains that become free providers', like `example.com`.
    #[graphql(default)]
    pub add: Vec<String>,
    /// Domains that no longer are.
    #[graphql(default)]
    pub remove: Vec<String>,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it has no second effect and answers what was done, with the objects as they are now.
    pub idempotency_key: Option<String>,
}

fn user_id(field: &str, id: Option<ID>) -> Result<Option<UserId>> {
    id.map(|id| uuid(field, &id).map(UserId)).transpose()
}
