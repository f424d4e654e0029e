//! The address of a database, and how connections to it are opened.

mod libpq;
mod options;
mod passfile;
mod session;
mod url;

use std::time::Duration;

use diesel_async::AsyncPgConnection;
use futures_util::future::BoxFuture;
use nix::unistd::{Uid, User};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Connection, Error, SimpleQueryMessage, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(super) use self::libpq::libpq_variables;
pub use self::options::{DatabaseOptions, UrlDefaults};
use self::passfile::Login;
use self::session::Settings;
pub(super) use self::session::{EXTENSIONS, quoted};
use self::url::{Parameters, bad};
use super::error::{DbError, reason};
use super::query_stats::carried;
use super::tls::{self, ClientFiles, ServerVerification};

/// The encrypted stream of a connection.
type Tls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// A database URL, read and completed: connections can be made from it.
///
/// `sslmode` has the meaning of libpq: `disable`, `allow`, `prefer` (the default) and `require` decide
/// about encryption without verifying the server; `verify-ca` and `verify-full` check the server's
/// certificate, against the machine's roots or the PEM file in `sslrootcert`. Setting
/// `sslrootcert` turns `require` into `verify-ca`, as in libpq. A Unix socket is never encrypted.
pub(super) struct ConnectionConfig {
    config: tokio_postgres::Config,
    /// The second try, if the server refuses the first one because of its encryption.
    otherwise: Option<SslMode>,
    tls: MakeRustlsConnect,
    server: String,
    schema: String,
    /// The statement that makes a new connection's settings.
    settings: String,
}

/// PostgreSQL's own limits on a connection; zero means none.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeLimits {
    pub(super) statement: Duration,
    pub(super) lock: Duration,
}

/// A connection with all of its settings: a client, and the future that drives its I/O.
pub(super) struct NewConnection {
    client: Client,
    connection: Connection<Socket, Tls>,
    limits: TimeLimits,
}

impl NewConnection {
    /// As a connection of diesel, which drives its I/O in a task.
    pub(super) async fn driven(self) -> Result<(AsyncPgConnection, TimeLimits), DbError> {
        AsyncPgConnection::try_from_client_and_connection(self.client, self.connection)
            .await
            .map(|connection| (connection, self.limits))
            .map_err(|error| DbError::Unavailable(reason(&error)))
    }
}

impl ConnectionConfig {
    /// Reads the URL. `settings` are PostgreSQL settings for each connection, which the URL's own
    /// `options=-c …` override; `connect` bounds each attempt to reach a host.
    pub(super) fn new(
        database: &DatabaseOptions,
        settings: &[(&str, String)],
        connect: Duration,
    ) -> Result<Self, DbError> {
        let mut parameters = Parameters::parse(&database.url)?;
        complete(&mut parameters, database)?;
        let encryption = Encryption::take(&mut parameters)?;
        let options = parameters.take("options").unwrap_or_default();
        let (settings, options) = Settings::of(settings, &options)?;
        let mut config: tokio_postgres::Config = parameters
            .in_one_line()
            .parse()
            .map_err(|e: Error| DbError::BadUrl(reason(&e)))?;
        if let Some(options) = options {
            config.options(options);
        }
        fill_gaps(&mut config, connect);
        let hosts = config.get_hosts();
        let is_local = hosts.iter().all(|host| matches!(host, Host::Unix(_)));
        let encryption = match is_local {
            true => Encryption::none(),
            false => encryption,
        };
        config.ssl_mode(encryption.mode);
        Ok(Self {
            server: describe(&config),
            otherwise: encryption.otherwise,
            tls: tls::connector(encryption.verification, encryption.client)?,
            settings: settings.statement(&database.schema),
            schema: database.schema.clone(),
            config,
        })
    }

    /// Makes one connection.
    ///
    /// Errors: all of [`DbError`] but `BadUrl` and `Migration`.
    pub(super) async fn connect(&self) -> Result<AsyncPgConnection, DbError> {
        Ok(self.open().await?.driven().await?.0)
    }

    /// Makes one connection below diesel, for what diesel does not offer. It ends when it is dropped.
    ///
    /// Errors: all of [`DbError`] but `BadUrl` and `Migration`.
    pub(super) async fn client(&self) -> Result<Client, DbError> {
        let NewConnection {
            client, connection, ..
        } = self.open().await?;
        // Errors of the I/O also reach the client, by its next call.
        tokio::spawn(carried(connection));
        Ok(client)
    }

    /// Opens one connection with all of its settings. The caller must drive its I/O.
    ///
    /// Its type is hidden in a box: every future that may ask for a connection contains this one, and
    /// the compiler looks through all of them, again and again.
    pub(super) fn open(&self) -> BoxFuture<'_, Result<NewConnection, DbError>> {
        Box::pin(async {
            let failed = |e: Error| DbError::from_connecting(&e, &self.config, &self.server);
            let (client, mut connection) = self.dial().await.map_err(failed)?;
            match connection.parameter("server_encoding") {
                None | Some("UTF8") => {}
                Some(other) => return Err(self.not_in_utf8(other)),
            }
            let answer = tokio::select! {
                biased;
                done = client.simple_query(&self.settings) => done.map_err(failed)?,
                _ = &mut connection => {
                    let reason = format!("PostgreSQL at {} closed the connection", self.server);
                    return Err(DbError::Unavailable(reason));
                }
            };
            Ok(NewConnection {
                client,
                connection,
                limits: limits(&answer),
            })
        })
    }

    async fn dial(&self) -> Result<(Client, Connection<Socket, Tls>), Error> {
        match (self.config.connect(self.tls.clone()).await, self.otherwise) {
            (Err(error), Some(mode)) if is_about_encryption(&error) => {
                let mut config = self.config.clone();
                config.ssl_mode(mode);
                config.connect(self.tls.clone()).await.map_err(|_| error)
            }
            (outcome, _) => outcome,
        }
    }

    fn not_in_utf8(&self, encoding: &str) -> DbError {
        let database = self.config.get_dbname().unwrap_or_default();
        self.unsuitable(format!(
            "its database {database:?} is encoded in {encoding}, not in UTF8: make another with \
             `createdb --template=template0 --encoding=UTF8` and name it in the database URL"
        ))
    }

    /// The error for a feature that this server, or its configuration, does not support.
    pub(super) fn unsuitable(&self, reason: String) -> DbError {
        let server = self.server.clone();
        DbError::Unsuitable { server, reason }
    }

    /// The TLS side, for cancel requests, which have connections of their own.
    pub(super) fn tls(&self) -> MakeRustlsConnect {
        self.tls.clone()
    }

    /// Host and port, or the socket's folder: for messages.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// The schema that the tables are in.
    pub(super) fn schema(&self) -> &str {
        &self.schema
    }
}

/// Reads the time limits from the answer to the statement that makes the settings.
fn limits(answer: &[SimpleQueryMessage]) -> TimeLimits {
    let last = answer.iter().rev().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let limit = |column| {
        let milliseconds = last.and_then(|row| row.try_get(column).ok().flatten());
        let milliseconds = milliseconds.and_then(|text: &str| text.parse().ok());
        Duration::from_millis(milliseconds.unwrap_or(0))
    };
    TimeLimits {
        statement: limit(0),
        lock: limit(1),
    }
}

/// The part of a URL that tokio-postgres does not understand.
struct Encryption {
    mode: SslMode,
    otherwise: Option<SslMode>,
    verification: ServerVerification,
    client: Option<ClientFiles>,
}

impl Encryption {
    fn none() -> Self {
        Self {
            mode: SslMode::Disable,
            otherwise: None,
            verification: ServerVerification::Nobody,
            client: None,
        }
    }

    /// Takes the parameters of encryption out of the others.
    fn take(parameters: &mut Parameters) -> Result<Self, DbError> {
        use ServerVerification::{Authority, AuthorityAndName, Nobody};
        let roots = parameters.take("sslrootcert");
        let mode = parameters.take("sslmode");
        let (mode, otherwise, verification) = match (mode.as_deref().unwrap_or("prefer"), roots) {
            ("disable", _) => (SslMode::Disable, None, Nobody),
            ("allow", _) => (SslMode::Disable, Some(SslMode::Require), Nobody),
            ("prefer", _) => (SslMode::Prefer, Some(SslMode::Disable), Nobody),
            ("require", None) => (SslMode::Require, None, Nobody),
            ("require" | "verify-ca", roots) => (SslMode::Require, None, Authority(roots)),
            ("verify-full", roots) => (SslMode::Require, None, AuthorityAndName(roots)),
            _ => {
                return Err(bad(
                    "its sslmode must be disable, allow, prefer, require, verify-ca or verify-full",
                ));
            }
        };
        let client = match (parameters.take("sslcert"), parameters.take("sslkey")) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some(ClientFiles { certificate, key }),
            _ => return Err(bad("sslcert and sslkey must both be named, or neither")),
        };
        Ok(Self {
            mode,
            otherwise,
            verification,
            client,
        })
    }
}

/// Adds the defaults of parts that the URL leaves out.
fn complete(parameters: &mut Parameters, database: &DatabaseOptions) -> Result<(), DbError> {
    let is_placed = parameters.get("hostaddr").is_some();
    for (key, value) in database.defaults.parameters() {
        if key != "host" || !is_placed {
            parameters.fill(key, value.as_deref());
        }
    }
    let user = User::from_uid(Uid::effective()).ok().flatten();
    parameters.fill("user", user.as_ref().map(|user| user.name.as_str()));
    // Without a host name, the certificate is checked against the address.
    let address = parameters.get("hostaddr").map(str::to_owned);
    parameters.fill("host", address.as_deref());
    let Some(hosts) = parameters.get("host") else {
        return Err(bad("it names no host, and PGHOST does not either"));
    };
    let Some(dbname) = parameters.get("dbname") else {
        return Err(bad("it names no database, and PGDATABASE does not either"));
    };
    let mut ports = parameters.get("port").unwrap_or_default().split(',');
    let first_port = ports
        .next()
        .filter(|port| !port.is_empty())
        .unwrap_or("5432");
    let ports = std::iter::once(first_port).chain(ports);
    let mut places = hosts
        .split(',')
        .zip(ports.chain(std::iter::repeat(first_port)));
    let found = parameters.get("passfile").and_then(|path| {
        places.find_map(|(host, port)| {
            let user = parameters.get("user").unwrap_or_default();
            let (port, database) = (if port.is_empty() { "5432" } else { port }, dbname);
            passfile::password(
                path,
                &Login {
                    host,
                    port,
                    database,
                    user,
                },
            )
        })
    });
    parameters.fill("password", found.as_deref());
    parameters.take("passfile");
    Ok(())
}

/// Sets the keep-alive and timeouts that the URL does not set.
fn fill_gaps(config: &mut tokio_postgres::Config, connect: Duration) {
    if config.get_application_name().is_none() {
        config.application_name("crm");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(connect);
    }
    // A server that vanished silently (a failover, a pulled cable) is noticed within about a
    // minute; with the system's defaults it takes a quarter of an hour to two hours.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(30));
    }
    if config.get_keepalives_idle() == Duration::from_secs(2 * 60 * 60) {
        config.keepalives_idle(Duration::from_secs(60));
    }
}

/// True if the server may accept the connection with the other choice of encryption: the TLS
/// handshake failed, or pg_hba.conf has no matching line. As in libpq.
fn is_about_encryption(error: &Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
        || error
            .to_string()
            .starts_with("error performing TLS handshake")
}

fn describe(config: &tokio_postgres::Config) -> String {
    let ports = config.get_ports();
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let hosts = config.get_hosts().iter().enumerate();
    let places = hosts.map(|(at, host)| match host {
        Host::Tcp(name) => format!("{name}:{}", port(at)),
        Host::Unix(folder) => folder.display().to_string(),
    });
    places.collect::<Vec<_>>().join(", ")
}
