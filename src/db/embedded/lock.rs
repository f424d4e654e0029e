//! File locks between processes. The system drops them when a process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::error::EmbeddedError;

/// Held from before the server is looked for until the migrations have run: of several programs
/// that start at once, one at a time. Dropping it lets the next one in.
#[derive(Debug)]
pub(super) struct StartLock(#[expect(dead_code, reason = "held, never read")] File);

impl StartLock {
    /// Waits for the lock; blocks the thread.
    pub(super) fn wait(path: &Path) -> Result<StartLock, EmbeddedError> {
        loop {
            let file = open(path)?;
            file.lock().map_err(EmbeddedError::at(path))?;
            // Whoever had it before may have deleted the whole folder: a lock on a file that is
            // no longer there would keep nobody out.
            if is_still(path, &file) {
                return Ok(StartLock(file));
            }
        }
    }

    /// Takes the lock if nobody has it.
    pub(super) fn take(path: &Path) -> Option<StartLock> {
        let file = open(path).ok()?;
        file.try_lock().ok()?;
        is_still(path, &file).then_some(StartLock(file))
    }
}

/// Shared by all programs that use the server: the last one out stops it.
#[derive(Debug)]
pub(super) struct InUse(File);

impl InUse {
    /// Joins those who use the server. Call it under the [`StartLock`] only.
    pub(super) fn join(path: &Path) -> Result<InUse, EmbeddedError> {
        let file = open(path)?;
        file.lock_shared().map_err(EmbeddedError::at(path))?;
        Ok(InUse(file))
    }

    /// True if nobody else uses the server. Call it under the [`StartLock`] only, which keeps
    /// others from joining.
    pub(super) fn leave(self, path: &Path) -> Result<bool, EmbeddedError> {
        // Unlocked, not only closed: a program that is being started at this moment has a copy of
        // the file until it runs, and would seem to use the server still.
        self.0.unlock().map_err(EmbeddedError::at(path))?;
        match open(path)?.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(cause)) => Err(EmbeddedError::at(path)(cause)),
        }
    }
}

fn open(path: &Path) -> Result<File, EmbeddedError> {
    // Ours alone: whoever can open the file can take the lock and keep us waiting.
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path);
    file.map_err(EmbeddedError::at(path))
}

fn is_still(path: &Path, file: &File) -> bool {
    let (Ok(there), Ok(held)) = (path.metadata(), file.metadata()) else {
        return false;
    };
    (there.dev(), there.ino()) == (held.dev(), held.ino())
}
