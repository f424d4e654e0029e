//! A temporary folder for a fetch, which is deleted when the fetch ends.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use uuid::Uuid;

/// A temporary folder inside the data folder, so that a rename out of it stays on one file system.
pub(super) struct Staging(PathBuf);

const PREFIX: &str = "graphiql-fetch-";

/// Far longer than a fetch may take: an older folder belongs to a process that was killed.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

impl Staging {
    /// Creates `folder` and a new, empty folder in it.
    pub(super) async fn within(folder: &Path) -> io::Result<Self> {
        let path = folder.join(format!("{PREFIX}{}", Uuid::now_v7()));
        tokio::fs::create_dir_all(&path).await?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // A failure is ignored: a later start removes the folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Removes the temporary folders that killed processes left in `folder`.
pub(super) async fn sweep(folder: &Path) -> io::Result<()> {
    let mut entries = tokio::fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // Another process may remove its own folder while we look at it.
        let Ok(modified) = entry.metadata().await.and_then(|data| data.modified()) else {
            continue;
        };
        if modified.elapsed().is_ok_and(|age| age > ABANDONED) {
            let _ = tokio::fs::remove_dir_all(entry.path()).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};
    use std::time::SystemTime;

    use super::*;

    #[tokio::test]
    async fn only_what_was_abandoned_is_swept() {
        let folder = Staging::within(&std::env::temp_dir())
            .await
            .expect("a folder");
        let old = Staging::within(folder.path()).await.expect("an old folder");
        let new = Staging::within(folder.path()).await.expect("a new folder");
        let times = FileTimes::new().set_modified(SystemTime::now() - 2 * ABANDONED);
        File::open(old.path())
            .and_then(|file| file.set_times(times))
            .expect("made old");

        sweep(folder.path()).await.expect("swept");

        assert!(!old.path().exists());
        assert!(new.path().exists());
    }
}
