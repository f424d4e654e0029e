//! Backups: a dump of pg_dump in its custom format, of one exported snapshot, followed by what the
//! caller wants to find again in it.

mod file;
mod programs;
mod run;

use std::io;
use std::path::{Path, PathBuf};

pub use self::file::BackupFile;
pub use self::programs::DumpPrograms;
pub use self::run::{export_snapshot, row_counts, server_major};
use super::DbError;
use super::embedded::EmbeddedError;

/// The reason why nothing was backed up or restored, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There are no `pg_dump` and `pg_restore` of the server's version or newer.
    #[error(
        "pg_dump and pg_restore of PostgreSQL {oldest} or newer are needed ({found}): install them \
         with `apt-get install postgresql-client-{oldest}`, or set CRM_PG_BIN to their folder"
    )]
    NoPrograms {
        /// The oldest major version that will do.
        oldest: u32,
        /// The major versions there are.
        found: String,
    },
    /// One of the programs failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// The program's name.
        program: &'static str,
        /// The first line of its own message.
        said: String,
    },
    /// There is a file of that name.
    #[error("{} exists already: name another file, or delete that one first", .0.display())]
    Exists(PathBuf),
    /// Another process writes the same backup.
    #[error("another backup is being written to {}", .0.display())]
    Busy(PathBuf),
    /// The file has no end that a backup has.
    #[error(
        "{} is no whole backup of this program: name a file that `crm backup` has made (one of \
         pg_dump alone is restored by pg_restore)", .0.display()
    )]
    NotABackup(PathBuf),
    /// The file's bytes are not those that were written.
    #[error("{} is damaged: its checksum is another than when it was made", .0.display())]
    Damaged(PathBuf),
    /// The database that a backup is to be restored into has tables.
    #[error(
        "the database is not empty, its schema {schema:?} has {table:?}: name an empty database, \
         or without DATABASE_URL another folder with CRM_DATA_DIR"
    )]
    NotEmpty {
        /// The schema.
        schema: String,
        /// One of its tables.
        table: String,
    },
    /// A file can't be read or written.
    #[error("can't use {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The database can't be used.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The programs could not be looked for.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
}

impl BackupError {
    /// For `map_err`: adds the path to an I/O error.
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::File {
            path: path.to_owned(),
            cause,
        }
    }
}
