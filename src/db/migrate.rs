//! Brings the database's tables to the state this program expects.

use std::time::Duration;

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel_async::{AsyncMigrationHarness, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::Connection;
use super::error::{DbError, reason};
use super::target::Target;

/// The migrations of the `migrations` folder, compiled in.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// The advisory lock that whoever changes the tables holds: "crm mig", read as a number.
const LOCK: i64 = 0x63_72_6d_20_6d_69_67;

diesel::define_sql_function! {
    /// Takes a session's advisory lock if nobody has it.
    fn pg_try_advisory_lock(key: diesel::sql_types::BigInt) -> diesel::sql_types::Bool;
}

/// Runs the migrations that the database at `url` lacks and returns their names, oldest first.
/// Several programs may do so at the same time: one works, the others wait and find nothing to do.
///
/// Errors: as [`super::Db::connect`], and `Migration`.
pub async fn migrate(url: &str) -> Result<Vec<String>, DbError> {
    with_lock(url, |harness| {
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
pub async fn revert_all(url: &str) -> Result<Vec<String>, DbError> {
    with_lock(url, |harness| {
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

/// The names of the migrations that the database at `url` lacks, oldest first.
///
/// Errors: as [`super::Db::connect`], and `Migration`.
pub async fn pending(url: &str) -> Result<Vec<String>, DbError> {
    with_lock(url, |harness| {
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
    url: &str,
    work: impl FnOnce(&mut Harness) -> Result<Vec<String>, DbError> + Send + 'static,
) -> Result<Vec<String>, DbError> {
    // A migration of a large table takes as long as it takes; it must only not wait for a lock
    // for ever, since everybody else queues up behind it.
    let settings = [
        ("statement_timeout", "0".into()),
        ("lock_timeout", "30s".into()),
    ];
    let target = Target::parse(url, &settings, Duration::from_secs(5))?;
    let (done, result) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| DbError::Migration(error.to_string()));
        let outcome = runtime.and_then(|runtime| {
            runtime.block_on(async {
                let mut connection = target.connect().await?;
                lock(&mut connection).await?;
                work(&mut AsyncMigrationHarness::new(connection))
                // The lock goes with the connection, also when the work panics.
            })
        });
        // Nobody to tell is fine: the caller was cancelled, the migration is not.
        done.send(outcome).ok();
    });
    result
        .await
        .unwrap_or_else(|_| Err(DbError::Migration("its thread panicked".into())))
}

/// Waits for the lock by asking again and again: a statement that waited inside PostgreSQL would
/// hold a snapshot, and a `CREATE INDEX CONCURRENTLY` of whoever has the lock would wait for that.
async fn lock(connection: &mut Connection) -> Result<(), DbError> {
    loop {
        let taken = diesel::select(pg_try_advisory_lock(LOCK))
            .get_result(connection)
            .await;
        if taken.map_err(|error| failed(&error))? {
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
