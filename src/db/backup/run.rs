//! The database's side of a backup: the snapshot, the counts, and the empty database.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use diesel::QueryResult;
use diesel::sql_types::{Array, BigInt, Integer, Text};

use super::{BackupError, DumpPrograms};
use crate::db::config::{ConnectionConfig, DatabaseOptions, EXTENSIONS, quoted};
use crate::db::{Connection, RunQueryDsl, engine};

/// Time limit of connecting.
const CONNECT: Duration = Duration::from_secs(5);

/// Exports the snapshot of the present transaction, which may then take as long as it likes. Returns the
/// snapshot's name and the schema of the extensions.
pub async fn export_snapshot(conn: &mut Connection) -> QueryResult<(String, String)> {
    conn.lift_time_limits().await?;
    let extension = EXTENSIONS.map(quoted).join(", ");
    let place = format!(
        "(SELECT nspname::text FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace \
         WHERE extname IN ({extension}))"
    );
    let snapshot = diesel::dsl::sql::<Text>("pg_export_snapshot()");
    let place = diesel::dsl::sql::<Text>(&place);
    diesel::select((snapshot, place)).get_result(conn).await
}

/// The server's major version.
pub async fn server_major(conn: &mut Connection) -> QueryResult<u32> {
    let number = "current_setting('server_version_num')::integer";
    let number: i32 = diesel::select(diesel::dsl::sql::<Integer>(number))
        .get_result(conn)
        .await?;
    Ok(number.unsigned_abs() / 10_000)
}

/// The number of rows of each table of the program's schema but these.
pub async fn row_counts(
    conn: &mut Connection,
    without: &[&str],
) -> QueryResult<BTreeMap<String, i64>> {
    let names = "coalesce((SELECT array_agg(quote_ident(relname) ORDER BY relname) FROM pg_class \
                 WHERE relkind IN ('r', 'p') AND relnamespace = \
                 (SELECT oid FROM pg_namespace WHERE nspname = current_schema())), '{}')";
    let names: Vec<String> = diesel::select(diesel::dsl::sql::<Array<Text>>(names))
        .get_result(conn)
        .await?;
    let mut counts = BTreeMap::new();
    for name in names {
        if without.contains(&name.as_str()) {
            continue;
        }
        let count = format!("(SELECT count(*) FROM {name})");
        let count: i64 = diesel::select(diesel::dsl::sql::<BigInt>(&count))
            .get_result(conn)
            .await?;
        counts.insert(name, count);
    }
    Ok(counts)
}

impl DumpPrograms {
    /// Restores a backup into a database without tables, all of it or nothing. `extensions` is the
    /// schema of the extensions, as the dump names it.
    ///
    /// Errors: `NotEmpty`, `Failed`, `Database`.
    pub async fn restore_into_empty(
        &self,
        database: &DatabaseOptions,
        extensions: &str,
        file: &Path,
    ) -> Result<(), BackupError> {
        let config = ConnectionConfig::new(database, &[], CONNECT)?;
        let client = config.client().await?;
        // As a migration does afterwards: better before anything is restored.
        engine::check_sessions(&client, &config).await?;
        let failed = |error: tokio_postgres::Error| engine::unavailable(&error);
        let place = format!("to_regnamespace(quote_ident({}))", quoted(&database.schema));
        let table = format!(
            "SELECT relname FROM pg_class WHERE relnamespace = {place} ORDER BY relname LIMIT 1"
        );
        if let Some(table) = engine::ask(&client, &table).await.map_err(failed)? {
            let schema = database.schema.clone();
            return Err(BackupError::NotEmpty { schema, table });
        }
        for schema in [&*database.schema, extensions] {
            // Looked up first: IF NOT EXISTS needs the privilege even if it exists.
            let there = format!("SELECT to_regnamespace(quote_ident({}))", quoted(schema));
            let there = engine::ask(&client, &there).await.map_err(failed)?;
            if there.is_none() {
                let make = format!("CREATE SCHEMA {}", engine::identifier(schema));
                client.batch_execute(&make).await.map_err(failed)?;
            }
        }
        let place = engine::identifier(extensions);
        for extension in EXTENSIONS {
            let make = format!("CREATE EXTENSION IF NOT EXISTS {extension} WITH SCHEMA {place}");
            client.batch_execute(&make).await.map_err(failed)?;
        }
        drop(client);
        self.restore(database, file).await
    }
}
