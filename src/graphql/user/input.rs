use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};

use crate::graphql::attempt::{self, Attempt, uuid};
use crate::graphql::context::{both, only_true};
use crate::graphql::user::UserRole;
use crate::service::sessions::PasswordHash;
use crate::service::users::{DeactivateUser, TheirLeads, UpdateUser, UserPatch};
use crate::service::validation::FieldErrors;
use crate::service::{Result, UserId};

/// The fields of a user to change. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateUserInput {
    /// The user.
    id: ID,
    /// A new address to sign in with.
    email: Option<String>,
    /// A new name, 1–200 characters.
    full_name: Option<String>,
    /// A new role.
    role: Option<UserRole>,
    /// A new manager; null for none.
    manager_id: MaybeUndefined<ID>,
    /// A new password, 10–200 characters, not a common one and not the address. It ends the user's
    /// sessions. Better let the user choose it: `resetPassword`.
    password: Option<String>,
    /// The user's subject (`sub`) in the tokens of the identity provider, 1–255 characters; null for
    /// none. It is used if the operator configured users to be found by it.
    oidc_subject: MaybeUndefined<String>,
    /// `true` reactivates a deactivated user; to deactivate one, use `deactivateUser`.
    is_active: Option<bool>,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done, with the objects as they are now.
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

/// The new assignment of a deactivated user's leads, archived ones too; exactly one of these.
#[derive(OneofObject)]
pub enum LeadsOfUser {
    /// `true`: the leads stay assigned to the user. INVALID_DATA for `false`.
    Keep(bool),
    /// All leads are assigned to this other, active user.
    AssignTo(ID),
    /// `true`: the leads become unassigned. INVALID_DATA for `false`.
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

/// The user to deactivate.
#[derive(InputObject)]
pub struct DeactivateUserInput {
    /// The user.
    id: ID,
    /// The new assignment of the user's leads.
    leads: LeadsOfUser,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done, with the objects as they are now.
    pub idempotency_key: Option<String>,
}

impl DeactivateUserInput {
    pub(super) fn command(self) -> Result<DeactivateUser> {
        let (id, leads) = both(uuid("id", &self.id), self.leads.parse())?;
        let id = UserId(id);
        Ok(DeactivateUser { id, leads })
    }
}

/// The free mail providers to add and to remove.
#[derive(InputObject)]
pub struct UpdateFreeEmailDomainsInput {
    /// Domains to add, like `example.com`.
    #[graphql(default)]
    pub add: Vec<String>,
    /// Domains to remove.
    #[graphql(default)]
    pub remove: Vec<String>,
    /// The idempotency key, chosen by the client, 1–200 characters. A repeat within 24 hours has no
    /// second effect and returns what was done, with the objects as they are now.
    pub idempotency_key: Option<String>,
}

fn manager_id(id: &ID, faults: &mut FieldErrors) -> UserId {
    UserId(attempt::id("managerId", id, faults))
}
