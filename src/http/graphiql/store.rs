//! The data folder, which keeps the fetched files between starts.

use std::io;
use std::path::Path;

use axum::body::Bytes;

use super::pins;

/// The verified files, held in memory, so that later changes of the folder do not affect the served
/// files.
#[derive(Clone)]
pub struct Files(Vec<(&'static str, &'static str, Bytes)>);

impl Files {
    /// The media type and the bytes of the file with this name.
    pub(super) fn get(&self, name: &str) -> Option<(&'static str, Bytes)> {
        let (_, media_type, bytes) = self.0.iter().find(|(known, ..)| *known == name)?;
        Some((media_type, bytes.clone()))
    }

    #[cfg(test)]
    pub(super) fn stand_in() -> Self {
        let file = |pin: &'static pins::Pinned| {
            (pin.name, pin.media_type, Bytes::from_static(b"stand-in"))
        };
        Self(pins::files().map(file).collect())
    }
}

/// Reads every pinned file. `None` if one is missing or its bytes are not the pinned ones, so
/// that a tampered or half-written folder is fetched anew rather than served.
pub(super) async fn load(folder: &Path) -> Option<Files> {
    let mut files = Vec::new();
    for pin in pins::files() {
        let bytes = tokio::fs::read(folder.join(pin.name)).await.ok()?;
        if !pin.is(&bytes) {
            tracing::warn!(
                file = pin.name,
                "a GraphiQL file in the data folder was changed"
            );
            return None;
        }
        files.push((pin.name, pin.media_type, Bytes::from(bytes)));
    }
    Some(Files(files))
}

/// Installs a file atomically: it is written beside its destination, then renamed over it. A crash
/// leaves the old file or none, and two processes that do it at the same time leave a complete one.
pub(super) async fn install(
    folder: &Path,
    staging: &Path,
    name: &str,
    bytes: &[u8],
) -> io::Result<()> {
    let staged = staging.join(name);
    tokio::fs::write(&staged, bytes).await?;
    tokio::fs::rename(&staged, folder.join(name)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::graphiql::staging::Staging;

    #[tokio::test]
    async fn a_file_with_other_bytes_than_the_pinned_ones_is_not_served() {
        let folder = Staging::within(&std::env::temp_dir())
            .await
            .expect("a folder");
        assert!(
            load(folder.path()).await.is_none(),
            "an empty folder has nothing to serve"
        );

        for pin in pins::files() {
            tokio::fs::write(folder.path().join(pin.name), b"alert(1)")
                .await
                .expect("written");
        }
        assert!(load(folder.path()).await.is_none());
    }

    #[tokio::test]
    async fn installing_replaces_a_tampered_file_whole() {
        let folder = Staging::within(&std::env::temp_dir())
            .await
            .expect("a folder");
        let staging = Staging::within(folder.path())
            .await
            .expect("a staging folder");
        let place = folder.path().join("react.js");
        tokio::fs::write(&place, b"tampered, and longer than the right one")
            .await
            .expect("written");

        install(folder.path(), staging.path(), "react.js", b"right")
            .await
            .expect("installed");

        assert_eq!(tokio::fs::read(&place).await.expect("read"), b"right");
        assert!(
            !staging.path().join("react.js").exists(),
            "nothing is left in the staging folder"
        );
    }

    #[tokio::test]
    async fn installing_together_leaves_a_whole_file() {
        let folder = Staging::within(&std::env::temp_dir())
            .await
            .expect("a folder");
        let bytes = vec![b'x'; 1 << 20];
        let one = Staging::within(folder.path())
            .await
            .expect("a staging folder");
        let other = Staging::within(folder.path())
            .await
            .expect("a staging folder");

        let (first, second) = tokio::join!(
            install(folder.path(), one.path(), "graphiql.js", &bytes),
            install(folder.path(), other.path(), "graphiql.js", &bytes),
        );

        first.expect("the first installs");
        second.expect("the second installs");
        let found = tokio::fs::read(folder.path().join("graphiql.js"))
            .await
            .expect("read");
        assert_eq!(found, bytes);
    }
}
