//! The choice of the page: the real GraphiQL, or our fallback with the reason.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::store::{self, Files};
use super::{fetch, staging};

/// The source of the GraphiQL files or, if they are missing, the reason.
#[derive(Clone)]
pub enum Assets {
    /// The real GraphiQL, fetched and verified.
    Real(Files),
    /// A small page of our own is served instead.
    Fallback {
        /// The reason, as text for the page.
        reason: String,
    },
}

/// Assets that may still be downloading; clones share them.
#[derive(Clone)]
pub struct Pending(Arc<OnceLock<Assets>>);

impl Pending {
    /// Prepares the assets in a separate task, so that the server's start does not wait for them. Must
    /// be called within a tokio runtime.
    #[must_use]
    pub fn spawn(folder: PathBuf) -> Self {
        let pending = Self(Arc::new(OnceLock::new()));
        let cell = Arc::clone(&pending.0);
        tokio::spawn(async move {
            let assets = prepare(&folder).await;
            cell.get_or_init(|| assets);
        });
        pending
    }

    /// The assets, once they are prepared.
    pub(super) fn get(&self) -> Option<&Assets> {
        self.0.get()
    }

    #[cfg(test)]
    pub(super) fn never() -> Self {
        Self(Arc::new(OnceLock::new()))
    }
}

impl From<Assets> for Pending {
    fn from(assets: Assets) -> Self {
        Self(Arc::new(OnceLock::from(assets)))
    }
}

/// Loads the files from `folder`, or fetches them into it. It never fails, but falls back and gives
/// the reason. Takes a minute at most.
pub async fn prepare(folder: &Path) -> Assets {
    // A failure only leaves old files behind, and at the first start there is no folder yet.
    let _ = staging::sweep(folder).await;
    if let Some(files) = store::load(folder).await {
        return Assets::Real(files);
    }
    tracing::info!(folder = %folder.display(), "fetching GraphiQL from the npm registry");
    let reason = match fetch::fetch(folder).await {
        Ok(()) => match store::load(folder).await {
            Some(files) => return Assets::Real(files),
            None => "the fetched files are not in the data folder any more".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    tracing::warn!(%reason, "GraphiQL could not be fetched, a small page of our own serves instead");
    Assets::Fallback { reason }
}
