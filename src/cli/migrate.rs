//! `crm migrate`

use std::path::PathBuf;

use clap::Args;

use crate::cli::database::Database;
use crate::cli::failure::Failure;
use crate::cli::from_old;
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
}

/// Runs the command.
pub async fn run(config: &Config, args: MigrateArgs) -> Result<(), Failure> {
    if args.plan {
        return plan(config).await;
    }
    let database = Database::open(config).await?;
    let loaded = match &args.from_old {
        Some(file) => from_old::load(&database.db.program(), file).await,
        None => Ok("The database has this program's schema."),
    };
    let closed = database.close().await;
    println!("{}", loaded?);
    closed
}

async fn plan(config: &Config) -> Result<(), Failure> {
    let Some(named) = config.named_database() else {
        let reason = "a plan is made for a database that is named: set DATABASE_URL";
        return Err(Failure::new(reason));
    };
    let pending = db::pending(named).await.map_err(Failure::new)?;
    if pending.is_empty() {
        println!("The database has this program's schema.");
    }
    pending.iter().for_each(|migration| println!("{migration}"));
    Ok(())
}
