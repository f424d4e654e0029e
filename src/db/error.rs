//! Errors between the program and its database.

use std::error::Error;

use diesel::result::Error as DieselError;
use tokio_postgres::error::SqlState;

use super::tls::CertificateFault;

/// The reason why there is no connection, or no migrated database. Each message is one sentence that
/// says what to do; none contains a password.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection was available in time, or the server went away: a retry may work.
    #[error("the database can't be used at the moment: {0}")]
    Unavailable(String),
    /// The request's deadline has passed: nothing is read for it any more.
    #[error("the request has taken longer than it may")]
    Late,
    /// The statement ran longer than PostgreSQL lets it.
    #[error("the statement has taken longer than it may")]
    StatementTimeout,
    /// The statement waited for a lock longer than PostgreSQL lets it.
    #[error("the statement has waited for a lock longer than it may")]
    LockTimeout,
    /// Cached authentication is outdated: the request has to be executed again.
    #[error("users, sessions or API keys have changed in the meantime")]
    Outdated,
    /// The server does not take this user's password, or wants one and the URL has none.
    #[error(
        "PostgreSQL at {server} refused the password of user {user:?}: \
         correct the user name and password in the database URL"
    )]
    WrongPassword {
        /// The user who was refused.
        user: String,
        /// Host and port, or the socket's folder.
        server: String,
    },
    /// The server has no such database.
    #[error(
        "PostgreSQL at {server} has no database {database:?}: \
         make it with `createdb`, or correct the name in the database URL"
    )]
    NoSuchDatabase {
        /// The requested name.
        database: String,
        /// Host and port, or the socket's folder.
        server: String,
    },
    /// The URL can't be parsed, or asks for something that is not supported.
    #[error("the database URL can't be used: {0}")]
    BadUrl(String),
    /// Nothing answers at the URL's address.
    #[error(
        "PostgreSQL at {server} can't be reached: {reason}; \
         check that it runs there, and the host and port in the database URL"
    )]
    Unreachable {
        /// Host and port, or the socket's folder.
        server: String,
        /// The network's error.
        reason: String,
    },
    /// The server answers, but refuses the connection: TLS, access rules, an unknown user or setting.
    #[error("PostgreSQL at {server} refused the connection: {reason}")]
    Refused {
        /// Host and port, or the socket's folder.
        server: String,
        /// The error of the server or the TLS layer.
        reason: String,
    },
    /// The server accepts the connection, but lacks a feature or its configuration.
    #[error("PostgreSQL at {server} can't be used: {reason}")]
    Unsuitable {
        /// Host and port, or the socket's folder.
        server: String,
        /// The missing feature, and the remedy.
        reason: String,
    },
    /// A migration did not run, or can't be undone; the database is as it was before that one.
    #[error("the database could not be migrated: {0}")]
    Migration(String),
    /// A batch of rows could not be copied; none of its rows were inserted.
    #[error("the rows could not be copied into the database: {0}")]
    Copy(String),
}

impl DbError {
    /// Wraps it in an error of diesel, which statements and transactions pass on unchanged: diesel has
    /// none for a timeout.
    pub(super) fn into_diesel(self) -> DieselError {
        DieselError::QueryBuilderError(Box::new(self))
    }

    /// Unwraps it from an error of diesel. Errors: the error of diesel, if it contains none.
    pub fn from_diesel(error: DieselError) -> Result<Self, DieselError> {
        match error {
            DieselError::QueryBuilderError(error) => match error.downcast() {
                Ok(error) => Ok(*error),
                Err(error) => Err(DieselError::QueryBuilderError(error)),
            },
            error => Err(error),
        }
    }

    /// Translates an error of connecting for the person who configured the URL.
    pub(super) fn from_connecting(
        error: &tokio_postgres::Error,
        config: &tokio_postgres::Config,
        server: &str,
    ) -> DbError {
        let server = server.to_owned();
        let user = || config.get_user().unwrap_or_default().to_owned();
        if let Some(fault) = certificate_fault(error) {
            let reason = fault.to_string();
            return DbError::Refused { server, reason };
        }
        let Some(said) = error.as_db_error() else {
            return match reason(error) {
                text if text.contains("password missing") => DbError::WrongPassword {
                    user: user(),
                    server,
                },
                // Only the cause: its heading would repeat "error connecting to server".
                text if is_network(error) => {
                    let reason = error.source().map_or(text, reason);
                    DbError::Unreachable { server, reason }
                }
                reason => DbError::Refused { server, reason },
            };
        };
        match said.code() {
            &SqlState::INVALID_PASSWORD => DbError::WrongPassword {
                user: user(),
                server,
            },
            &SqlState::INVALID_CATALOG_NAME => DbError::NoSuchDatabase {
                database: config
                    .get_dbname()
                    .or(config.get_user())
                    .unwrap_or_default()
                    .to_owned(),
                server,
            },
            // The server starts, stops or has no free connection: all of these are temporary.
            &SqlState::CANNOT_CONNECT_NOW
            | &SqlState::ADMIN_SHUTDOWN
            | &SqlState::TOO_MANY_CONNECTIONS => {
                DbError::Unavailable(format!("PostgreSQL at {server} says: {}", said.message()))
            }
            _ => DbError::Refused {
                server,
                reason: said.message().to_owned(),
            },
        }
    }
}

/// The whole chain of causes in one line: tokio-postgres' own message alone says little.
pub(super) fn reason(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The fault that our verifier found in the server's certificate, wrapped in an I/O error.
fn certificate_fault(error: &tokio_postgres::Error) -> Option<&CertificateFault> {
    let io = error.source()?.downcast_ref::<std::io::Error>()?;
    match io.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(fault)) => {
            fault.0.downcast_ref()
        }
        _ => None,
    }
}

/// True for errors of the network (refused, no such host, closed), false for those of the protocol.
fn is_network(error: &tokio_postgres::Error) -> bool {
    let io = error
        .source()
        .and_then(|cause| cause.downcast_ref::<std::io::Error>());
    // A rejected certificate is an I/O error that contains the TLS error.
    error.is_closed() || io.is_some_and(|io| !io.get_ref().is_some_and(|e| e.is::<rustls::Error>()))
}
