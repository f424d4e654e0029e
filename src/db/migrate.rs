//! Brings the database's tables to the state this program expects; see migrations/README.md.

use std::collections::HashSet;
use std::fmt::{Display, Formatter};
use std::time::Duration;

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::config::{ConnectionConfig, DatabaseOptions, quoted};
use super::engine;
use super::error::{DbError, reason};

/// The migrations of the `migrations` folder, compiled in.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// The migrations with a file `expand`, found by the build script.
const EXPANDING: &str = env!("CRM_EXPANDING_MIGRATIONS");

/// The tables of the applied migrations, and of those among them that only expand.
const MIGRATED: &str = "__diesel_schema_migrations";
const EXPANDED: &str = "expanding_migrations";

/// The advisory lock of a migrating program: "crm mig", read as a number.
const LOCK: i64 = 0x63_72_6d_20_6d_69_67;

/// Time limit of connecting.
const CONNECT: Duration = Duration::from_secs(5);

/// A migration that the database lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingMigration {
    /// The folder's name.
    pub name: String,
    /// True if programs that do not know the migration can go on with the database.
    pub expands: bool,
    /// True if it runs in a transaction: it is applied as a whole or not at all.
    pub in_transaction: bool,
}

impl Display for PendingMigration {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let kind = match self.expands {
            true => "expands: programs that do not know it can go on",
            false => "contracts: programs that do not know it refuse the database",
        };
        let way = match self.in_transaction {
            true => "in a transaction",
            false => "outside a transaction",
        };
        write!(f, "{} ({kind}; {way})", self.name)
    }
}

/// Runs the migrations that the database lacks and returns their names, oldest first. Creates the schema
/// and the extensions that they need, if the server supports them. Several programs may do so at the
/// same time: one works, the others wait and find nothing to do.
///
/// Errors: as [`super::Db::connect`], `Migration`, and `Unsuitable` where the database has migrations
/// that this program does not know, unless those only expand.
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

/// Reverts all migrations, newest first, and returns their names. For tests of the down scripts: it
/// deletes the data.
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

/// The migrations that the database lacks, oldest first. Changes nothing.
///
/// Errors: as [`migrate`].
pub async fn pending(
    database: impl Into<DatabaseOptions>,
) -> Result<Vec<PendingMigration>, DbError> {
    let config = ConnectionConfig::new(&database.into(), &[], CONNECT)?;
    let applied = applied(&connected(&config).await?, &config).await?;
    let mut all = all()?;
    all.retain(|migration| !applied.contains(&migration.name().version().to_string()));
    let pending = all.iter().map(|migration| {
        let name = migration.name().to_string();
        PendingMigration {
            expands: EXPANDING.split(',').any(|expanding| expanding == name),
            in_transaction: migration.metadata().run_in_transaction(),
            name,
        }
    });
    Ok(pending.collect())
}

type Harness = AsyncMigrationHarness<AsyncPgConnection>;
type Migrations = Vec<Box<dyn Migration<Pg>>>;

/// Connects and does `work` while no other program migrates.
///
/// Diesel's migration harness blocks its thread, which would deadlock a runtime with one thread: so it
/// gets a thread and a runtime of its own.
async fn with_lock(
    database: DatabaseOptions,
    work: impl FnOnce(&mut Harness) -> Result<Vec<String>, DbError> + Send + 'static,
) -> Result<Vec<String>, DbError> {
    // A migration of a large table may take long, but it must not wait for a lock for ever: all other
    // statements queue up behind it.
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
                applied(&holder, &config).await?;
                drop_broken_indexes(&holder).await?;
                // Opened after the extensions were created: its search path has their schema.
                let connection = config.connect().await?;
                let outcome = work(&mut AsyncMigrationHarness::new(connection));
                note_expanding(&holder, &config).await?;
                // The lock is released with its connection, even if the work panics.
                drop(holder);
                outcome
            })
        });
        // A closed channel is fine: the caller was cancelled, the migration is not.
        done.send(outcome).ok();
    });
    result
        .await
        .unwrap_or_else(|_| Err(DbError::Migration("its thread panicked".into())))
}

/// A connection that holds the lock, to a server that passed the checks.
async fn locked(config: &ConnectionConfig) -> Result<Client, DbError> {
    let client = connected(config).await?;
    engine::check_sessions(&client, config).await?;
    lock(&client).await?;
    engine::check_locks(&client, config, LOCK).await?;
    Ok(client)
}

async fn connected(config: &ConnectionConfig) -> Result<Client, DbError> {
    let client = tokio::time::timeout(CONNECT, config.client()).await;
    client.map_err(|_| DbError::Unreachable {
        server: config.server().to_owned(),
        reason: format!("no answer within {} ms", CONNECT.as_millis()),
    })?
}

/// The versions of the applied migrations.
///
/// Errors: `Unsuitable` where this program does not know one of them, unless it is noted as expanding.
async fn applied(client: &Client, config: &ConnectionConfig) -> Result<HashSet<String>, DbError> {
    let mut applied = HashSet::new();
    let schema = engine::identifier(config.schema());
    if !has_table(client, config, MIGRATED).await? {
        return Ok(applied);
    }
    let versions = format!("SELECT version FROM {schema}.{MIGRATED}");
    applied.extend(rows(client, &versions).await?.into_iter().flatten());
    let mut known: HashSet<String> = all()?
        .iter()
        .map(|m| m.name().version().to_string())
        .collect();
    let first = known.iter().min().cloned().unwrap_or_default();
    if has_table(client, config, EXPANDED).await? {
        let expanding = format!("SELECT version FROM {schema}.{EXPANDED}");
        known.extend(rows(client, &expanding).await?.into_iter().flatten());
    }
    let mut unknown: Vec<&str> = applied.difference(&known).map(String::as_str).collect();
    unknown.sort_unstable();
    if unknown.is_empty() {
        return Ok(applied);
    }
    Err(config.unsuitable(match unknown[0] < first.as_str() {
        true => "its tables were made before the first release: dump it with \
                 `pg_dump --data-only`, and load the file into an empty database with \
                 `crm migrate --from-old FILE`"
            .to_owned(),
        false => format!(
            "it has migrations of a newer program ({}): start that one, or restore a backup from \
             before them",
            unknown.join(", ")
        ),
    }))
}

/// True if the program's schema has this table; other schemas of the search path do not count.
async fn has_table(
    client: &Client,
    config: &ConnectionConfig,
    table: &str,
) -> Result<bool, DbError> {
    let schema = quoted(config.schema());
    let found = format!("SELECT to_regclass(quote_ident({schema}) || '.{table}')");
    Ok(rows(client, &found).await? != [None])
}

/// Records which migrations only expand, for programs that do not know them.
async fn note_expanding(client: &Client, config: &ConnectionConfig) -> Result<(), DbError> {
    if EXPANDING.is_empty() || !has_table(client, config, EXPANDED).await? {
        return Ok(());
    }
    let names = EXPANDING.split(',').map(|name| name.split('_').next());
    let versions: Vec<String> = names
        .flatten()
        .map(|version| format!("'{}'", version.replace('-', "")))
        .collect();
    let note = format!(
        "INSERT INTO {EXPANDED} SELECT version FROM {MIGRATED} \
         WHERE version IN ({}) ON CONFLICT DO NOTHING",
        versions.join(", ")
    );
    let noted = client.batch_execute(&note).await;
    noted.map_err(|error| engine::unavailable(&error))
}

/// Drops invalid indexes, which an interrupted CREATE INDEX CONCURRENTLY has left, so that they can be
/// built again. One that is being built is left alone.
async fn drop_broken_indexes(client: &Client) -> Result<(), DbError> {
    let broken = "SELECT indexrelid::regclass FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid \
                  WHERE NOT indisvalid AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) \
                  AND indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index)";
    for index in rows(client, broken).await?.into_iter().flatten() {
        tracing::info!(index, "dropping an index whose build broke off");
        let drop = format!("DROP INDEX CONCURRENTLY {index}");
        let dropped = client.batch_execute(&drop).await;
        dropped.map_err(|error| engine::unavailable(&error))?;
    }
    Ok(())
}

/// The first column of a statement's rows.
async fn rows(client: &Client, statement: &str) -> Result<Vec<Option<String>>, DbError> {
    let messages = client.simple_query(statement).await;
    let messages = messages.map_err(|error| engine::unavailable(&error))?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).map(str::to_owned)),
        _ => None,
    });
    Ok(rows.collect())
}

/// Waits for the lock by polling: a statement that waited inside PostgreSQL would hold a snapshot, and
/// a `CREATE INDEX CONCURRENTLY` of the lock's holder would wait for that.
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
