//! The permissions: one pure table of role × action.
//!
//! The same table answers for one lead ([`require`]) and, through [`Scope`], for the rows of a
//! query ([`crate::service::leads::visible_to`]).

use crate::service::users::UserRole;
use crate::service::{Actor, Result, ServiceError, UserId};

/// Something that a user may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// See a lead, its notes and what is counted over it.
    ReadLead,
    /// Create a lead for an assignee, or for nobody.
    CreateLead,
    /// Change a lead's fields, tags, score, calls.
    UpdateLead,
    /// Write and edit notes on a lead.
    WriteNote,
    /// Archive and restore a lead.
    ArchiveLead,
    /// Hand a lead over, from its assignee and to another.
    AssignLead,
    /// Delete a lead for good.
    DeleteLead,
    /// Set the time at which a new lead was created, for leads of another system.
    BackdateLead,
    /// See a user in lists and by id.
    ReadUser,
    /// Create, change and deactivate users.
    ManageUsers,
    /// Make, list and revoke API keys; never by such a key.
    ManageApiKeys,
    /// Edit the table of free e-mail providers.
    ManageFreeEmailDomains,
}

impl Action {
    /// Every action, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::ReadLead,
        Self::CreateLead,
        Self::UpdateLead,
        Self::WriteNote,
        Self::ArchiveLead,
        Self::AssignLead,
        Self::DeleteLead,
        Self::BackdateLead,
        Self::ReadUser,
        Self::ManageUsers,
        Self::ManageApiKeys,
        Self::ManageFreeEmailDomains,
    ];

    fn in_words(self) -> &'static str {
        match self {
            Self::ReadLead => "see this lead",
            Self::CreateLead => "create a lead for this assignee",
            Self::UpdateLead => "change this lead",
            Self::WriteNote => "write notes on this lead",
            Self::ArchiveLead => "archive or restore this lead",
            Self::AssignLead => "assign this lead",
            Self::DeleteLead => "delete leads",
            Self::BackdateLead => "set when a lead was created",
            Self::ReadUser => "see this user",
            Self::ManageUsers => "manage users",
            Self::ManageApiKeys => "manage API keys",
            Self::ManageFreeEmailDomains => "edit the free e-mail providers",
        }
    }
}

/// The reach of a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// Things that belong to the actor, to the actor's team, or to nobody.
    Team,
    /// Things that belong to the actor.
    Own,
    /// Nothing.
    Nothing,
}

/// The table.
pub fn scope(role: UserRole, action: Action) -> Scope {
    use Action::*;
    match (role, action) {
        (UserRole::Admin, _) => Scope::All,
        (UserRole::Manager, DeleteLead | ManageUsers | ManageApiKeys | ManageFreeEmailDomains) => {
            Scope::Nothing
        }
        (UserRole::Manager, _) => Scope::Team,
        (
            UserRole::Agent,
            AssignLead
            | DeleteLead
            | BackdateLead
            | ManageUsers
            | ManageApiKeys
            | ManageFreeEmailDomains,
        ) => Scope::Nothing,
        (UserRole::Agent, _) => Scope::Own,
    }
}

/// True if the actor may do `action` with something that belongs to `owner` (nobody: `None`).
pub fn may(actor: &Actor, action: Action, owner: Option<UserId>) -> bool {
    // Else whoever got hold of a key could make others, which outlive it.
    if action == Action::ManageApiKeys && actor.api_key.is_some() {
        return false;
    }
    match scope(actor.role, action) {
        Scope::All => true,
        Scope::Team => owner.is_none_or(|owner| actor.team.contains(&owner)),
        Scope::Own => owner == Some(actor.id),
        Scope::Nothing => false,
    }
}

/// Like [`may`], as a check. Errors: `PermissionDenied`.
pub fn require(actor: &Actor, action: Action, owner: Option<UserId>) -> Result<()> {
    if may(actor, action, owner) {
        return Ok(());
    }
    if actor.api_key.is_some() && scope(actor.role, action) == Scope::All {
        let what = format!("an API key may not {}", action.in_words());
        return Err(ServiceError::PermissionDenied(what));
    }
    Err(denied(actor.role, action))
}

/// Errors: `PermissionDenied` for an actor who may do that with nothing at all.
pub fn require_somewhere(actor: &Actor, action: Action) -> Result<()> {
    match scope(actor.role, action) {
        Scope::Nothing => Err(denied(actor.role, action)),
        // What belongs to the actor is in every reach.
        _ => require(actor, action, Some(actor.id)),
    }
}

/// The refusal itself, for places that found out in SQL.
pub fn denied(role: UserRole, action: Action) -> ServiceError {
    let role = match role {
        UserRole::Admin => "an administrator",
        UserRole::Manager => "a manager",
        UserRole::Agent => "an agent",
    };
    let scope = match action {
        Action::DeleteLead
        | Action::BackdateLead
        | Action::ManageUsers
        | Action::ManageApiKeys
        | Action::ManageFreeEmailDomains => "",
        _ => " outside their reach",
    };
    ServiceError::PermissionDenied(format!("{role} may not {}{scope}", action.in_words()))
}
