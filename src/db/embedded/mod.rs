//! The program's own PostgreSQL, for whoever has no server: found among the installed programs,
//! kept in a private folder, reached by a socket that only its owner can open.
//!
//! - **Where.** `data_dir`, or a folder of the user's own for each working folder, so that two
//!   checkouts don't meet: `~/.local/share/crm/<name>-<hash>`, for root `/var/lib/crm/<name>-<hash>`.
//! - **Who.** PostgreSQL refuses root: then it runs as `postgres`, or else `nobody`.
//! - **How many.** Several programs may use one folder's server at once. A lock is held over start,
//!   making the database and migrations; each then holds a shared lock, and the last one out stops
//!   the server. One that was killed leaves the server running: the next one takes it over.
//! - **How long.** Whoever serves keeps it running: see [`EmbeddedServer::keep`].
//! - **How safe.** PostgreSQL's own defaults: every commit is on disk before it is confirmed.

mod error;
mod init;
mod paths;
mod programs;
mod server;
mod supervisor;

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel::sql_types::{Bool, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

pub use self::error::{EmbeddedError, EmbeddedOptions};
use self::init::ROLE;
use self::paths::{InUse, OsUser, Paths, StartLock};
use self::server::blocking;
pub use self::supervisor::Supervisor;
use super::DbError;
use super::config::ConnectionConfig;

/// A PostgreSQL of the program's own, running. [`stop`](EmbeddedServer::stop) it at the end; when
/// it is dropped instead, it is told to stop, but not waited for.
#[derive(Debug)]
pub struct EmbeddedServer {
    paths: Paths,
    options: EmbeddedOptions,
    user: OsUser,
    /// Both there until we leave; the lock only until [`EmbeddedServer::ready`].
    in_use: Option<InUse>,
    start_lock: Option<Arc<StartLock>>,
}

impl EmbeddedServer {
    /// Starts the server, or takes over the one that runs already, and makes the database if it is
    /// not there. Others who start it wait until [`ready`](EmbeddedServer::ready) is called.
    pub async fn start(options: &EmbeddedOptions) -> Result<EmbeddedServer, EmbeddedError> {
        let user = OsUser::choose()?;
        let paths = Paths::make(options, &user)?;
        let path = paths.start_lock.clone();
        let start_lock = Arc::new(blocking(move || StartLock::wait(&path)).await?);
        let server = EmbeddedServer {
            in_use: Some(InUse::join(&paths.in_use)?),
            start_lock: Some(Arc::clone(&start_lock)),
            options: options.clone(),
            user,
            paths,
        };
        server.run(&start_lock).await?;
        make_database(&server.admin_url(), &options.database).await?;
        Ok(server)
    }

    /// Lets others who start the same server go on. Call it when the migrations have run.
    pub fn ready(&mut self) {
        self.start_lock = None;
    }

    /// Starts it, unless it runs.
    async fn run(&self, lock: &Arc<StartLock>) -> Result<(), EmbeddedError> {
        let admin = self.admin_url();
        server::start(&self.options, &self.paths, &self.user, &admin, lock).await
    }

    /// The file that PostgreSQL logs to.
    pub fn log(&self) -> &Path {
        &self.paths.log
    }

    /// The folder of data, log and locks, which the program may keep other things in.
    pub fn folder(&self) -> &Path {
        self.paths.log.parent().unwrap_or(&self.paths.data)
    }

    /// The database's URL, for [`super::Db::connect`] and [`super::migrate`]. There is no secret
    /// in it: the socket's folder lets nobody else in.
    pub fn url(&self) -> String {
        self.url_of(&self.options.database)
    }

    fn admin_url(&self) -> String {
        self.url_of("postgres")
    }

    /// Leaves the server; the last one out stops it and waits until everything is on disk.
    ///
    /// Errors: `StillStopping` after a minute; `Folder`.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        let Some(in_use) = self.in_use.take() else {
            return Ok(());
        };
        let (paths, start_lock) = (self.paths.clone(), self.start_lock.take());
        let stopping = blocking(move || {
            let wait = || StartLock::wait(&paths.start_lock).map(Arc::new);
            let lock = start_lock.map_or_else(wait, Ok)?;
            server::leave(&paths, in_use, &lock)
        });
        match stopping.await? {
            Some(pid) => server::ended(&self.paths, pid).await,
            None => Ok(()),
        }
    }

    fn url_of(&self, database: &str) -> String {
        let socket = encoded(self.paths.socket.as_os_str().as_bytes());
        format!(
            "postgres:///{}?host={socket}&user={ROLE}",
            encoded(database.as_bytes())
        )
    }
}

impl Drop for EmbeddedServer {
    fn drop(&mut self) {
        let Some(in_use) = self.in_use.take() else {
            return;
        };
        // Whoever holds the lock either starts, and will be the last one out, or stops and is done
        // in a moment; a drop can't wait for ever.
        let mut lock = self.start_lock.take();
        for _ in 0..100 {
            lock = lock.or_else(|| StartLock::take(&self.paths.start_lock).map(Arc::new));
            if lock.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        if let Some(lock) = lock
            && let Err(error) = server::leave(&self.paths, in_use, &lock)
        {
            tracing::warn!("the embedded PostgreSQL was left running: {error}");
        }
    }
}

diesel::define_sql_function! {
    /// Makes a name safe to stand in a statement.
    fn quote_ident(name: Text) -> Text;
}

/// The advisory lock of whoever makes the database: "crm make", read as a number.
const LOCK: i64 = 0x63_72_6d_20_6d_61_6b_65;

/// Makes the database if there is none of that name.
async fn make_database(admin: &str, database: &str) -> Result<(), DbError> {
    let failed = |error: diesel::result::Error| DbError::Unavailable(error.to_string());
    let mut connection = ConnectionConfig::new(&admin.into(), &[], Duration::from_secs(5))?
        .connect()
        .await?;
    // A start that was killed may still be at it: PostgreSQL ends a statement before it looks for its
    // client. The lock goes with the connection.
    let alone = format!("select pg_advisory_lock({LOCK})");
    connection.batch_execute(&alone).await.map_err(failed)?;
    let there = diesel::dsl::sql::<Bool>("exists (select from pg_database where datname = ")
        .bind::<Text, _>(database)
        .sql(")");
    if diesel::select(there)
        .get_result(&mut connection)
        .await
        .map_err(failed)?
    {
        return Ok(());
    }
    let name: String = diesel::select(quote_ident(database))
        .get_result(&mut connection)
        .await
        .map_err(failed)?;
    connection
        .batch_execute(&format!("create database {name}"))
        .await
        .map_err(failed)
}

/// Percent-encodes what is not plain in a URL; an `@` in a folder's name would end its user part.
fn encoded(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    let encode = |byte: &u8| match *byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(encode).collect()
}
