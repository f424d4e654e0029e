//! `crm migrate`

use std::path::PathBuf;

use clap::Args;

use crate::cli::database::Database;
use crate::cli::failure::Failure;
use crate::cli::from_old;
use crate::cli::output::say;
use crate::config::Config;
use crate::db;

/// Brings the database to this program's schema.
#[derive(Args, Debug)]
pub struct MigrateArgs {
    /// Print what would be run, and change nothing
    #[arg(long, conflicts_with = "from_old")]
    plan: bool,
    /// Load a database of before the first release into the database, which must be empty: a plain-text dump
    /// made by `pg_dump --data-only`
    #[arg(long, value_name = "FILE")]
    from_old: Option<PathBuf>,
    /// Print the statements that give this role what it needs to serve with --no-migrate, for the owner to run
    #[arg(long, value_name = "ROLE", conflicts_with_all = ["plan", "from_old"])]
    grants: Option<String>,
}

/// Runs the command.
pub async fn run(config: &Config, args: MigrateArgs) -> Result<(), Failure> {
    if args.plan {
        return plan(config).await;
    }
    let database = Database::open_migrated(config).await?;
    let loaded = match (&args.from_old, &args.grants) {
        (Some(file), _) => from_old::load(&database.db.program(), file)
            .await
            .map(str::to_owned),
        (None, Some(role)) => db::grants(&database.options, role)
            .await
            .map(|grants| grants.join("\n"))
            .map_err(Failure::new),
        (None, None) => Ok("The database has this program's schema.".to_owned()),
    };
    let closed = database.close().await;
    say(loaded?);
    closed
}

async fn plan(config: &Config) -> Result<(), Failure> {
    let Some(named) = config.named_database() else {
        let reason = "a plan is made for a database that is named: set DATABASE_URL";
        return Err(Failure::new(reason));
    };
    let pending = db::pending(named).await.map_err(Failure::new)?;
    if pending.is_empty() {
        say("The database has this program's schema.");
    }
    pending.iter().for_each(say);
    Ok(())
}
