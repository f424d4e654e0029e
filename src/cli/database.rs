//! The database that a command works on: the operator's, or the program's own.

use std::path::PathBuf;

use crate::cli::failure::{Failure, said};
use crate::config::{Config, Profile};
use crate::db::embedded::{EmbeddedOptions, EmbeddedServer, Supervisor};
use crate::db::{self, DatabaseOptions, Db, PoolOptions};
use crate::service::leads::fill_keys;

/// A database, and the server under it if that is the program's own.
pub struct Database {
    /// The connections.
    pub db: Db,
    /// The folder where the program may keep files.
    pub folder: PathBuf,
    /// The address.
    pub options: DatabaseOptions,
    server: Option<EmbeddedServer>,
}

impl Database {
    /// Finds or starts the database and brings it to this program's schema, or checks that it is at it
    /// if that is the operator's wish.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        if !config.database.no_migrate {
            return Self::open_migrated(config).await;
        }
        let (options, server) = locate(config, true).await?;
        Self::with(config, options, server, checked).await
    }

    /// Finds or starts the database and brings it to this program's schema.
    pub async fn open_migrated(config: &Config) -> Result<Self, Failure> {
        let (options, server) = locate(config, true).await?;
        Self::with(config, options, server, migrated).await
    }

    /// The same for a command that is about what is there: it creates no data of the program's own
    /// PostgreSQL, which nobody would ever serve.
    pub async fn open_existing(config: &Config) -> Result<Self, Failure> {
        let (options, server) = locate(config, false).await?;
        match config.database.no_migrate {
            true => Self::with(config, options, server, checked).await,
            false => Self::with(config, options, server, migrated).await,
        }
    }

    /// Finds or starts the database and changes nothing in it; creates no data unless told to.
    pub async fn open_as_it_is(config: &Config, create: bool) -> Result<Self, Failure> {
        let (options, server) = locate(config, create).await?;
        Self::with(config, options, server, connected).await
    }

    async fn with(
        config: &Config,
        options: DatabaseOptions,
        mut server: Option<EmbeddedServer>,
        open: impl AsyncFnOnce(&DatabaseOptions, &PoolOptions) -> Result<Db, Failure>,
    ) -> Result<Self, Failure> {
        match open(&options, &pool_options(config, server.as_ref())).await {
            Ok(db) => {
                let folder = server.as_ref().map(|server| server.folder().to_owned());
                if let Some(server) = &mut server {
                    server.ready();
                }
                Ok(Self {
                    db,
                    folder: folder.unwrap_or_else(|| config.asset_folder()),
                    options,
                    server,
                })
            }
            Err(failure) => {
                if let Some(server) = server {
                    let _ = server.stop().await;
                }
                Err(failure)
            }
        }
    }

    /// Brings the database to this program's schema, with new connections: where the extensions are is
    /// asked when a connection is made.
    pub async fn migrate(&mut self, config: &Config) -> Result<(), Failure> {
        let options = pool_options(config, self.server.as_ref());
        self.db = migrated(&self.options, &options).await?;
        Ok(())
    }

    /// Stops the server, if it is the program's own.
    pub async fn close(self) -> Result<(), Failure> {
        drop(self.db);
        match self.server {
            Some(server) => server.stop().await.map_err(Failure::new),
            None => Ok(()),
        }
    }

    /// Keeps the server running, if it is the program's own, while the future is polled.
    pub fn keep(&self) -> Option<(impl Future<Output = ()> + Send + 'static, Supervisor)> {
        self.server.as_ref().map(EmbeddedServer::keep)
    }
}

/// The operator's database, or the program's own, started.
async fn locate(
    config: &Config,
    create: bool,
) -> Result<(DatabaseOptions, Option<EmbeddedServer>), Failure> {
    if let Some(named) = config.named_database() {
        return Ok((named, None));
    }
    if config.profile == Profile::Production {
        let reason = "in production a database must be named: set DATABASE_URL to \
                      postgres://user:password@host/name";
        return Err(Failure::new(reason));
    }
    let embedded = EmbeddedOptions {
        create,
        ..config.embedded()
    };
    let server = EmbeddedServer::start(&embedded).await;
    let server = server.map_err(Failure::new)?;
    Ok((config.database.own(&server.url()), Some(server)))
}

fn pool_options(config: &Config, server: Option<&EmbeddedServer>) -> PoolOptions {
    PoolOptions {
        server_log: server.map(|server| server.log().to_owned()),
        ..config.database.pool()
    }
}

/// A pool of a database that was migrated first: where the extensions are is asked when a connection
/// is made.
async fn migrated(database: &DatabaseOptions, options: &PoolOptions) -> Result<Db, Failure> {
    db::migrate(database).await.map_err(Failure::new)?;
    filled(database, options).await
}

/// A pool of a database that is served as it is.
async fn checked(database: &DatabaseOptions, options: &PoolOptions) -> Result<Db, Failure> {
    let checked = db::check_as_it_is(database).await;
    checked.map_err(Failure::new)?;
    filled(database, options).await
}

/// A pool of a database whose leads have the keys of this program.
async fn filled(database: &DatabaseOptions, options: &PoolOptions) -> Result<Db, Failure> {
    let db = connected(database, options).await?;
    fill_keys(&db.program()).await.map_err(said)?;
    Ok(db)
}

/// A pool of a database as it is.
async fn connected(database: &DatabaseOptions, options: &PoolOptions) -> Result<Db, Failure> {
    Db::connect(database, options).await.map_err(Failure::new)
}
