use clap::Subcommand;

use crate::cli::database::Database;
use crate::cli::failure::Failure;
use crate::cli::output::say;
use crate::config::Config;
use crate::demo::{self, Removed};

/// Removes the demo.
#[derive(Subcommand, Debug, Clone, Copy)]
pub(super) enum DemoCommand {
    /// Deletes the leads that only the demo made and changed, and its users.
    ///
    /// Users who wrote in a lead that stays, or have one, are deactivated: the timeline keeps its authors.
    Remove,
}

/// `crm demo`
pub(super) async fn run(config: &Config, command: DemoCommand) -> Result<(), Failure> {
    let database = Database::open_existing(config).await?;
    let db = database.db.program();
    let removed = match command {
        DemoCommand::Remove => demo::remove(&db).await,
    };
    drop(db);
    let closed = database.close().await;
    let Removed {
        leads,
        users,
        deactivated,
    } = removed.map_err(Failure::new)?;
    say(format!(
        "Done: {leads} leads and {users} users deleted, {deactivated} users deactivated."
    ));
    closed
}
