//! What the operator decides: flags and environment variables, in one place.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use jsonwebtoken::Algorithm;

use crate::db::PoolOptions;
use crate::db::embedded::EmbeddedOptions;
use crate::graphql::Settings;
use crate::http::{ConnectionLimits, OidcSettings, Provider, UserClaim};

/// The password of the first administrator in development, where none is given.
pub const DEVELOPMENT_PASSWORD: &str = "development-only";
/// The address of the first administrator in development, where none is given.
pub const DEVELOPMENT_EMAIL: &str = "admin@example.com";

/// What the program runs for.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// On a laptop: own PostgreSQL, first administrator, demo data, GraphiQL, introspection.
    Development,
    /// For a company: its PostgreSQL, nothing made up, no GraphiQL, introspection for
    /// administrators only.
    Production,
    /// For automated tests: as development, without demo data and GraphiQL.
    Test,
}

/// Everything that can be decided from outside. Each flag has an environment variable.
#[derive(Args, Debug, Clone)]
pub struct Config {
    /// What the program runs for.
    #[arg(
        long,
        env = "CRM_PROFILE",
        value_enum,
        default_value = "development",
        global = true
    )]
    pub profile: Profile,

    /// The PostgreSQL database, `postgres://user:password@host/name?sslmode=verify-full`. Without
    /// it the program runs a PostgreSQL of its own.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,

    /// The address and port to listen on.
    #[arg(long, env = "CRM_LISTEN", default_value = "127.0.0.1:8000",
        value_parser = socket_address, global = true)]
    pub listen: SocketAddr,

    /// The folder for the data of the program's own PostgreSQL. Default: one for each working
    /// folder, below ~/.local/share/crm or, for root, /var/lib/crm.
    #[arg(long, env = "CRM_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,

    /// The folder of the programs `postgres` and `initdb`. Default: looked for.
    #[arg(long, env = "CRM_PG_BIN", global = true)]
    pub pg_bin: Option<PathBuf>,

    /// The e-mail address of the first administrator, who is created if there is none.
    #[arg(long, env = "CRM_ADMIN_EMAIL", global = true)]
    pub admin_email: Option<String>,

    /// The password of the first administrator, 10–200 characters.
    #[arg(
        long,
        env = "CRM_ADMIN_PASSWORD",
        hide_env_values = true,
        global = true
    )]
    pub admin_password: Option<String>,

    /// How long a session lasts, in hours.
    #[arg(long, env = "CRM_SESSION_HOURS", default_value_t = 12,
        value_parser = clap::value_parser!(u32).range(1..=8760), global = true)]
    pub session_hours: u32,

    /// The most leads that one bulk change may select.
    #[arg(long, env = "CRM_BULK_LIMIT", default_value_t = 10_000, global = true)]
    pub bulk_limit: usize,

    /// The largest request body, in bytes.
    #[arg(long, env = "CRM_BODY_LIMIT", default_value_t = 1024 * 1024, global = true)]
    pub body_limit: usize,

    /// The most connections of clients at a time; further ones wait.
    #[arg(long, env = "CRM_MAX_CONNECTIONS", default_value_t = 1024,
        value_parser = clap::value_parser!(u16).range(1..), global = true)]
    pub max_connections: u16,

    /// How long a client may take to send a request's head, in milliseconds.
    #[arg(
        long,
        env = "CRM_HEADER_TIMEOUT_MS",
        default_value_t = 5_000,
        global = true
    )]
    pub header_timeout_ms: u64,

    /// How long requests in flight may take to end at a stop, in milliseconds.
    #[arg(long, env = "CRM_DRAIN_MS", default_value_t = 8_000, global = true)]
    pub drain_ms: u64,

    /// Answers queries by GET too, for caches in between. Changes are only ever taken by POST.
    #[arg(long, env = "CRM_ALLOW_GET", global = true)]
    pub allow_get: bool,

    /// The proxies, by address or network (`10.0.0.0/8`), that are believed when they say in
    /// X-Forwarded-For for whom they speak. Attempts to sign in are counted by address.
    #[arg(long, env = "CRM_TRUSTED_PROXIES", value_delimiter = ',',
        value_parser = network, global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// The identity provider whose tokens are taken, too: what `iss` must be, a URL. Without a
    /// --oidc-jwks-url the provider is discovered below it.
    #[arg(
        long,
        env = "CRM_OIDC_ISSUER",
        requires = "oidc_audience",
        global = true
    )]
    pub oidc_issuer: Option<String>,

    /// What the identity provider's tokens must have in `aud`.
    #[arg(
        long,
        env = "CRM_OIDC_AUDIENCE",
        requires = "oidc_issuer",
        global = true
    )]
    pub oidc_audience: Option<String>,

    /// By which claim users are found: the verified e-mail address, or the subject, which
    /// administrators note at the user.
    #[arg(
        long,
        env = "CRM_OIDC_USER_CLAIM",
        default_value = "email",
        value_parser = user_claim,
        global = true
    )]
    pub oidc_user_claim: UserClaim,

    /// Where the identity provider's keys are.
    #[arg(
        long,
        env = "CRM_OIDC_JWKS_URL",
        requires = "oidc_issuer",
        global = true
    )]
    pub oidc_jwks_url: Option<String>,

    /// The algorithms that the identity provider's tokens may be signed with.
    #[arg(
        long,
        env = "CRM_OIDC_ALGORITHMS",
        value_delimiter = ',',
        default_value = "RS256,ES256",
        value_parser = algorithm,
        global = true
    )]
    pub oidc_algorithms: Vec<Algorithm>,

    /// The most connections to PostgreSQL.
    #[arg(long, env = "CRM_POOL_SIZE", default_value_t = 16,
        value_parser = clap::value_parser!(u16).range(1..), global = true)]
    pub pool_size: u16,

    /// How long a request waits for a connection, in milliseconds.
    #[arg(long, env = "CRM_POOL_WAIT_MS", default_value_t = 1_000, global = true)]
    pub pool_wait_ms: u64,

    /// How long a statement may run, in milliseconds.
    #[arg(
        long,
        env = "CRM_STATEMENT_TIMEOUT_MS",
        default_value_t = 30_000,
        global = true
    )]
    pub statement_timeout_ms: u64,

    /// How long a statement waits for a lock, in milliseconds.
    #[arg(
        long,
        env = "CRM_LOCK_TIMEOUT_MS",
        default_value_t = 10_000,
        global = true
    )]
    pub lock_timeout_ms: u64,

    /// How long a transaction may rest between two statements, in milliseconds.
    #[arg(
        long,
        env = "CRM_IDLE_TRANSACTION_TIMEOUT_MS",
        default_value_t = 10_000,
        global = true
    )]
    pub idle_transaction_timeout_ms: u64,

    /// What is logged: a level, or levels by module (`info,crm=debug`).
    #[arg(long, env = "CRM_LOG", default_value = "info", global = true)]
    pub log: String,

    /// How it is logged, on standard error.
    #[arg(
        long,
        env = "CRM_LOG_FORMAT",
        value_enum,
        default_value = "text",
        global = true
    )]
    pub log_format: LogFormat,

    #[arg(long, env = "XDG_DATA_HOME", hide = true, global = true)]
    data_home: Option<PathBuf>,

    #[arg(long, env = "HOME", hide = true, global = true)]
    home: Option<PathBuf>,
}

fn network(text: &str) -> Result<IpNet, String> {
    let net = text
        .parse()
        .or_else(|_| text.parse().map(|address: IpAddr| IpNet::from(address)));
    net.map_err(|_| "is not an address or a network, like 10.0.0.0/8".to_owned())
}

fn user_claim(text: &str) -> Result<UserClaim, &'static str> {
    match text {
        "email" => Ok(UserClaim::Email),
        "sub" => Ok(UserClaim::Sub),
        _ => Err("must be email or sub"),
    }
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse()
        .map_err(|_| "is no algorithm, like RS256 or ES256".to_owned())
}

fn socket_address(text: &str) -> Result<SocketAddr, &'static str> {
    let wanted = "an IP address and a port are needed, such as 127.0.0.1:8000, or 0.0.0.0:8000 to \
                  listen on all addresses";
    text.parse().map_err(|_| wanted)
}

/// How log lines look.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// How connections are had.
    pub fn pool(&self) -> PoolOptions {
        PoolOptions {
            size: self.pool_size.into(),
            wait: Duration::from_millis(self.pool_wait_ms),
            statement_timeout: Duration::from_millis(self.statement_timeout_ms),
            lock_timeout: Duration::from_millis(self.lock_timeout_ms),
            idle_in_transaction_timeout: Duration::from_millis(self.idle_transaction_timeout_ms),
            ..PoolOptions::default()
        }
    }

    /// What a client's connection may cost.
    pub fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            connections: self.max_connections.into(),
            header: Duration::from_millis(self.header_timeout_ms),
            drain: Duration::from_millis(self.drain_ms),
        }
    }

    /// How the program's own PostgreSQL is had.
    pub fn embedded(&self) -> EmbeddedOptions {
        EmbeddedOptions {
            bin: self.pg_bin.clone(),
            data_dir: self.data_dir.clone(),
            data_home: self.data_home.clone(),
            fetch: self.profile == Profile::Development,
            ..EmbeddedOptions::default()
        }
    }

    /// The identity provider, if there is one. Errors: a URL that keys must not be fetched from.
    pub fn provider(&self) -> Result<Option<Provider>, String> {
        let (Some(issuer), Some(audience)) = (&self.oidc_issuer, &self.oidc_audience) else {
            return Ok(None);
        };
        let settings = OidcSettings {
            issuer: issuer.clone(),
            audience: audience.clone(),
            user_claim: self.oidc_user_claim,
            jwks_url: self.oidc_jwks_url.clone(),
            algorithms: self.oidc_algorithms.clone(),
            ask_again_after: Duration::from_secs(10),
            keys_serve_for: Duration::from_secs(24 * 60 * 60),
        };
        let provider = Provider::new(settings).map_err(|error| format!("CRM_OIDC: {error}"))?;
        Ok(Some(provider))
    }

    /// What the API is told.
    pub fn settings(&self) -> Settings {
        Settings {
            bulk_limit: self.bulk_limit,
            session_lifetime: TimeDelta::hours(self.session_hours.into()),
        }
    }

    /// The first administrator's address and password; in production only if both are given.
    pub fn first_admin(&self) -> Option<(String, String)> {
        match (&self.admin_email, &self.admin_password, self.profile) {
            (Some(email), Some(password), _) => Some((email.clone(), password.clone())),
            (_, _, Profile::Production) => None,
            (email, password, _) => Some((
                email
                    .clone()
                    .unwrap_or_else(|| DEVELOPMENT_EMAIL.to_owned()),
                password
                    .clone()
                    .unwrap_or_else(|| DEVELOPMENT_PASSWORD.to_owned()),
            )),
        }
    }

    /// Where files go that the program fetches, if its own PostgreSQL has no folder.
    pub fn asset_folder(&self) -> PathBuf {
        let data_home = || {
            self.data_home
                .clone()
                .or(self.home.as_ref().map(|home| home.join(".local/share")))
        };
        self.data_dir
            .clone()
            .unwrap_or_else(|| data_home().unwrap_or_default().join("crm"))
    }
}
