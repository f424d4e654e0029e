//! The pipeline's managers and agents as users.

use std::collections::HashMap;

use super::read::{Member, TEAMS};
use crate::cli::seed::team::address;
use crate::cli::seed::{PASSWORD, RowFault, SeedError};
use crate::db::Db;
use crate::service::sessions::PasswordHash;
use crate::service::users::{CreateUser, UserRole, by_email};
use crate::service::{Actor, UserId, perform};

/// The agents by name, and how many users had to be created for them and their managers. Whoever
/// is there already stays as he or she is.
pub(super) async fn ready(
    db: &Db,
    teams: &[Member],
) -> Result<(HashMap<String, UserId>, usize), SeedError> {
    let password = PasswordHash::of(PASSWORD).await?;
    let (mut managers, mut agents, mut created) = (HashMap::new(), HashMap::new(), 0);
    for member in teams {
        if !managers.contains_key(&member.manager) {
            let manager = user(&member.manager, UserRole::Manager, None, &password);
            let (id, is_new) = find_or_create(db, member, manager).await?;
            managers.insert(member.manager.clone(), id);
            created += usize::from(is_new);
        }
        let manager = managers.get(&member.manager).copied();
        let agent = user(&member.agent, UserRole::Agent, manager, &password);
        let (id, is_new) = find_or_create(db, member, agent).await?;
        agents.insert(member.agent.clone(), id);
        created += usize::from(is_new);
    }
    Ok((agents, created))
}

fn user(
    name: &str,
    role: UserRole,
    manager: Option<UserId>,
    password: &PasswordHash,
) -> CreateUser {
    CreateUser {
        email: address(name),
        full_name: name.to_owned(),
        role,
        manager,
        password: password.clone(),
    }
}

async fn find_or_create(
    db: &Db,
    member: &Member,
    wanted: CreateUser,
) -> Result<(UserId, bool), SeedError> {
    let Some(known) = by_email(db, &wanted.email).await? else {
        let user = perform(db, &Actor::operator(), wanted).await?;
        return Ok((user.id, true));
    };
    if known.role == wanted.role && known.is_active {
        return Ok((known.id, false));
    }
    Err(SeedError::Rows(vec![RowFault {
        file: TEAMS,
        line: member.line,
        message: format!(
            "there is a user {} already who is no active {}",
            known.email,
            wanted.role.as_str()
        ),
    }]))
}
