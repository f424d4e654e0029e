use std::path::Path;
use std::time::Duration;

use clap::Args;

use crate::config::value::schema;
use crate::db::{DatabaseOptions, PoolOptions, UrlDefaults};

/// The operator's PostgreSQL, and how connections to any are had.
#[derive(Args, Debug, Clone)]
pub struct DatabaseConfig {
    /// The PostgreSQL database, `postgres://user:password@host/name?sslmode=verify-full`. Without
    /// it the program runs a PostgreSQL of its own.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,

    /// The schema that the tables are in; it is made if it is not there.
    #[arg(long, env = "CRM_SCHEMA", default_value = "public", value_parser = schema, global = true)]
    pub schema: String,

    /// Leaves the tables as they are, for a user who may only read and write rows: a database that
    /// lacks a migration, or a user who lacks a privilege, is refused.
    #[arg(long, env = "CRM_NO_MIGRATE", global = true)]
    pub no_migrate: bool,

    /// The host, or the folder of its socket, where DATABASE_URL names none.
    #[arg(long, env = "PGHOST", global = true)]
    pub pg_host: Option<String>,

    /// The port, where DATABASE_URL names none.
    #[arg(long, env = "PGPORT", global = true)]
    pub pg_port: Option<String>,

    /// The user, where DATABASE_URL names none.
    #[arg(long, env = "PGUSER", global = true)]
    pub pg_user: Option<String>,

    /// The password, where DATABASE_URL names none.
    #[arg(long, env = "PGPASSWORD", hide_env_values = true, global = true)]
    pub pg_password: Option<String>,

    /// The file of passwords, where none is named at all. Default: ~/.pgpass.
    #[arg(long, env = "PGPASSFILE", global = true)]
    pub pg_passfile: Option<String>,

    /// The name of the database, where DATABASE_URL names none.
    #[arg(long, env = "PGDATABASE", global = true)]
    pub pg_database: Option<String>,

    /// The sslmode, where DATABASE_URL names none.
    #[arg(long, env = "PGSSLMODE", global = true)]
    pub pg_sslmode: Option<String>,

    /// The file of the client's certificate, where DATABASE_URL has no sslcert.
    #[arg(long, env = "PGSSLCERT", global = true)]
    pub pg_sslcert: Option<String>,

    /// The file of its key, where DATABASE_URL has no sslkey.
    #[arg(long, env = "PGSSLKEY", global = true)]
    pub pg_sslkey: Option<String>,

    /// The file of root certificates, where DATABASE_URL has no sslrootcert.
    #[arg(long, env = "PGSSLROOTCERT", global = true)]
    pub pg_sslrootcert: Option<String>,

    /// The most connections to PostgreSQL.
    #[arg(long, env = "CRM_POOL_SIZE", default_value_t = 16,
        value_parser = clap::value_parser!(u16).range(1..), global = true)]
    pub pool_size: u16,

    /// Longest wait of a request for a connection, in milliseconds.
    #[arg(long, env = "CRM_POOL_WAIT_MS", default_value_t = 1_000, global = true)]
    pub pool_wait_ms: u64,

    /// Time limit of a statement, in milliseconds.
    #[arg(
        long,
        env = "CRM_STATEMENT_TIMEOUT_MS",
        default_value_t = 30_000,
        global = true
    )]
    pub statement_timeout_ms: u64,

    /// Longest wait of a statement for a lock, in milliseconds.
    #[arg(
        long,
        env = "CRM_LOCK_TIMEOUT_MS",
        default_value_t = 10_000,
        global = true
    )]
    pub lock_timeout_ms: u64,

    /// Longest rest of a transaction between two statements, in milliseconds.
    #[arg(
        long,
        env = "CRM_IDLE_TRANSACTION_TIMEOUT_MS",
        default_value_t = 10_000,
        global = true
    )]
    pub idle_transaction_timeout_ms: u64,

    /// Time after which a statement's name is logged, in milliseconds; 0: never.
    #[arg(
        long,
        env = "CRM_SLOW_STATEMENT_MS",
        default_value_t = 500,
        global = true
    )]
    pub slow_statement_ms: u64,
}

impl DatabaseConfig {
    /// The operator's database, if one is named: only then the rest of what PostgreSQL's clients take
    /// counts, too. `home` is where the file of passwords usually is.
    pub fn named(&self, home: Option<&Path>) -> Option<DatabaseOptions> {
        let url = self.database_url.as_deref()?.trim();
        let trimmed = |text: &Option<String>| text.as_ref().map(|text| text.trim().to_owned());
        let usual = home.map(|home| home.join(".pgpass").to_string_lossy().into_owned());
        let options = DatabaseOptions {
            url: url.to_owned(),
            schema: self.schema.clone(),
            defaults: UrlDefaults {
                host: trimmed(&self.pg_host),
                port: trimmed(&self.pg_port),
                user: trimmed(&self.pg_user),
                // A blank may be part of it.
                password: self.pg_password.clone(),
                passfile: trimmed(&self.pg_passfile).or(usual),
                dbname: trimmed(&self.pg_database),
                sslmode: trimmed(&self.pg_sslmode),
                sslcert: trimmed(&self.pg_sslcert),
                sslkey: trimmed(&self.pg_sslkey),
                sslrootcert: trimmed(&self.pg_sslrootcert),
            },
        };
        (!url.is_empty()).then_some(options)
    }

    /// The program's own, at this URL.
    pub fn own(&self, url: &str) -> DatabaseOptions {
        DatabaseOptions {
            schema: self.schema.clone(),
            ..url.into()
        }
    }

    /// Options of the pool.
    pub fn pool(&self) -> PoolOptions {
        PoolOptions {
            size: self.pool_size.into(),
            wait: Duration::from_millis(self.pool_wait_ms),
            statement_timeout: Duration::from_millis(self.statement_timeout_ms),
            lock_timeout: Duration::from_millis(self.lock_timeout_ms),
            idle_in_transaction_timeout: Duration::from_millis(self.idle_transaction_timeout_ms),
            slow: (self.slow_statement_ms > 0)
                .then(|| Duration::from_millis(self.slow_statement_ms)),
            ..PoolOptions::default()
        }
    }
}
