//! `crm seed`: made-up leads to try the program with.
//!
//! Everybody it creates signs in with [`PASSWORD`]: nothing here is for a database that is in
//! earnest use.

mod demo;
mod error;
mod generate;
mod lead;
mod rows;
mod story;
mod team;
mod weighted;
mod world;

pub use demo::demo;
pub use error::SeedError;
pub use generate::generate;

use clap::Args;

use crate::config::DEVELOPMENT_PASSWORD;
use crate::db::{CopyIn, DbError, RequestDb};

/// The password of all users that are made here. For development only.
pub const PASSWORD: &str = DEVELOPMENT_PASSWORD;
/// The random seed where none is given: the same data at each run.
pub const RANDOM_SEED: u64 = 1;

/// The advisory lock of whoever seeds: "crm seed", read as a number. What is there already is
/// looked up first, so two at a time would make it twice.
const LOCK: i64 = 0x6372_6d20_7365_6564;

/// Fills the database with leads to try the program with.
///
/// Creates the users they are assigned to; their password is "development-only".
#[derive(Args, Debug, Clone)]
pub struct SeedArgs {
    /// Make up that many leads, with their history and a team to work on them
    #[arg(long, value_name = "N")]
    pub leads: u64,
    /// What the made-up leads are drawn from: the same number gives the same leads
    #[arg(long, value_name = "NUMBER", default_value_t = RANDOM_SEED)]
    pub random_seed: u64,
}

/// The choice of whether a bar on the terminal shows how far it is. Without a terminal there is none anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Show it.
    Bar,
    /// Work silently.
    Silent,
}

/// Runs the command and says what it did, in one sentence.
pub async fn run(args: SeedArgs, db: &RequestDb) -> Result<String, SeedError> {
    let leads = args.leads;
    generate(db, leads, args.random_seed, Progress::Bar).await?;
    Ok(format!(
        "made up {leads} leads; users sign in with the password {PASSWORD:?}"
    ))
}

impl Progress {
    fn bar(self, length: u64) -> indicatif::ProgressBar {
        let bar = match self {
            Self::Bar => indicatif::ProgressBar::new(length),
            Self::Silent => indicatif::ProgressBar::hidden(),
        };
        let style = "{bar:40} {human_pos} of {human_len} leads, {per_sec}, {eta} left";
        match indicatif::ProgressStyle::with_template(style) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}

/// Seeds alone: the lock is held until the copy_in is dropped.
async fn alone(db: &RequestDb) -> Result<CopyIn, DbError> {
    let copy_in = CopyIn::connect(db).await?;
    copy_in.lock(LOCK).await?;
    Ok(copy_in)
}
