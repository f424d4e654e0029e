use chrono::Utc;
use clap::Args;

use crate::cli::database::Database;
use crate::cli::failure::Failure;
use crate::cli::output::say;
use crate::config::Config;
use crate::demo::{self, Progress, RANDOM_SEED};
use crate::service::sessions::PUBLISHED_PASSWORD;

/// Fills the database with leads to try the program with.
///
/// Creates the users they are assigned to; their password is "development-only".
#[derive(Args, Debug, Clone)]
pub(super) struct SeedArgs {
    /// Make up that many leads, with their history and a team to work on them
    #[arg(long, value_name = "N")]
    leads: u64,
    /// The seed that the made-up leads are drawn from: the same number gives the same leads on the same day
    #[arg(long, value_name = "NUMBER", default_value_t = RANDOM_SEED)]
    random_seed: u64,
}

/// `crm seed`
pub(super) async fn run(config: &Config, args: SeedArgs) -> Result<(), Failure> {
    if config.profile.is_shared() {
        let reason = "this profile makes nothing up: everybody whom `crm seed` adds signs in with \
                      a password that is no secret";
        return Err(Failure::new(reason));
    }
    let database = Database::open(config).await?;
    let db = database.db.program();
    let SeedArgs { leads, random_seed } = args;
    let outcome = demo::generate(&db, leads, random_seed, Utc::now(), Progress::Bar).await;
    let closed = database.close().await;
    outcome.map_err(Failure::new)?;
    say(format!(
        "Done: made up {leads} leads; users sign in with the password {PUBLISHED_PASSWORD:?}."
    ));
    closed
}
