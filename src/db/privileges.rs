//! A role that may read and write rows but make no tables: the privileges that it needs, and a database
//! that is served without migrating it.

use std::time::Duration;

use tokio_postgres::{Client, SimpleQueryMessage};

use super::config::{ConnectionConfig, DatabaseOptions, quoted};
use super::engine::{self, unavailable};
use super::error::DbError;
use super::migrate::pending;

/// Time limit of connecting.
const CONNECT: Duration = Duration::from_secs(5);

/// The number of objects that a message names.
const NAMED: usize = 6;

/// The objects of the schema with the privileges that are needed on each, as `kind`, `object` (its name
/// in a statement) and `privilege`, and `held`, true if the present user has it. Functions of extensions
/// are not the program's; everybody may use them.
const NEEDED: &str = "
    SELECT 'SCHEMA' AS kind, quote_ident(nspname) AS object, 'USAGE' AS privilege,
        has_schema_privilege(oid, 'USAGE') AS held
    FROM pg_namespace WHERE oid = place
    UNION ALL
    SELECT 'TABLE', oid::regclass::text, privilege, has_table_privilege(oid, privilege)
    FROM pg_class, unnest(CASE WHEN relkind = 'v' OR relname LIKE '\\_\\_diesel%' THEN ARRAY['SELECT']
        ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] END) AS privilege
    WHERE relnamespace = place AND relkind IN ('r', 'p', 'v', 'm')
    UNION ALL
    SELECT 'SEQUENCE', oid::regclass::text, privilege,
        CASE relkind WHEN 'S' THEN has_sequence_privilege(oid, privilege) END
    FROM pg_class, unnest(ARRAY['USAGE', 'SELECT']) AS privilege
    WHERE relnamespace = place AND relkind = 'S'
    UNION ALL
    SELECT 'ROUTINE', oid::regprocedure::text, 'EXECUTE', has_function_privilege(oid, 'EXECUTE')
    FROM pg_proc WHERE pronamespace = place AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')";

/// Checks that a database can be served as it is: that it is at this program's schema, that the user
/// has each privilege that the service needs, and that no pooler stands in between that is not supported.
///
/// Errors: as [`super::Db::connect`], and `Unsuitable`, which names what is missing.
pub async fn check_as_it_is(database: &DatabaseOptions) -> Result<(), DbError> {
    let config = ConnectionConfig::new(database, &[], CONNECT)?;
    let client = config.client().await?;
    engine::check_sessions(&client, &config).await?;
    let missing = missing(&client, &config).await?;
    if !missing.is_empty() {
        let user = engine::ask(&client, "SELECT quote_ident(current_user)").await;
        let user = user.map_err(|error| unavailable(&error))?;
        return Err(config.unsuitable(format!(
            "its user lacks {}: let the owner run what `crm migrate --grants {}` prints",
            shortened(&missing),
            user.unwrap_or_default(),
        )));
    }
    let pending = pending(database).await?;
    match pending.last() {
        None => Ok(()),
        Some(last) => Err(config.unsuitable(format!(
            "it lacks {} of this program's migrations, the last of them {}: let the owner run \
             `crm migrate`, or start without --no-migrate",
            pending.len(),
            last.name,
        ))),
    }
}

/// The statements by which the owner gives a role what it needs to serve this database, now and after
/// later migrations.
///
/// Errors: as [`super::Db::connect`], and `Unsuitable` if there is no such role.
pub async fn grants(database: &DatabaseOptions, role: &str) -> Result<Vec<String>, DbError> {
    let config = ConnectionConfig::new(database, &[], CONNECT)?;
    let client = config.client().await?;
    let known = format!("SELECT 1 FROM pg_roles WHERE rolname = {}", quoted(role));
    let known = engine::ask(&client, &known).await;
    if known.map_err(|error| unavailable(&error))?.is_none() {
        let reason = format!("it has no role {role:?}: make it with `createuser`");
        return Err(config.unsuitable(reason));
    }
    let statements = format!(
        "SELECT format('GRANT %s ON %s %s TO %I;', privileges, kind, objects, {}) \
         FROM (SELECT kind, privileges, string_agg(object, ', ' ORDER BY object) AS objects \
               FROM (SELECT kind, object, string_agg(privilege, ', ' ORDER BY privilege) AS privileges \
                     FROM needed GROUP BY kind, object) AS by_object \
               GROUP BY kind, privileges ORDER BY kind, privileges) AS by_kind",
        quoted(role)
    );
    let mut grants = needed(&client, &config, &statements).await?;
    let (schema, role) = (
        engine::identifier(config.schema()),
        engine::identifier(role),
    );
    for what in [
        "SELECT, INSERT, UPDATE, DELETE ON TABLES",
        "USAGE, SELECT ON SEQUENCES",
        "EXECUTE ON ROUTINES",
    ] {
        grants.push(format!(
            "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {what} TO {role};"
        ));
    }
    Ok(grants)
}

/// The privileges that the present user lacks, by object: `SELECT, INSERT on table users`.
async fn missing(client: &Client, config: &ConnectionConfig) -> Result<Vec<String>, DbError> {
    let missing = "SELECT string_agg(privilege, ', ' ORDER BY privilege) || ' on ' || lower(kind) || ' ' || object
                   FROM needed WHERE NOT held GROUP BY kind, object
                   ORDER BY array_position(ARRAY['SCHEMA', 'TABLE', 'SEQUENCE', 'ROUTINE'], kind), object";
    needed(client, config, missing).await
}

/// The first column of a query over the needed privileges.
async fn needed(
    client: &Client,
    config: &ConnectionConfig,
    query: &str,
) -> Result<Vec<String>, DbError> {
    let schema = quoted(config.schema());
    // Without a schema in the path all names are printed with theirs.
    let statement = format!(
        "SET search_path = pg_catalog; WITH needed AS (SELECT needed.* FROM \
         (SELECT oid AS place FROM pg_namespace WHERE nspname = {schema}) AS places, \
         LATERAL ({NEEDED}) AS needed) {query}"
    );
    let messages = client.simple_query(&statement).await;
    let messages = messages.map_err(|error| unavailable(&error))?;
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    Ok(rows.collect())
}

fn shortened(missing: &[String]) -> String {
    let named = missing[..missing.len().min(NAMED)].join("; ");
    match missing.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}; and on {more} more"),
    }
}
