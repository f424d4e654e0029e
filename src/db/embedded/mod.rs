//! The program's own PostgreSQL, for users without a server: found among the installed programs,
//! kept in a private folder, reached by a socket that only its owner can open.
//!
//! - **Folder.** `data_dir`, or a folder of the user's own for each working folder, so that two
//!   checkouts don't share one: `~/.local/share/crm/<name>-<hash>`, for root `/var/lib/crm/<name>-<hash>`.
//! - **User.** PostgreSQL refuses to run as root: then it runs as `postgres`, or else `nobody`.
//! - **Sharing.** Several programs may use one folder's server at once. A lock is held while one starts
//!   it, creates the database and migrates; each then holds a shared lock, and the last one to leave
//!   stops the server. A killed program leaves the server running: the next one takes it over.
//! - **Supervision.** A serving program keeps it running: see [`EmbeddedServer::keep`].
//! - **Durability.** PostgreSQL's own defaults: every commit is on disk before it is confirmed.

mod error;
mod init;
mod installed;
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
pub(super) use self::installed::major_version;
pub use self::installed::program_folders;
use self::paths::{InUse, OsUser, Paths, StartLock};
use self::server::blocking;
pub use self::supervisor::Supervisor;
use super::DbError;
use super::config::ConnectionConfig;

/// The program's own PostgreSQL, running. [`stop`](EmbeddedServer::stop) it at the end; if it is
/// dropped instead, it is told to stop, but not waited for.
#[derive(Debug)]
pub struct EmbeddedServer {
    paths: Paths,
    options: EmbeddedOptions,
    user: OsUser,
    /// `Some` until this program leaves the server; the lock only until [`EmbeddedServer::ready`].
    in_use: Option<InUse>,
    start_lock: Option<Arc<StartLock>>,
}

impl EmbeddedServer {
    /// Starts the server, or takes over a running one, and creates the database if it is missing.
    /// Other programs that start it wait until [`ready`](EmbeddedServer::ready) is called.
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

    /// Lets other programs that start the same server go on. Call it when the migrations have run.
    pub fn ready(&mut self) {
        self.start_lock = None;
    }

    /// Starts the server, unless it runs.
    async fn run(&self, lock: &Arc<StartLock>) -> Result<(), EmbeddedError> {
        let admin = self.admin_url();
        server::start(&self.options, &self.paths, &self.user, &admin, lock).await
    }

    /// The file that PostgreSQL logs to.
    pub fn log(&self) -> &Path {
        &self.paths.log
    }

    /// The folder of data, log and locks; the program may keep other files in it.
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

    /// Leaves the server; the last program to leave stops it and waits until everything is on disk.
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
        // A program that holds the lock either starts, and will stop the server later, or stops it
        // now. A drop can't wait for it without a limit.
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

/// The advisory lock while the database is created: "crm make", read as a number.
const LOCK: i64 = 0x63_72_6d_20_6d_61_6b_65;

/// Creates the database if there is none of that name.
async fn make_database(admin: &str, database: &str) -> Result<(), DbError> {
    let failed = |error: diesel::result::Error| DbError::Unavailable(error.to_string());
    let mut connection = ConnectionConfig::new(&admin.into(), &[], Duration::from_secs(5))?
        .connect()
        .await?;
    // The statement of a killed start may still run: PostgreSQL notices a lost client only after a
    // statement. The lock is released with the connection.
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

/// Percent-encodes special characters of a URL; an `@` in a folder's name would end its user part.
fn encoded(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    let encode = |byte: &u8| match *byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(encode).collect()
}
