//! `crm keys`

use clap::Subcommand;

use crate::cli::database::Database;
use crate::cli::failure::{Failure, said};
use crate::config::Config;
use crate::service::sessions;

/// Changes the keys that sessions are signed with.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Makes a new key; the one before it is still taken, older ones are not.
    Rotate,
}

/// Runs one of the commands.
pub async fn run(config: &Config, command: KeysCommand) -> Result<(), Failure> {
    let database = Database::open(config).await?;
    let outcome = match command {
        KeysCommand::Rotate => sessions::rotate_keys(&database.db).await,
    };
    let closed = database.close().await;
    outcome.map_err(said)?;
    println!("Sessions that are opened ten seconds from now are signed with a new key.");
    closed
}
