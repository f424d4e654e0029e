//! Made-up leads to try the program with: those of a first start in development, and of `crm seed`.
//!
//! Everybody it creates signs in with [`PUBLISHED_PASSWORD`](crate::service::sessions::PUBLISHED_PASSWORD): nothing here is for a database that is in
//! earnest use.

mod error;
mod follow_up;
mod generate;
mod lead;
mod lead_history;
mod population;
mod remove;
mod rows;
mod team;
mod weighted;

pub use error::DemoError;
pub use generate::{fill_empty, generate};
pub use remove::{Removed, remove};

use crate::db::{CopyIn, DbError, RequestDb};

/// The random seed where none is given: the same data at each run.
pub const RANDOM_SEED: u64 = 1;

/// The advisory lock of a run: "crm seed", read as a number. What is there already is looked up
/// first, so two at a time would make it twice.
const LOCK: i64 = 0x6372_6d20_7365_6564;

/// The choice of whether a bar on the terminal shows how far it is. Without a terminal there is none anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Show it.
    Bar,
    /// Work silently.
    Silent,
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

/// Keeps other runs out: the lock is held until the connection is dropped.
async fn alone(db: &RequestDb) -> Result<CopyIn, DbError> {
    let copy_in = CopyIn::connect(db).await?;
    copy_in.lock(LOCK).await?;
    Ok(copy_in)
}
