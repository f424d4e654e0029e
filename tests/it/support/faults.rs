//! A way to PostgreSQL that breaks when it is told to: what a network does, at any chosen moment.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use super::Scratch;

/// A Unix socket before another one.
pub(crate) struct Faults {
    /// How many more messages go through before the connection that carries the next one breaks;
    /// none is to break below zero.
    left: Arc<AtomicI64>,
    folder: Scratch,
    url: String,
}

impl Faults {
    /// Stands before the server of this URL.
    pub(crate) async fn before(url: &str) -> Faults {
        let (start, host) = url.split_once("host=").expect("a server behind a socket");
        let (host, rest) = host.split_once('&').unwrap_or((host, ""));
        let behind = host.replace("%2F", "/").replace("%2f", "/");
        let socket = std::fs::read_dir(&behind).expect("the socket's folder");
        let socket = socket.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let socket = socket
            .into_iter()
            .find(|name| name.starts_with(".s.PGSQL.") && !name.ends_with("lock"));
        let socket = socket.expect("a socket");
        let behind = Path::new(&behind).join(&socket);
        let folder = Scratch::new();
        std::fs::create_dir_all(folder.path()).unwrap();
        let listener = UnixListener::bind(folder.path().join(&socket)).unwrap();
        let left = Arc::new(AtomicI64::new(-1));
        let counter = Arc::clone(&left);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&behind).await.unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&counter)));
            }
        });
        let url = format!("{start}host={}&{rest}", folder.path().display());
        Faults { left, folder, url }
    }

    /// The way through here.
    pub(crate) fn url(&self) -> &str {
        assert!(self.folder.path().exists());
        &self.url
    }

    /// Breaks the connection that carries this message from now on, once.
    pub(crate) fn break_at(&self, message: i64) {
        self.left.store(message, Ordering::SeqCst);
    }

    /// Whether it came to that; if not, it no longer will.
    pub(crate) fn has_broken(&self) -> bool {
        self.left.swap(-1, Ordering::SeqCst) <= 0
    }
}

async fn carry(client: UnixStream, server: UnixStream, left: Arc<AtomicI64>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move {
        tokio::io::copy(&mut from_server, &mut to_client).await.ok();
    });
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
        let counted = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            (left > 0).then(|| left - 1)
        });
        if counted == Ok(1) || to_server.write_all(&bytes[..length]).await.is_err() {
            break;
        }
    }
    answers.abort();
}
