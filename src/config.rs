//! The operator's settings: flags and environment variables, in one place.

mod address;
mod database;
mod environment;
mod identity_provider;
mod limits;
mod profile;
mod value;

pub use address::AddressConfig;
pub use database::DatabaseConfig;
pub use environment::{removed_settings, without_empty_variables};
pub use identity_provider::OidcConfig;
pub use limits::LimitOptions;
pub use profile::Profile;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use chrono::TimeDelta;
use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use ipnet::IpNet;

use crate::db::DatabaseOptions;
use crate::db::embedded::EmbeddedOptions;
use crate::graphql::Settings;
use crate::http::{BodyLimits, BrowserHeaders, ConnectionLimits};
use crate::service::sessions::{PUBLISHED_PASSWORD, SignInPolicy};
use crate::service::text::PhoneRegion;

/// The address of the first administrator in development, where none is given.
pub const DEVELOPMENT_EMAIL: &str = "admin@example.com";

/// Everything that can be decided from outside. Each flag has an environment variable.
#[derive(Args, Debug, Clone)]
pub struct Config {
    /// The purpose of this installation.
    #[arg(
        long,
        env = "CRM_PROFILE",
        value_enum,
        default_value = "development",
        global = true
    )]
    pub profile: Profile,

    /// The database.
    #[command(flatten)]
    pub database: DatabaseConfig,

    /// The address of the service.
    #[command(flatten)]
    pub address: AddressConfig,

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

    /// Hours until a session that is not used ends. Each use prolongs it, up to 30 days in all.
    #[arg(long, env = "CRM_SESSION_HOURS", default_value_t = 12,
        value_parser = clap::value_parser!(u32).range(1..=720), global = true)]
    pub session_hours: u32,

    /// The most leads that one bulk change may select.
    #[arg(long, env = "CRM_BULK_LIMIT", default_value_t = 10_000, global = true)]
    pub bulk_limit: usize,

    /// The country of phone numbers that are written without one, by its two letters (`PL`). Without it
    /// a national number is refused unless its input names the country (`phoneRegion`).
    #[arg(long, env = "CRM_PHONE_REGION", global = true)]
    pub phone_region: Option<PhoneRegion>,

    /// A folder of `*.graphql` files: only their documents are answered then.
    #[arg(long, env = "CRM_TRUSTED_DOCUMENTS", global = true)]
    pub trusted_documents: Option<PathBuf>,

    /// The most connections of clients at a time. When all are taken, the one that has been without a
    /// valid token the longest is closed for the newcomer.
    #[arg(long, env = "CRM_MAX_CONNECTIONS", default_value_t = 1024,
        value_parser = clap::value_parser!(u16).range(1..), global = true)]
    pub max_connections: u16,

    /// The most connections of one address, of IPv6 a /64, that have not shown a valid token yet; for
    /// a further one the oldest of them is closed. Trusted proxies have as many as they like.
    #[arg(long, env = "CRM_CONNECTIONS_PER_ADDRESS", default_value_t = 64,
        value_parser = clap::value_parser!(u16).range(1..), global = true)]
    pub connections_per_address: u16,

    /// Time that a client has to send a request's head, in milliseconds.
    #[arg(
        long,
        env = "CRM_HEADER_TIMEOUT_MS",
        default_value_t = 5_000,
        global = true
    )]
    pub header_timeout_ms: u64,

    /// Time that a client has to send a request's body, and in which it must take 64 KB of
    /// an answer or the rest of it, in milliseconds.
    #[arg(long, env = "CRM_CLIENT_TIMEOUT_MS", default_value_t = 30_000,
        value_parser = clap::value_parser!(u64).range(1..=86_400_000), global = true)]
    pub client_timeout_ms: u64,

    /// Time that a connection may rest between two requests, in milliseconds: longer than a proxy in
    /// front keeps it, so that no request meets a connection that is being closed.
    #[arg(long, env = "CRM_KEEP_ALIVE_MS", default_value_t = 75_000,
        value_parser = clap::value_parser!(u64).range(1..=86_400_000), global = true)]
    pub keep_alive_ms: u64,

    /// Time that requests in flight have to end at a stop, in milliseconds.
    #[arg(long, env = "CRM_DRAIN_MS", default_value_t = 8_000, global = true)]
    pub drain_ms: u64,

    /// Time for which new requests are still taken once the program was told to stop, in milliseconds:
    /// /readyz says no already, so that a load balancer sends no more.
    #[arg(long, env = "CRM_STOP_DELAY_MS", default_value_t = 300, global = true)]
    pub stop_delay_ms: u64,

    /// Answers queries by GET too: `true` or `false`. Changes are only ever taken by POST. Default: true
    /// in development, else false.
    #[arg(long, env = "CRM_ALLOW_GET", num_args = 0..=1, default_missing_value = "true",
        require_equals = true, value_parser = BoolishValueParser::new(), global = true)]
    pub allow_get: Option<bool>,

    /// Compression of answers of a kilobyte and more, for clients that accept it.
    #[arg(
        long,
        env = "CRM_COMPRESSION",
        value_enum,
        default_value = "gzip",
        global = true
    )]
    pub compression: Compression,

    /// Time limit of a request, in milliseconds. A query is then given up, a change undone.
    #[arg(long, env = "CRM_REQUEST_TIMEOUT_MS", default_value_t = 30_000,
        value_parser = clap::value_parser!(u64).range(1..=86_400_000), global = true)]
    pub request_timeout_ms: u64,

    /// Time limit of a download of leads, in minutes. PostgreSQL keeps what is deleted meanwhile.
    #[arg(long, env = "CRM_EXPORT_MINUTES", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=1440), global = true)]
    pub export_minutes: u64,

    /// The proxies, by address or network (`10.0.0.0/8`), that are believed when they say in
    /// X-Forwarded-For for whom they speak. Attempts to sign in are counted by address.
    #[arg(long, env = "CRM_TRUSTED_PROXIES", value_delimiter = ',',
        value_parser = value::network, global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// The origins (`https://app.example.com`) whose pages may ask by a browser, several with commas.
    /// Without one only the service's own pages may; in development those of this machine, too.
    #[arg(long, env = "CRM_CORS_ORIGINS", value_delimiter = ',',
        value_parser = value::origin, global = true)]
    pub cors_origins: Vec<HeaderValue>,

    /// The request headers that pages of those origins may set besides the usual ones, several with
    /// commas. A header that is not allowed keeps a browser from asking.
    #[arg(long, env = "CRM_CORS_HEADERS", value_delimiter = ',',
        value_parser = value::header_name, global = true)]
    pub cors_headers: Vec<HeaderName>,

    /// For how many seconds browsers are to ask by https only (Strict-Transport-Security), where a
    /// proxy in front speaks it. 0: it is not said.
    #[arg(long, env = "CRM_HSTS_SECONDS", default_value_t = 0, global = true)]
    pub hsts_seconds: u32,

    /// The identity provider whose tokens are taken, too.
    #[command(flatten)]
    pub oidc: OidcConfig,

    /// Log level, or levels by module (`info,crm=debug`).
    #[arg(long, env = "CRM_LOG", default_value = "info", global = true)]
    pub log: String,

    /// Format of the log, on standard error.
    #[arg(
        long,
        env = "CRM_LOG_FORMAT",
        value_enum,
        default_value = "text",
        global = true
    )]
    pub log_format: LogFormat,

    /// The address and port for /metrics, /healthz and /readyz alone, which the API's address then
    /// has no more. Without it /metrics is there too, but not in team and production.
    #[arg(long, env = "CRM_MONITOR_LISTEN", value_parser = value::socket_address, global = true)]
    pub monitor_listen: Option<SocketAddr>,

    /// The OpenTelemetry collector that traces are sent to, by OTLP over HTTP:
    /// `http://127.0.0.1:4318`. Without it there are no traces.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_parser = value::collector, global = true)]
    pub otlp_endpoint: Option<String>,
    /// Limits of a request.
    #[command(flatten)]
    pub limits: LimitOptions,

    #[arg(long, env = "XDG_DATA_HOME", hide = true, global = true)]
    data_home: Option<PathBuf>,

    #[arg(long, env = "HOME", hide = true, global = true)]
    home: Option<PathBuf>,
}

/// Format of log lines.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Compression of answers.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// By gzip, on its fastest level.
    Gzip,
    /// None: a proxy in front compresses, or nobody.
    Off,
}

impl Config {
    /// The operator's database, if one is named.
    pub fn named_database(&self) -> Option<DatabaseOptions> {
        self.database.named(self.home.as_deref())
    }

    /// Limits and deadlines of connections.
    pub fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            connections: self.max_connections.into(),
            per_address: self.connections_per_address.into(),
            trusted_proxies: self.trusted_proxies.clone(),
            header: Duration::from_millis(self.header_timeout_ms),
            client: Duration::from_millis(self.client_timeout_ms),
            keep_alive: Duration::from_millis(self.keep_alive_ms),
            drain: Duration::from_millis(self.drain_ms),
        }
    }

    /// Limits of a request's body.
    pub fn body_limits(&self) -> BodyLimits {
        BodyLimits {
            bytes: self.limits.body_limit,
            time: Duration::from_millis(self.client_timeout_ms),
        }
    }

    /// Options of the program's own PostgreSQL.
    pub fn embedded(&self) -> EmbeddedOptions {
        EmbeddedOptions {
            bin: self.pg_bin.clone(),
            data_dir: self.data_dir.clone(),
            data_home: self.data_home.clone(),
            fetch: self.profile != Profile::Test && self.profile != Profile::Production,
            ..EmbeddedOptions::default()
        }
    }

    /// Security headers and CORS.
    pub fn browsers(&self) -> BrowserHeaders {
        BrowserHeaders {
            origins: self.cors_origins.clone(),
            loopback_origins: self.profile == Profile::Development,
            request_headers: self.cors_headers.clone(),
            https_only_seconds: self.hsts_seconds,
        }
    }

    /// True if queries are answered by GET too.
    pub fn allow_get(&self) -> bool {
        self.allow_get
            .unwrap_or(self.profile == Profile::Development)
    }

    /// Settings of the API, which people open at this URL.
    pub fn settings(&self, public_url: String) -> Settings {
        Settings {
            public_url,
            bulk_limit: self.bulk_limit,
            sign_in: self.sign_in(),
            limits: self.limits.limits(),
            request_timeout: Duration::from_millis(self.request_timeout_ms),
            introspection_for_all: self.profile != Profile::Production,
        }
    }

    /// The rules of signing in.
    pub fn sign_in(&self) -> SignInPolicy {
        SignInPolicy {
            lifetime: TimeDelta::hours(self.session_hours.into()),
            demo_accounts: !self.profile.is_shared(),
        }
    }

    /// The first administrator's address and password; where others sign in only if both are given.
    pub fn first_admin(&self) -> Option<(String, String)> {
        match (&self.admin_email, &self.admin_password, self.profile) {
            (Some(email), Some(password), _) => Some((email.clone(), password.clone())),
            (_, _, profile) if profile.is_shared() => None,
            (email, password, _) => Some((
                email
                    .clone()
                    .unwrap_or_else(|| DEVELOPMENT_EMAIL.to_owned()),
                password
                    .clone()
                    .unwrap_or_else(|| PUBLISHED_PASSWORD.to_owned()),
            )),
        }
    }

    /// The folder of files that the program fetches, if its own PostgreSQL has none.
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
