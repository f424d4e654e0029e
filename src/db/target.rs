//! Where a database URL leads, and how a connection to it is made.

use std::time::Duration;

use diesel_async::AsyncPgConnection;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{DbError, reason};
use super::tls::{self, Trust};

/// What a connection's bytes travel through where they are encrypted.
type Tls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// A database URL, read: connections can be made from it.
///
/// `sslmode` means what it means to libpq: `disable`, `prefer` (the default) and `require`
/// encrypt, or not, without asking who answers; `verify-ca` and `verify-full` check the server's
/// certificate, against the machine's roots or the PEM file in `sslrootcert`. Naming a
/// `sslrootcert` turns `require` into `verify-ca`, as in libpq. A Unix socket is never encrypted.
pub(super) struct Target {
    config: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    server: String,
}

impl Target {
    /// Reads `url`. `settings` are PostgreSQL settings for each connection, which the URL's own
    /// `options=-c …` override; `connect` bounds each attempt to reach a host.
    pub(super) fn parse(
        url: &str,
        settings: &[(&str, String)],
        connect: Duration,
    ) -> Result<Target, DbError> {
        let (url, encryption) = take_encryption(url)?;
        let mut config: tokio_postgres::Config = url
            .parse()
            .map_err(|e: tokio_postgres::Error| DbError::BadUrl(reason(&e)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(DbError::BadUrl("it names no host".into()));
        }
        if config.get_dbname().is_none() {
            return Err(DbError::BadUrl("it names no database".into()));
        }
        let local = config
            .get_hosts()
            .iter()
            .all(|host| matches!(host, Host::Unix(_)));
        config.ssl_mode(if local {
            SslMode::Disable
        } else {
            encryption.mode
        });
        let tls = tls::connector(if local {
            Trust::Anyone
        } else {
            encryption.trust
        })?;
        fill_gaps(&mut config, settings, connect);
        let server = describe(&config);
        Ok(Target {
            config,
            tls,
            server,
        })
    }

    /// Makes one connection.
    ///
    /// Errors: all of [`DbError`] but `BadUrl` and `Migration`.
    pub(super) async fn connect(&self) -> Result<AsyncPgConnection, DbError> {
        let (client, connection) = self.open().await?;
        AsyncPgConnection::try_from_client_and_connection(client, connection)
            .await
            .map_err(|error| DbError::Unavailable(reason(&error)))
    }

    /// Opens one connection below diesel, for what diesel does not offer. Whoever takes it must
    /// drive the second half.
    ///
    /// Errors: all of [`DbError`] but `BadUrl` and `Migration`.
    pub(super) async fn open(&self) -> Result<(Client, Connection<Socket, Tls>), DbError> {
        let connected = self.config.connect(self.tls.clone()).await;
        connected.map_err(|error| DbError::from_connecting(&error, &self.config, &self.server))
    }

    /// The TLS side, for what is said beside a connection.
    pub(super) fn tls(&self) -> MakeRustlsConnect {
        self.tls.clone()
    }

    /// Host and port, or the socket's folder: for messages.
    pub(super) fn server(&self) -> &str {
        &self.server
    }
}

/// The part of a URL that tokio-postgres does not understand.
struct Encryption {
    mode: SslMode,
    trust: Trust,
}

/// Splits `sslmode` and `sslrootcert` off the URL. Never repeats the URL in an error: it may
/// carry a password.
fn take_encryption(url: &str) -> Result<(String, Encryption), DbError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(DbError::BadUrl(
            "it must begin with postgres:// or postgresql://".into(),
        ));
    }
    // A `?` in a password is no start of parameters; a bare `@` in one would cut it in two, and
    // its rest would be shown as a host name.
    let after_user = url.find('@').map_or(0, |at| at + 1);
    let (place, query) = url[after_user..]
        .split_once('?')
        .unwrap_or((&url[after_user..], ""));
    if place.contains('@') {
        return Err(DbError::BadUrl(
            "an @ in its user name or password must be written %40".into(),
        ));
    }
    let (mut mode, mut roots, mut others) = ("prefer", None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = value,
            Some(("sslrootcert", value)) => roots = Some(decode(value)?),
            _ => others.push(pair),
        }
    }
    let mut rest = format!("{}{place}", &url[..after_user]);
    if !others.is_empty() {
        rest = format!("{rest}?{}", others.join("&"));
    }
    Ok((rest, encryption(mode, roots)?))
}

fn encryption(mode: &str, roots: Option<String>) -> Result<Encryption, DbError> {
    let (mode, trust) = match (mode, roots) {
        ("disable", _) => (SslMode::Disable, Trust::Anyone),
        ("prefer", _) => (SslMode::Prefer, Trust::Anyone),
        ("require", None) => (SslMode::Require, Trust::Anyone),
        ("require" | "verify-ca", roots) => (SslMode::Require, Trust::Authority(roots)),
        ("verify-full", roots) => (SslMode::Require, Trust::AuthorityAndName(roots)),
        _ => {
            return Err(DbError::BadUrl(
                "its sslmode must be disable, prefer, require, verify-ca or verify-full".into(),
            ));
        }
    };
    Ok(Encryption { mode, trust })
}

/// Undoes percent-encoding, by the parser that reads the rest of the URL.
fn decode(value: &str) -> Result<String, DbError> {
    let config: tokio_postgres::Config =
        format!("postgres:///?application_name={value}")
            .parse()
            .map_err(|e: tokio_postgres::Error| DbError::BadUrl(reason(&e)))?;
    Ok(config.get_application_name().unwrap_or_default().to_owned())
}

/// Sets what the URL leaves open.
fn fill_gaps(config: &mut tokio_postgres::Config, settings: &[(&str, String)], connect: Duration) {
    if config.get_application_name().is_none() {
        config.application_name("crm");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(connect);
    }
    // A server that vanished without a word (a failover, a pulled cable) is noticed within a
    // minute or so, where the system's defaults take a quarter of an hour to two hours.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(30));
    }
    if config.get_keepalives_idle() == Duration::from_secs(2 * 60 * 60) {
        config.keepalives_idle(Duration::from_secs(60));
    }
    // The last one wins, so the URL's options come after ours.
    let mut options: Vec<String> = settings
        .iter()
        .map(|(name, value)| format!("-c {name}={value}"))
        .collect();
    options.extend(config.get_options().map(str::to_owned));
    config.options(options.join(" "));
}

fn describe(config: &tokio_postgres::Config) -> String {
    let port = |at: usize| {
        let ports = config.get_ports();
        ports.get(at).or(ports.first()).copied().unwrap_or(5432)
    };
    let hosts = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(at, host)| match host {
            Host::Tcp(name) => format!("{name}:{}", port(at)),
            Host::Unix(folder) => folder.display().to_string(),
        });
    let mut places: Vec<String> = hosts.collect();
    if places.is_empty() {
        let addresses = config.get_hostaddrs().iter().enumerate();
        places = addresses
            .map(|(at, address)| format!("{address}:{}", port(at)))
            .collect();
    }
    places.join(", ")
}
