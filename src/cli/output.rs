//! Standard output, whose reader may have gone: `crm users list | head -1`.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::sync::Mutex;

/// The first error of writing, but for a reader that has gone.
static FAILED: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a line. A command goes on when nobody reads it any more: it may be about to close a database.
pub(super) fn say(line: impl Display) {
    print(format_args!("{line}\n"));
}

/// Prints a text that ends its lines itself.
pub(super) fn print(text: impl Display) {
    let mut output = io::stdout().lock();
    let written = write!(output, "{text}");
    match written.and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            if let Ok(mut failed) = FAILED.lock() {
                failed.get_or_insert(error);
            }
        }
        _ => {}
    }
}

/// The error that kept something from being printed, if there was one.
pub(super) fn failure() -> Option<io::Error> {
    FAILED.lock().ok()?.take()
}
