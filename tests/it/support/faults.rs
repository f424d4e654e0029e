//! A way to PostgreSQL that breaks when it is told to: what a network does, at any chosen moment.
//! And one that empties values, which no network does, nor PostgreSQL: the driver panics at it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

use super::Scratch;

/// A Unix socket before another one.
pub(crate) struct Faults {
    /// The number of statements that still succeed before the connection of one breaks; none is to
    /// break below one.
    left: Arc<AtomicI64>,
    /// In rows of so many columns one value arrives empty; in none if it is 0.
    emptied: Arc<AtomicU16>,
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
        let left = Arc::new(AtomicI64::new(0));
        let emptied = Arc::new(AtomicU16::new(0));
        let (counter, columns) = (Arc::clone(&left), Arc::clone(&emptied));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&behind).await.unwrap();
                let (counter, columns) = (Arc::clone(&counter), Arc::clone(&columns));
                tokio::spawn(carry(client, server, counter, columns));
            }
        });
        let url = format!("{start}host={}&{rest}", folder.path().display());
        Faults {
            left,
            emptied,
            folder,
            url,
        }
    }

    /// The way through here.
    pub(crate) fn url(&self) -> &str {
        assert!(self.folder.path().exists());
        &self.url
    }

    /// Breaks the connection that carries this statement from now on, once. To prepare one is one,
    /// too.
    pub(crate) fn break_at(&self, statement: i64) {
        self.left.store(statement, Ordering::SeqCst);
    }

    /// True if the fault occurred; if not, it no longer will.
    pub(crate) fn has_broken(&self) -> bool {
        self.left.swap(0, Ordering::SeqCst) <= 0
    }

    /// Empties the value in the middle of the rows that have so many columns; of none with 0.
    pub(crate) fn empty_value_in_rows_of(&self, columns: u16) {
        self.emptied.store(columns, Ordering::SeqCst);
    }
}

async fn carry(
    client: UnixStream,
    server: UnixStream,
    left: Arc<AtomicI64>,
    emptied: Arc<AtomicU16>,
) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let answers = tokio::spawn(async move {
        carry_answers(from_server, to_client, &emptied).await.ok();
    });
    carry_questions(from_client, to_server, &left).await.ok();
    answers.abort();
}

/// Ends before the statement at which it is to break. Messages are told apart, as what a read returns
/// may be half of one or several: after the first, a letter, the length of the rest, the rest.
async fn carry_questions(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    left: &AtomicI64,
) -> std::io::Result<()> {
    // Who connects says so without a letter.
    let mut letter = None;
    loop {
        let length = from.read_u32().await?;
        let mut rest = vec![0; length as usize - 4];
        from.read_exact(&mut rest).await?;
        // Each statement ends with a Sync, or is a simple query.
        if let Some(b'S' | b'Q') = letter {
            let before = left.fetch_sub(1, Ordering::SeqCst);
            if before == 1 {
                return Ok(());
            }
        }
        let mut message: Vec<u8> = letter.into_iter().collect();
        message.extend_from_slice(&length.to_be_bytes());
        message.append(&mut rest);
        to.write_all(&message).await?;
        letter = Some(from.read_u8().await?);
    }
}

async fn carry_answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    emptied: &AtomicU16,
) -> std::io::Result<()> {
    loop {
        let letter = from.read_u8().await?;
        let length = from.read_u32().await?;
        let mut rest = vec![0; length as usize - 4];
        from.read_exact(&mut rest).await?;
        let columns = emptied.load(Ordering::SeqCst);
        if letter == b'D' && columns > 0 && rest.starts_with(&columns.to_be_bytes()) {
            empty_value(&mut rest, usize::from(columns / 2));
        }
        let mut message = vec![letter];
        message.extend_from_slice(&(rest.len() as u32 + 4).to_be_bytes());
        message.append(&mut rest);
        to.write_all(&message).await?;
    }
}

/// Takes the bytes out of one column of a row: the number of columns, then each with its length.
fn empty_value(row: &mut Vec<u8>, column: usize) {
    let length_at = |row: &[u8], at: usize| {
        let bytes = row[at..at + 4].try_into().expect("four bytes");
        // One that is null has no bytes, and -1 for a length.
        usize::try_from(i32::from_be_bytes(bytes)).unwrap_or(0)
    };
    let before = |at, _| at + 4 + length_at(row, at);
    let at = (0..column).fold(2, before);
    let length = length_at(row, at);
    row[at..at + 4].fill(0);
    row.drain(at + 4..at + 4 + length);
}
