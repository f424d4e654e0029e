//! The database that a command works on: the operator's, or the program's own.

use std::path::PathBuf;

use crate::cli::failure::{Failure, said};
use crate::config::{Config, Profile};
use crate::db::embedded::{EmbeddedServer, Supervisor};
use crate::db::{self, DatabaseOptions, Db, PoolOptions};
use crate::service::leads::fill_keys;

/// A migrated database, and the server under it if that is the program's own.
pub struct Database {
    /// The connections.
    pub db: Db,
    /// The folder where the program may keep files.
    pub folder: PathBuf,
    server: Option<EmbeddedServer>,
}

impl Database {
    /// Finds or starts the database and brings it to this program's schema.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        if let Some(named) = config.named_database() {
            return Ok(Self {
                db: migrated(&named, &config.database.pool()).await?,
                folder: config.asset_folder(),
                server: None,
            });
        }
        if config.profile == Profile::Production {
            let reason = "in production a database must be named: set DATABASE_URL to \
                          postgres://user:password@host/name";
            return Err(Failure::new(reason));
        }
        let mut server = EmbeddedServer::start(&config.embedded())
            .await
            .map_err(Failure::new)?;
        let own = config.database.own(&server.url());
        let options = PoolOptions {
            server_log: Some(server.log().to_owned()),
            ..config.database.pool()
        };
        match migrated(&own, &options).await {
            Ok(db) => {
                server.ready();
                let folder = server.folder().to_owned();
                Ok(Self {
                    db,
                    folder,
                    server: Some(server),
                })
            }
            Err(failure) => {
                let _ = server.stop().await;
                Err(failure)
            }
        }
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

/// A pool of a database that was migrated first: where the extensions are is asked when a connection
/// is made.
async fn migrated(database: &DatabaseOptions, options: &PoolOptions) -> Result<Db, Failure> {
    db::migrate(database).await.map_err(Failure::new)?;
    let db = Db::connect(database, options).await;
    let db = db.map_err(Failure::new)?;
    fill_keys(&db.program()).await.map_err(said)?;
    Ok(db)
}
