//! `crm users`

use std::io::{IsTerminal, stdin};

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::database::Database;
use crate::cli::failure::{Failure, said};
use crate::cli::output::say;
use crate::config::Config;
use crate::db::RequestDb;
use crate::service::account_links::{AccountLink, InviteUser, ResetPassword};
use crate::service::page::{LARGEST, Page, Start};
use crate::service::sessions::PasswordHash;
use crate::service::users::{
    self, DeactivateUser, TheirLeads, UpdateUser, User, UserCursor, UserFilter, UserPatch,
};
use crate::service::{Actor, UserId, perform};

/// Lists and changes users.
#[derive(Subcommand)]
pub enum UsersCommand {
    /// Adds a user, and prints the link with which they choose a password.
    Invite(Invite),
    /// Prints a link with which a user chooses another password, or accepts the invitation.
    ResetPassword(ResetPasswordArgs),
    /// Lists all users.
    List,
    /// Shuts a user out; their leads stay assigned unless said otherwise.
    Deactivate(Deactivate),
    /// Gives a user another password and ends the user's sessions.
    SetPassword(SetPassword),
}

/// The data of a new user.
#[derive(Args)]
pub struct Invite {
    /// The address to sign in with.
    email: String,
    /// The name.
    #[arg(long)]
    name: String,
    /// The user's role.
    #[arg(long, value_enum)]
    role: Role,
    /// The address of the manager.
    #[arg(long)]
    manager: Option<String>,
}

/// The user whose password is to be reset.
#[derive(Args)]
pub struct ResetPasswordArgs {
    /// The user's address.
    email: String,
}

/// The user to deactivate.
#[derive(Args)]
pub struct Deactivate {
    /// The user's address.
    email: String,
    /// The address of the user who gets the leads.
    #[arg(long)]
    reassign_to: Option<String>,
}

/// The user whose password is set.
#[derive(Args)]
pub struct SetPassword {
    /// The user's address.
    email: String,
    /// The password, 10–200 characters.
    #[arg(long, env = "CRM_USER_PASSWORD", hide_env_values = true)]
    password: Option<String>,
}

/// The role of a user.
#[derive(ValueEnum, Clone, Copy)]
enum Role {
    Admin,
    Manager,
    Agent,
}

/// Runs one of the commands.
pub async fn run(config: &Config, command: UsersCommand) -> Result<(), Failure> {
    let database = Database::open_existing(config).await?;
    let db = &database.db.program();
    let outcome = match command {
        UsersCommand::Invite(user) => invite(config, db, user).await,
        UsersCommand::ResetPassword(user) => reset_password(config, db, user).await,
        UsersCommand::List => list(db).await,
        UsersCommand::Deactivate(user) => deactivate(db, user).await,
        UsersCommand::SetPassword(user) => set_password(db, user).await,
    };
    let closed = database.close().await;
    outcome.and(closed)
}

async fn invite(config: &Config, db: &RequestDb, new: Invite) -> Result<(), Failure> {
    let manager = match &new.manager {
        Some(email) => Some(find(db, email).await?.id),
        None => None,
    };
    let role = match new.role {
        Role::Admin => users::UserRole::Admin,
        Role::Manager => users::UserRole::Manager,
        Role::Agent => users::UserRole::Agent,
    };
    let user = InviteUser {
        email: new.email,
        full_name: new.name,
        role,
        manager,
    };
    let made = perform(db, &Actor::operator(), user).await.map_err(said)?;
    say(format!("Invited {} ({}).", made.user.email, made.user.id));
    print_link(config, made);
    Ok(())
}

async fn reset_password(
    config: &Config,
    db: &RequestDb,
    whom: ResetPasswordArgs,
) -> Result<(), Failure> {
    let user = find(db, &whom.email).await?;
    if !user.is_active && user.invited_at.is_none() {
        let reason = "is deactivated: make them active again first";
        return Err(Failure::new(format!("{} {reason}", user.email)));
    }
    let made = perform(db, &Actor::operator(), ResetPassword { id: user.id }).await;
    print_link(config, made.map_err(said)?);
    Ok(())
}

fn print_link(config: &Config, made: AccountLink) {
    if let Some((token, expires_at)) = made.token {
        let (name, until) = (made.user.full_name, expires_at.format("%F %R UTC"));
        say(format!(
            "The link with which {name} chooses a password, once, until {until}:"
        ));
        say(format!(
            "  {}",
            token.link(&config.address.public_url(config.address.listen))
        ));
    }
}

async fn list(db: &RequestDb) -> Result<(), Failure> {
    let mut start: Start<UserCursor> = Start::Offset(0);
    loop {
        let page = Page {
            size: LARGEST,
            start,
        };
        let slice = users::list(db, &Actor::operator(), &UserFilter::default(), &page).await;
        let slice = slice.map_err(said)?;
        for user in &slice.rows {
            let state = match (user.is_active, user.invited_at) {
                (true, _) => "active",
                (false, Some(_)) => "invited",
                (false, None) => "deactivated",
            };
            let (role, name) = (user.role.as_str(), &user.full_name);
            say(format!("{:<40} {role:<8} {state:<12} {name}", user.email));
        }
        match slice.rows.last().filter(|_| slice.has_next) {
            Some(last) => start = Start::After(UserCursor(last.full_name.clone(), last.id)),
            None => return Ok(()),
        }
    }
}

async fn deactivate(db: &RequestDb, whom: Deactivate) -> Result<(), Failure> {
    let leads = match &whom.reassign_to {
        Some(email) => TheirLeads::Reassign(Some(find(db, email).await?.id)),
        None => TheirLeads::Keep,
    };
    let id = find(db, &whom.email).await?.id;
    let user = perform(db, &Actor::operator(), DeactivateUser { id, leads }).await;
    say(format!("Deactivated {}.", user.map_err(said)?.email));
    Ok(())
}

async fn set_password(db: &RequestDb, whom: SetPassword) -> Result<(), Failure> {
    let id: UserId = find(db, &whom.email).await?.id;
    let password = PasswordHash::of(&password(whom.password)?)
        .await
        .map_err(said)?;
    let patch = UserPatch {
        password: Some(password),
        ..UserPatch::default()
    };
    let user = perform(db, &Actor::operator(), UpdateUser { id, patch }).await;
    say(format!(
        "{} has a new password; open sessions were ended.",
        user.map_err(said)?.email
    ));
    Ok(())
}

async fn find(db: &RequestDb, email: &str) -> Result<User, Failure> {
    let user = users::by_email(db, email).await.map_err(said)?;
    user.ok_or_else(|| Failure::new(format!("there is no user {email}")))
}

fn password(given: Option<String>) -> Result<String, Failure> {
    if let Some(password) = given {
        return Ok(password);
    }
    if stdin().is_terminal() {
        eprintln!("Password (10 to 200 characters; it is shown as you type):");
    }
    let mut line = String::new();
    stdin().read_line(&mut line).map_err(Failure::new)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
