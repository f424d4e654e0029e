//! Brings the database's tables to the state this program expects.

use std::time::Duration;

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel_async::AsyncMigrationHarness;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio_postgres::Client;

use super::config::{ConnectionConfig, DatabaseOptions};
use super::error::{DbError, reason};
use super::{Connection, engine};

/// The migrations of the `migrations` folder, compiled in.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// The advisory lock that whoever changes the tables holds: "crm mig", read as a number.
const LOCK: i64 = 0x63_72_6d_20_6d_69_67;

/// Time limit of connecting.
const CONNECT: Duration = Duration::from_secs(5);

/// Runs the migrations that the database lacks and returns their names, oldest first. Makes the schema
/// and the extensions that they need, where the server can do what they need. Several programs may do so at the same time: one works, the
/// others wait and find nothing to do.
///
/// Errors: as [`super::Db::connect`], and `Migration`.
pub async fn migrate(database: impl Into<DatabaseOptions>) -> Result<Vec<String>, DbError> {
    with_lock(database.into(), |harness| {
        let pending = harness
            .pending_migrations(MIGRATIONS)
            .map_err(|e| failed(&*e))?;
        run(&pending, |migration| {
            harness.run_migration(migration).map(drop)
        })
    })
    .await
}

/// Undoes all migrations, newest first, and returns their names. For tests of the way back: it
/// takes the data with it.
///
/// Errors: as [`super::Db::connect`], and `Migration`.
pub async fn revert_all(database: impl Into<DatabaseOptions>) -> Result<Vec<String>, DbError> {
    with_lock(database.into(), |harness| {
        let applied = harness.applied_migrations().map_err(|e| failed(&*e))?;
        let mut all = all()?;
        all.retain(|migration| applied.contains(&migration.name().version()));
        all.reverse();
        run(&all, |migration| {
            harness.revert_migration(migration).map(drop)
        })
    })
    .await
}

/// The names of the migrations that the database lacks, oldest first.
///
/// Errors: as [`super::Db::connect`], and `Migration`.
pub async fn pending(database: impl Into<DatabaseOptions>) -> Result<Vec<String>, DbError> {
    with_lock(database.into(), |harness| {
        let pending = harness
            .pending_migrations(MIGRATIONS)
            .map_err(|e| failed(&*e))?;
        Ok(pending
            .iter()
            .map(|migration| migration.name().to_string())
            .collect())
    })
    .await
}

type Harness = AsyncMigrationHarness<Connection>;
type Migrations = Vec<Box<dyn Migration<Pg>>>;

/// Connects and does `work` while nobody else changes the tables.
///
/// The harness blocks the thread it runs on, which a runtime with one thread would not survive:
/// so it gets a thread and a runtime of its own.
async fn with_lock(
    database: DatabaseOptions,
    work: impl FnOnce(&mut Harness) -> Result<Vec<String>, DbError> + Send + 'static,
) -> Result<Vec<String>, DbError> {
    // A migration of a large table takes as long as it takes; it must only not wait for a lock
    // for ever, since everybody else queues up behind it.
    let settings = [
        ("statement_timeout", "0".into()),
        ("lock_timeout", "30s".into()),
    ];
    let config = ConnectionConfig::new(&database, &settings, CONNECT)?;
    let (done, result) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| DbError::Migration(error.to_string()));
        let outcome = runtime.and_then(|runtime| {
            runtime.block_on(async {
                let holder = locked(&config).await?;
                engine::prepare(&holder, &config).await?;
                // Made after the extensions, whose schema it knows.
                let connection = config.connect().await?;
                let outcome = work(&mut AsyncMigrationHarness::new(connection));
                // The lock goes with the holder, also when the work panics.
                drop(holder);
                outcome
            })
        });
        // Nobody to tell is fine: the caller was cancelled, the migration is not.
        done.send(outcome).ok();
    });
    result
        .await
        .unwrap_or_else(|_| Err(DbError::Migration("its thread panicked".into())))
}

/// A connection that has the lock, to a server that is fit for it.
async fn locked(config: &ConnectionConfig) -> Result<Client, DbError> {
    let client = tokio::time::timeout(CONNECT, config.client()).await;
    let client = client.map_err(|_| DbError::Unreachable {
        server: config.server().to_owned(),
        reason: format!("no answer within {} ms", CONNECT.as_millis()),
    })??;
    engine::check_sessions(&client, config).await?;
    lock(&client).await?;
    engine::check_locks(&client, config, LOCK).await?;
    Ok(client)
}

/// Waits for the lock by asking again and again: a statement that waited inside PostgreSQL would
/// hold a snapshot, and a `CREATE INDEX CONCURRENTLY` of whoever has the lock would wait for that.
async fn lock(client: &Client) -> Result<(), DbError> {
    let lock = format!("SELECT pg_try_advisory_lock({LOCK})");
    loop {
        let taken = engine::ask(client, &lock).await;
        let taken = taken.map_err(|error| engine::unavailable(&error))?;
        if taken.as_deref() == Some("t") {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn all() -> Result<Migrations, DbError> {
    let mut all: Migrations = MIGRATIONS.migrations().map_err(|e| failed(&*e))?;
    all.sort_by(|a, b| a.name().version().cmp(&b.name().version()));
    Ok(all)
}

fn run(
    migrations: &[Box<dyn Migration<Pg>>],
    mut step: impl FnMut(&dyn Migration<Pg>) -> diesel::migration::Result<()>,
) -> Result<Vec<String>, DbError> {
    let mut names = Vec::new();
    for migration in migrations {
        let name = migration.name().to_string();
        step(migration).map_err(|e| DbError::Migration(format!("{name}: {}", reason(&*e))))?;
        names.push(name);
    }
    Ok(names)
}

fn failed(error: &dyn std::error::Error) -> DbError {
    DbError::Migration(reason(error))
}
