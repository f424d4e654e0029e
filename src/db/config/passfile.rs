//! PostgreSQL's password file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The socket folders that PostgreSQL's own clients take for the local host.
const USUAL_SOCKETS: [&str; 2] = ["/tmp", "/var/run/postgresql"];

/// The server and user whose password is looked up.
pub(super) struct Login<'a> {
    /// A name, an address or a folder of sockets.
    pub(super) host: &'a str,
    pub(super) port: &'a str,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The password of the first line that matches. `None` also if there is no such file, or if others
/// could read it, which is logged.
pub(super) fn password(path: &str, login: &Login<'_>) -> Option<String> {
    let file = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    if file.permissions().mode() & 0o077 != 0 {
        let path = Path::new(path).display();
        tracing::warn!("{path} is not read: others may read it, too; chmod 0600 {path}");
        return None;
    }
    let text = fs::read_to_string(path)
        .inspect_err(|error| tracing::warn!("{path} can't be read: {error}"))
        .ok()?;
    find(&text, login)
}

fn find(text: &str, login: &Login<'_>) -> Option<String> {
    let host = match login.host {
        socket if USUAL_SOCKETS.contains(&socket) => "localhost",
        host => host,
    };
    let wanted = [host, login.port, login.database, login.user];
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut fitting = lines.filter_map(|line| {
        let mut rest = line;
        for wanted in wanted {
            let (field, after) = field(rest)?;
            if field != "*" && unescaped(field) != wanted {
                return None;
            }
            rest = after;
        }
        // The last field ends with the line or a colon; the rest of the line is ignored.
        Some(unescaped(
            field(rest).map_or(rest, |(password, _)| password),
        ))
    });
    fitting.next().filter(|password| !password.is_empty())
}

/// Splits at the first colon that is not escaped by a backslash.
fn field(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            ':' if !is_escaped => return Some((&text[..at], &text[at + 1..])),
            _ => is_escaped = character == '\\' && !is_escaped,
        }
    }
    None
}

fn unescaped(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Login, find};

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let file = "# db:5432:crm:ada:comment\n\
                    db:5432:crm:ada:plain\n\
                    db:*:*:ada:a\\:b\\\\c\n\
                    \\:\\:1:5432:crm:ada:six\n\
                    localhost:5432:crm:ada:local\n\
                    /srv/pg:5432:crm:ada:socket\n\
                    db:5432:crm:eve:\n\
                    broken line\n\
                    *:*:*:*:any:thing\n";
        for (host, port, user, password) in [
            ("db", "5432", "ada", "plain"),
            ("db", "5433", "ada", "a:b\\c"),
            ("::1", "5432", "ada", "six"),
            ("localhost", "5432", "ada", "local"),
            ("/var/run/postgresql", "5432", "ada", "local"),
            ("/srv/pg", "5432", "ada", "socket"),
            ("other", "1", "bob", "any"),
        ] {
            let database = "crm";
            let login = Login {
                host,
                port,
                database,
                user,
            };
            assert_eq!(
                find(file, &login).as_deref(),
                Some(password),
                "{host} {port}"
            );
        }
        let eve = Login {
            host: "db",
            port: "5432",
            database: "crm",
            user: "eve",
        };
        assert_eq!(find(file, &eve), None);
        let nobody = Login { user: "bob", ..eve };
        assert_eq!(find("db:5432:crm:ada:x", &nobody), None);
    }
}
