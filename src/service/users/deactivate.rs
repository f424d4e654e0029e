use diesel::prelude::*;
use serde::Serialize;

use crate::db::schema::{leads, users};
use crate::db::{Connection, RunQueryDsl};
use crate::service::clock::now;
use crate::service::command::Command;
use crate::service::leads::{self as lead, Lead};
use crate::service::permission::{self, Action};
use crate::service::timeline::{self, changes};
use crate::service::users::update::{lock, require_another_admin};
use crate::service::users::{User, UserRole, lock_assignees};
use crate::service::{
    Actor, LeadId, Result, ServiceError, UserId, account_links, api_keys, sessions,
};

/// Shuts a user out: signed out everywhere, the API keys revoked, cannot sign in, is assigned nothing
/// new.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "they say it")]
pub struct DeactivateUser {
    pub id: UserId,
    pub leads: TheirLeads,
}

/// The handling of the leads of somebody who goes.
#[derive(Debug, Clone, Copy, Serialize)]
pub enum TheirLeads {
    /// They stay assigned as they are.
    Keep,
    /// All of them, archived ones too, go to this user, or to nobody.
    Reassign(Option<UserId>),
}

impl Command for DeactivateUser {
    const NAME: &'static str = "deactivateUser";
    const ACTION: Action = Action::ManageUsers;
    type Answer = User;

    /// Errors: `PermissionDenied`, `UserNotFound`, `InvalidData` if the heir is not active or is
    /// the user, `Conflict` for the last administrator.
    async fn apply(self, conn: &mut Connection, actor: &Actor) -> Result<User> {
        permission::require(actor, Action::ManageUsers, Some(self.id))?;
        let heir = match self.leads {
            TheirLeads::Keep => None,
            TheirLeads::Reassign(heir) => heir,
        };
        let before = lock(conn, self.id, heir).await?;
        if before.role == UserRole::Admin && before.is_active {
            require_another_admin(conn, &before).await?;
        }
        let user = User {
            is_active: false,
            invited_at: None,
            updated_at: now(),
            ..before
        };
        diesel::update(users::table.find(self.id))
            .set(&user)
            .execute(conn)
            .await?;
        sessions::end_all(conn, self.id).await?;
        api_keys::revoke_all(conn, self.id).await?;
        account_links::revoke(conn, self.id).await?;
        if let TheirLeads::Reassign(heir) = self.leads {
            hand_over(conn, actor, self.id, heir).await?;
        }
        Ok(user)
    }
}

async fn hand_over(
    conn: &mut Connection,
    actor: &Actor,
    from: UserId,
    to: Option<UserId>,
) -> Result<()> {
    if let Some(id) = to {
        let heir = lock_assignees(conn, &[id]).await?.remove(&id);
        let heir = heir.ok_or(ServiceError::UserNotFound(id))?;
        if !heir.is_active || id == from {
            return Err(ServiceError::invalid(
                "input.leads.assignTo",
                "must be another, active user",
            ));
        }
    }
    let ids = leads::table
        .filter(leads::assigned_to.eq(from))
        .select(leads::id);
    let ids: Vec<LeadId> = ids.load(conn).await?;
    let locked = lead::lock(conn, &ids).await?;
    let locked: Vec<Lead> = locked
        .into_iter()
        .filter(|lead| lead.assigned_to == Some(from))
        .collect();
    let written_at = now();
    let after: Vec<Lead> = locked
        .iter()
        .map(|lead| Lead {
            assigned_to: to,
            version: lead.version + 1,
            updated_at: written_at,
            ..lead.clone()
        })
        .collect();
    let entries = locked.iter().zip(&after);
    let entries = entries
        .map(|(old, new)| (new.id, changes(Some(old), new)))
        .collect();
    lead::update_many(conn, &after).await?;
    timeline::record(conn, actor, written_at, entries).await
}
