use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};

use crate::graphql::attempt::{self, Attempt, uuid};
use crate::graphql::context::{both, only_true};
use crate::graphql::user::UserRole;
use crate::service::sessions::PasswordHash;
use crate::service::users::{CreateUser, DeactivateUser, TheirLeads, UpdateUser, UserPatch};
use crate::service::validation::FieldErrors;
use crate::service::{Result, UserId};

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
    pub(super) async fn command(self) -> Result<Attempt<CreateUser>> {
        let password = PasswordHash::of(&self.password).await?;
        Ok(Attempt::read(|faults| CreateUser {
            email: self.email,
            full_name: self.full_name,
            role: self.role.into(),
            manager: self.manager_id.map(|id| manager_id(&id, faults)),
            password,
            is_demo: false,
        }))
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
    pub(super) async fn command(self) -> Result<Attempt<UpdateUser>> {
        let password = match self.password {
            Some(password) => Some(PasswordHash::of(&password).await?),
            None => None,
        };
        Ok(Attempt::read(|faults| UpdateUser {
            id: UserId(attempt::id("id", &self.id, faults)),
            patch: UserPatch {
                email: self.email,
                full_name: self.full_name,
                role: self.role.map(Into::into),
                manager: match self.manager_id {
                    MaybeUndefined::Undefined => None,
                    MaybeUndefined::Null => Some(None),
                    MaybeUndefined::Value(id) => Some(Some(manager_id(&id, faults))),
                },
                password,
                oidc_subject: match self.oidc_subject {
                    MaybeUndefined::Undefined => None,
                    MaybeUndefined::Null => Some(None),
                    MaybeUndefined::Value(subject) => Some(Some(subject)),
                },
                is_active: self.is_active,
            },
        }))
    }
}

/// What becomes of the leads of a user who goes, archived ones too; exactly one of these.
#[derive(OneofObject)]
pub enum LeadsOfUser {
    /// `true`: they stay assigned to the user. INVALID_DATA for `false`.
    Keep(bool),
    /// Another, active user gets them all.
    AssignTo(ID),
    /// `true`: nobody gets them. INVALID_DATA for `false`.
    Unassign(bool),
}

impl LeadsOfUser {
    fn parse(&self) -> Result<TheirLeads> {
        match self {
            Self::Keep(keep) => only_true("input.leads.keep", *keep).map(|()| TheirLeads::Keep),
            Self::AssignTo(id) => {
                let heir = uuid("input.leads.assignTo", id)?;
                Ok(TheirLeads::Reassign(Some(UserId(heir))))
            }
            Self::Unassign(unassign) => {
                only_true("input.leads.unassign", *unassign)?;
                Ok(TheirLeads::Reassign(None))
            }
        }
    }
}

/// A user to shut out.
#[derive(InputObject)]
pub struct DeactivateUserInput {
    /// The user.
    id: ID,
    /// What becomes of the user's leads.
    leads: LeadsOfUser,
    /// A name for this change, made up by the client, 1–200 characters: sent again within 24
    /// hours it has no second effect and answers what was done, with the objects as they are now.
    pub idempotency_key: Option<String>,
}

impl DeactivateUserInput {
    pub(super) fn command(self) -> Result<DeactivateUser> {
        let (id, leads) = both(uuid("id", &self.id), self.leads.parse())?;
        let id = UserId(id);
        Ok(DeactivateUser { id, leads })
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

fn manager_id(id: &ID, faults: &mut FieldErrors) -> UserId {
    UserId(attempt::id("managerId", id, faults))
}
