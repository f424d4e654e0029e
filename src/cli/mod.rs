//! The commands of the program, a file each.

mod addresses;
mod admin_link;
mod backup;
pub mod database;
mod demo;
mod failure;
mod figures;
mod file_limit;
mod from_old;
mod housekeeping;
mod https;
mod migrate;
mod output;
mod restore;
mod seed;
pub mod serve;
mod stop;
mod trusted;
pub mod users;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use failure::Failure;

use crate::config::{Config, without_empty_variables};
use crate::graphql;
use crate::service::text::set_phone_region;
use crate::telemetry::{self, Metrics};

/// The lead-management back end: a GraphQL API over PostgreSQL.
#[derive(Parser)]
#[command(name = "crm", version, about, subcommand_help_heading = "Commands")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: Config,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the API (the default).
    Serve,
    /// Brings the database to this program's schema; `serve` does so too.
    Migrate(migrate::MigrateArgs),
    /// Writes the database to a file, of one moment, while the service runs.
    Backup(backup::BackupArgs),
    /// Restores a file of `crm backup` into an empty database, and compares the figures.
    Restore(restore::RestoreArgs),
    /// Prints the API's schema in the GraphQL schema definition language.
    Schema,
    /// Fills the database with leads to try the program with.
    Seed(seed::SeedArgs),
    /// Takes the demo out of a database.
    #[command(subcommand)]
    Demo(demo::DemoCommand),
    /// Prints the one-time link that makes the first administrator, if there is none.
    AdminLink,
    /// Lists and changes users, for when nobody can sign in yet or any more.
    #[command(subcommand)]
    Users(users::UsersCommand),
}

/// The command line: every command, flag, variable and default.
pub fn command_line() -> clap::Command {
    Cli::command()
}

/// The stack of a thread for calls within calls, in bytes. A query may nest as deep as the operator
/// allows, and each level is some calls; the usual 2 MB would be enough by a hair without
/// optimisation. What is not used is not held.
const STACK: usize = 16 << 20;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let matches = without_empty_variables(Cli::command()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build();
    let outcome = runtime.map_err(Failure::new).and_then(|runtime| {
        let _inside = runtime.enter();
        let telemetry = telemetry::start(&cli.config).map_err(Failure::new)?;
        let outcome = runtime.block_on(run(cli, telemetry.metrics.clone()));
        telemetry.stop();
        outcome
    });
    let unprinted =
        output::failure().map(|error| Failure::new(format!("standard output: {error}")));
    match outcome.and(unprinted.map_or(Ok(()), Err)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Whoever read it may have gone.
            let _ = writeln!(io::stderr(), "crm: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli, metrics: Metrics) -> Result<(), Failure> {
    if let Some(region) = cli.config.phone_region {
        set_phone_region(region);
    }
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(&cli.config, metrics).await,
        Command::Migrate(args) => migrate::run(&cli.config, args).await,
        Command::Backup(args) => backup::run(&cli.config, args).await,
        Command::Restore(args) => restore::run(&cli.config, args).await,
        Command::Schema => {
            output::print(graphql::sdl());
            Ok(())
        }
        Command::Seed(args) => seed::run(&cli.config, args).await,
        Command::Demo(command) => demo::run(&cli.config, command).await,
        Command::AdminLink => admin_link::run(&cli.config).await,
        Command::Users(command) => users::run(&cli.config, command).await,
    }
}
