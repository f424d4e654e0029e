//! `crm backup`

use std::path::PathBuf;

use chrono::Utc;
use clap::Args;

use crate::cli::database::Database;
use crate::cli::failure::{Failure, said};
use crate::cli::figures::{Contents, Figures, WITHOUT_ROWS};
use crate::cli::output::{print, say};
use crate::cli::stop::stop_signal;
use crate::config::Config;
use crate::db;
use crate::db::backup::{BackupFile, DumpPrograms, export_snapshot, server_major};
use crate::service::ServiceError;

/// Writes the database to a file that `crm restore` reads.
#[derive(Args, Debug)]
pub struct BackupArgs {
    /// The file, which must not exist yet
    file: PathBuf,
}

/// Runs the command.
pub async fn run(config: &Config, args: BackupArgs) -> Result<(), Failure> {
    let stop = stop_signal()?;
    let database = Database::open_as_it_is(config, false).await?;
    let outcome = tokio::select! {
        outcome = back_up(config, &database, &args) => outcome,
        () = stop => Err(Failure::new("told to stop: no backup was written")),
    };
    let closed = database.close().await;
    outcome.and(closed)
}

async fn back_up(config: &Config, database: &Database, args: &BackupArgs) -> Result<(), Failure> {
    let pending = db::pending(&database.options).await.map_err(Failure::new)?;
    if !pending.is_empty() {
        let reason = "the database is not at this program's schema: back it up with the program that \
                      serves it, or run `crm migrate` first";
        return Err(Failure::new(reason));
    }
    let file = BackupFile::create(&args.file).map_err(Failure::new)?;
    let mut conn = database.db.program().connection().await;
    let conn = conn.as_mut().map_err(Failure::new)?;
    let server = server_major(conn).await.map_err(ServiceError::from);
    let server = server.map_err(said)?;
    let programs = DumpPrograms::find(&config.embedded(), server).await;
    let programs = programs.map_err(Failure::new)?;
    let contents = conn
        .snapshot(async |conn| -> Result<_, ServiceError> {
            let (snapshot, extensions) = export_snapshot(conn).await?;
            let taken_at = Utc::now();
            let figures = Figures::read(conn).await?;
            let dumped = programs
                .dump(&database.options, &snapshot, &WITHOUT_ROWS, file.dump())
                .await;
            Ok(dumped.map(|()| Contents {
                program: env!("CARGO_PKG_VERSION").to_owned(),
                taken_at,
                postgresql: programs.major,
                schema: database.options.schema.clone(),
                extensions,
                figures,
            }))
        })
        .await
        .map_err(said)?
        .map_err(Failure::new)?;
    let length = tokio::task::spawn_blocking(move || {
        let length = file.finish(&contents).map_err(Failure::new)?;
        Ok((length, contents))
    });
    let (length, contents) = length.await.map_err(Failure::new)??;
    let megabytes = length as f64 / 1e6;
    say(format!(
        "Backed up to {} ({megabytes:.1} MB):",
        args.file.display()
    ));
    print(&contents.figures);
    Ok(())
}
