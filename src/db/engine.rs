//! The checks of a server before anything is created in it: that it supports the needed features.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use super::config::{ConnectionConfig, EXTENSIONS, quoted};
use super::error::DbError;

/// Time limit of a second connection: a pooler with a single connection keeps it waiting.
const PATIENCE: Duration = Duration::from_secs(2);

/// The number of further connections that are compared: one of a pooler that deals its sessions out in
/// turn may have another one by chance.
const OTHERS: usize = 4;

/// The session behind a connection. A process id alone may be that of another server's session, too.
const SESSION: &str = "SELECT pg_backend_pid() || ' of ' || coalesce(\
                       (SELECT backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()), '')";

/// Checks that a connection is one session of the server, and its own. Behind a pooler in transaction
/// mode it is not: locks, settings and prepared statements would be lost.
///
/// Each further connection holds a session by a transaction: that of the first connection is among
/// them if it is free for others in between.
///
/// Errors: `Unsuitable`, or as of making a connection.
pub(super) async fn check_sessions(
    client: &Client,
    config: &ConnectionConfig,
) -> Result<(), DbError> {
    let failed = |error: Error| unavailable(&error);
    let mine = ask(client, SESSION).await.map_err(failed)?;
    let mut others = Vec::new();
    for _ in 0..OTHERS {
        let other = match tokio::time::timeout(PATIENCE, config.client()).await {
            Ok(Ok(other)) => other,
            Ok(Err(error)) if others.is_empty() => return Err(error),
            // Not so many connections are to be had.
            Ok(Err(_)) | Err(_) => break,
        };
        let theirs = match other.batch_execute("BEGIN").await {
            Ok(()) => ask(&other, SESSION).await.map_err(failed)?,
            // A pooler in statement mode refuses transactions.
            Err(error) if error.as_db_error().is_some() => mine.clone(),
            Err(error) => return Err(failed(error)),
        };
        if theirs == mine || ask(client, SESSION).await.map_err(failed)? != mine {
            return Err(config.unsuitable(
                "a pooler in front of it gives one session to several clients (PgBouncer's \
                 pool_mode=transaction or statement): set pool_mode=session for this database"
                    .to_owned(),
            ));
        }
        others.push(other);
    }
    Ok(())
}

/// Checks that a held advisory lock is shown in `pg_locks`.
///
/// Errors: `Unsuitable`.
pub(super) async fn check_locks(
    client: &Client,
    config: &ConnectionConfig,
    lock: i64,
) -> Result<(), DbError> {
    let (high, low) = ((lock >> 32) as u32, lock as u32);
    let shown = format!(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() \
         AND classid = {high} AND objid = {low} AND granted"
    );
    match ask(client, &shown).await {
        Ok(Some(count)) if count == "1" => Ok(()),
        _ => Err(lacks(config, "advisory locks that show in pg_locks", None)),
    }
}

/// Creates the schema and the extensions, if they are missing. If the schema has no tables of the
/// program yet, first checks, without leaving a trace, that the server supports their features.
///
/// Errors: `Unsuitable`, `Unavailable`.
pub(super) async fn prepare(client: &Client, config: &ConnectionConfig) -> Result<(), DbError> {
    let schema = format!("quote_ident({})", quoted(config.schema()));
    let looked = |looked: Result<Option<String>, Error>| looked.map_err(|e| unavailable(&e));
    let tables = format!("SELECT to_regclass({schema} || '.__diesel_schema_migrations')");
    if looked(ask(client, &tables).await)?.is_none() {
        // Looked up first: CREATE SCHEMA IF NOT EXISTS needs a privilege even if the schema exists.
        let place = looked(ask(client, &format!("SELECT to_regnamespace({schema})")).await)?;
        let make = match place {
            Some(_) => String::new(),
            None => format!("CREATE SCHEMA {}", identifier(config.schema())),
        };
        check_triggers(client, config, &make).await?;
        let made = client.batch_execute(&make).await;
        made.map_err(|error| denied(config, &error))?;
    }
    for extension in EXTENSIONS {
        make_extension(client, config, extension).await?;
    }
    Ok(())
}

/// A trigger that counts the rows of a statement, in a transaction that is rolled back.
async fn check_triggers(
    client: &Client,
    config: &ConnectionConfig,
    make_schema: &str,
) -> Result<(), DbError> {
    let schema = identifier(config.schema());
    let checked = client
        .batch_execute(&format!(
            "BEGIN; \
             {make_schema}; \
             CREATE TABLE {schema}.crm_check (x integer); \
             CREATE FUNCTION {schema}.crm_check() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             PERFORM set_config('crm.checked', (SELECT count(*) FROM added)::text, true); \
             RETURN NULL; END $$; \
             CREATE TRIGGER crm_check AFTER INSERT ON {schema}.crm_check \
             REFERENCING NEW TABLE AS added FOR EACH STATEMENT \
             EXECUTE FUNCTION {schema}.crm_check(); \
             INSERT INTO {schema}.crm_check VALUES (1), (2)"
        ))
        .await;
    let counted = match checked {
        Ok(()) => ask(client, "SELECT current_setting('crm.checked', true)").await,
        Err(error) => Err(error),
    };
    let undone = client.batch_execute("ROLLBACK").await;
    match counted {
        Ok(Some(count)) if count == "2" => undone.map_err(|error| unavailable(&error)),
        Err(error) if is_denied(&error) => Err(denied(config, &error)),
        counted => {
            let what = "statement triggers with transition tables";
            Err(lacks(config, what, counted.err()))
        }
    }
}

/// Creates an extension in `public`, where other programs find it, too, or without the privilege for
/// that in the schema of the tables.
async fn make_extension(
    client: &Client,
    config: &ConnectionConfig,
    name: &str,
) -> Result<(), DbError> {
    let place = format!(
        "SELECT CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = '{name}') THEN NULL \
         WHEN has_schema_privilege(to_regnamespace('public')::oid, 'CREATE') THEN 'public' \
         ELSE {} END",
        quoted(config.schema())
    );
    let place = ask(client, &place).await;
    let Some(place) = place.map_err(|error| unavailable(&error))? else {
        return Ok(());
    };
    let make = format!("CREATE EXTENSION {name} WITH SCHEMA {}", identifier(&place));
    client.batch_execute(&make).await.map_err(|error| {
        if is_denied(&error) {
            return denied(config, &error);
        }
        lacks(config, &format!("the extension {name}"), Some(error))
    })
}

/// The first value of a statement's first row, by the simple protocol, which every pooler supports.
pub(super) async fn ask(client: &Client, statement: &str) -> Result<Option<String>, Error> {
    let messages = client.simple_query(statement).await?;
    let row = messages.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let value = row.map(|row| row.try_get(0).map(|value| value.map(str::to_owned)));
    value.transpose().map(Option::flatten)
}

pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn lacks(config: &ConnectionConfig, what: &str, error: Option<Error>) -> DbError {
    let said = error.as_ref().map(|error| format!(" ({})", said(error)));
    config.unsuitable(format!(
        "this engine lacks {what}{}",
        said.unwrap_or_default()
    ))
}

fn is_denied(error: &Error) -> bool {
    error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE)
}

fn denied(config: &ConnectionConfig, error: &Error) -> DbError {
    config.unsuitable(format!(
        "its user may not make what the program needs ({}): let this user own the database, or the \
         schema of CRM_SCHEMA",
        said(error)
    ))
}

fn said(error: &Error) -> String {
    let said = error.as_db_error().map(|error| error.message().to_owned());
    said.unwrap_or_else(|| super::error::reason(error))
}

pub(super) fn unavailable(error: &Error) -> DbError {
    DbError::Unavailable(said(error))
}
