//! The file of a backup: the dump, then a JSON text with the dump's checksum, then the text's length
//! and a mark. pg_restore reads the dump and does not look at what is behind it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::BackupError;

/// The last bytes of a whole backup.
const MARK: &[u8; 16] = b"\ncrm backup 1.0\n";
/// The length of the text's length and the mark, in bytes.
const END: u64 = 8 + MARK.len() as u64;
/// The longest text, in bytes.
const LONGEST: u64 = 1 << 20;

/// The text at the end of the file.
#[derive(Serialize, Deserialize)]
struct Trailer<T> {
    /// The SHA-256 of the dump, in hexadecimal digits.
    sha256: String,
    contents: T,
}

/// A backup that is being written: beside its name, until it is whole.
pub struct BackupFile {
    path: PathBuf,
    part: PathBuf,
    /// Locked, so that two backups do not write to it at once.
    file: File,
}

impl BackupFile {
    /// Begins the file `path` as `path.part`, readable by this user alone.
    ///
    /// Errors: `Exists`, `Busy`, `File`.
    pub fn create(path: &Path) -> Result<Self, BackupError> {
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(path.to_owned()));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.mode(0o600).open(&part);
        let file = file.map_err(BackupError::at(&part))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BackupError::Busy(path.to_owned())),
            Err(TryLockError::Error(cause)) => return Err(BackupError::at(&part)(cause)),
        }
        file.set_len(0).map_err(BackupError::at(&part))?;
        let path = path.to_owned();
        Ok(Self { path, part, file })
    }

    /// The file for the dump.
    pub fn dump(&self) -> &Path {
        &self.part
    }

    /// Adds the contents to the dump and gives the file its name. Returns its length in bytes.
    ///
    /// Errors: `File`, `Exists`.
    pub fn finish(mut self, contents: &impl Serialize) -> Result<u64, BackupError> {
        let failed = |cause| BackupError::at(&self.part)(cause);
        let length = self.file.metadata().map_err(failed)?.len();
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let sha256 = checksum(&mut self.file, length).map_err(failed)?;
        let trailer = serde_json::to_vec(&Trailer { sha256, contents });
        let mut end = trailer.map_err(|error| failed(error.into()))?;
        end.extend((end.len() as u64).to_be_bytes());
        end.extend(MARK);
        self.file.write_all(&end).map_err(failed)?;
        self.file.sync_all().map_err(failed)?;
        if self.path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(self.path.clone()));
        }
        fs::rename(&self.part, &self.path).map_err(failed)?;
        let folder = self.path.parent();
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
        // The new name, too, is to survive a power cut; not every file system can say so.
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
            folder.sync_all().ok();
        }
        Ok(length + end.len() as u64)
    }

    /// Checks a whole backup and returns its contents.
    ///
    /// Errors: `NotABackup`, `Damaged`, `File`.
    pub fn contents<T: DeserializeOwned>(path: &Path) -> Result<T, BackupError> {
        let failed = |cause| BackupError::at(path)(cause);
        let foreign = || BackupError::NotABackup(path.to_owned());
        let mut file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let Some(before_end) = length.checked_sub(END) else {
            return Err(foreign());
        };
        file.seek(SeekFrom::Start(before_end)).map_err(failed)?;
        let mut size = [0; 8];
        file.read_exact(&mut size).map_err(failed)?;
        let mut mark = [0; MARK.len()];
        file.read_exact(&mut mark).map_err(failed)?;
        let size = u64::from_be_bytes(size);
        let dump = before_end.checked_sub(size);
        let Some(dump) = dump.filter(|_| &mark == MARK && size <= LONGEST) else {
            return Err(foreign());
        };
        file.seek(SeekFrom::Start(dump)).map_err(failed)?;
        let mut text = vec![0; size as usize];
        file.read_exact(&mut text).map_err(failed)?;
        let trailer: Trailer<T> = serde_json::from_slice(&text).map_err(|_| foreign())?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        if checksum(&mut file, dump).map_err(failed)? != trailer.sha256 {
            return Err(BackupError::Damaged(path.to_owned()));
        }
        Ok(trailer.contents)
    }
}

impl Drop for BackupFile {
    fn drop(&mut self) {
        // It has another name by now, unless the backup failed.
        fs::remove_file(&self.part).ok();
    }
}

/// The SHA-256 of that many bytes.
fn checksum(file: &mut File, mut rest: u64) -> std::io::Result<String> {
    let mut context = Context::new(&SHA256);
    let mut bytes = vec![0; 1 << 16];
    while rest > 0 {
        let most = bytes.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
        file.read_exact(&mut bytes[..most])?;
        context.update(&bytes[..most]);
        rest -= most as u64;
    }
    let digest = context.finish();
    Ok(digest.as_ref().iter().map(|b| format!("{b:02x}")).collect())
}
