//! `crm restore`

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::database::Database;
use crate::cli::failure::{Failure, said};
use crate::cli::figures::{Contents, Figures};
use crate::cli::output::{print, say};
use crate::cli::stop::stop_signal;
use crate::config::Config;
use crate::db::backup::{BackupFile, DumpPrograms, server_major};
use crate::db::{CopyIn, RequestDb};
use crate::service::api_keys::{self, ApiKeyFilter};
use crate::service::page::{LARGEST, Page, Start};
use crate::service::{Actor, ServiceError, users};

/// Restores a file of `crm backup` into an empty database.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// The file
    file: PathBuf,
}

/// Runs the command.
pub async fn run(config: &Config, args: RestoreArgs) -> Result<(), Failure> {
    let file = args.file.clone();
    let contents = tokio::task::spawn_blocking(move || BackupFile::contents(&file));
    let contents: Contents = contents
        .await
        .map_err(Failure::new)?
        .map_err(Failure::new)?;
    if contents.schema != config.database.schema {
        return Err(Failure::new(format!(
            "the backup is of the schema {:?}: set CRM_SCHEMA to it",
            contents.schema
        )));
    }
    let stop = stop_signal()?;
    let mut database = Database::open_as_it_is(config, true).await?;
    let outcome = tokio::select! {
        outcome = restore(config, &mut database, &args.file, &contents) => outcome,
        () = stop => Err(Failure::new(
            "told to stop: the restore is not complete; begin again with an empty database",
        )),
    };
    let closed = database.close().await;
    outcome.and(closed)
}

async fn restore(
    config: &Config,
    database: &mut Database,
    file: &Path,
    contents: &Contents,
) -> Result<(), Failure> {
    let db = database.db.program();
    let mut conn = db.connection().await.map_err(Failure::new)?;
    let server = server_major(&mut conn).await.map_err(ServiceError::from);
    drop(conn);
    let oldest = server.map_err(said)?.max(contents.postgresql);
    let programs = DumpPrograms::find(&config.embedded(), oldest).await;
    let programs = programs.map_err(Failure::new)?;
    programs
        .restore_into_empty(&database.options, &contents.extensions, file)
        .await
        .map_err(Failure::new)?;
    database.migrate(config).await?;
    let db = database.db.program();
    let copy_in = CopyIn::connect(&db).await.map_err(Failure::new)?;
    copy_in.settle(&[]).await.map_err(Failure::new)?;
    say(format!(
        "Restored the backup of {}:",
        contents.taken_at.format("%F %T UTC")
    ));
    let mut conn = db.connection().await.map_err(Failure::new)?;
    let figures = conn.snapshot(async |conn| Figures::read(conn).await);
    let figures = figures.await.map_err(said)?;
    drop(conn);
    print(&figures);
    let differences = contents.figures.differences(&figures);
    if !differences.is_empty() {
        let differences = differences.join(", ");
        return Err(Failure::new(format!(
            "the restored database differs from the backup: {differences}"
        )));
    }
    say("All figures are those of the backup.");
    list_keys(&db).await
}

/// Lists the API keys that let somebody in again, for the operator to revoke.
async fn list_keys(db: &RequestDb) -> Result<(), Failure> {
    let operator = Actor::operator();
    let filter = ApiKeyFilter {
        is_active: Some(true),
        ..ApiKeyFilter::default()
    };
    let mut start = Start::Offset(0);
    let mut keys = Vec::new();
    loop {
        let page = Page {
            size: LARGEST,
            start,
        };
        let found = api_keys::list(db, &operator, &filter, &page).await;
        let found = found.map_err(said)?;
        keys.extend(found.rows);
        match keys.last().filter(|_| found.has_next) {
            Some(last) => start = Start::After(last.id),
            None => break,
        }
    }
    if keys.is_empty() {
        say("No API key came with it; everybody signs in again.");
        return Ok(());
    }
    say(
        "Everybody signs in again. These API keys came with it: revoke those that are not to be valid.",
    );
    let ids: Vec<_> = keys.iter().map(|key| key.user_id).collect();
    let users = users::find_many(db, &operator, &ids).await.map_err(said)?;
    for key in keys {
        let user = users.get(&key.user_id).and_then(Option::as_ref);
        let user = user.map_or("", |user| &user.email);
        let expires = key.expires_at.format("%Y-%m-%d");
        say(format!("  {:<30} {user:<40} until {expires}", key.name));
    }
    Ok(())
}
