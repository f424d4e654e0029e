//! The settings of a connection, made by a statement once it is open: PgBouncer refuses them as
//! `options` in the startup packet.

use super::url::bad;
use crate::db::DbError;

/// The extensions whose functions and operators the program uses without a schema's name.
pub(in crate::db) const EXTENSIONS: [&str; 1] = ["pg_trgm"];

/// Settings by name, each once; names are compared as PostgreSQL does.
pub(super) struct Settings(Vec<(String, String)>);

impl Settings {
    /// Merges `ours` with `options`, the text of the URL's parameter, whose `-c name=value` take
    /// precedence. Also returns the rest of `options`.
    ///
    /// Errors: `BadUrl` if it sets `search_path`, which would select another schema.
    pub(super) fn of(
        ours: &[(&str, String)],
        options: &str,
    ) -> Result<(Self, Option<String>), DbError> {
        let (theirs, others) = read(options);
        let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
        if theirs.iter().any(|(name, _)| is(name, "search_path")) {
            return Err(bad(
                "its options set search_path: name the schema in CRM_SCHEMA instead",
            ));
        }
        let open = ours.iter();
        let open = open.filter(|(name, _)| !theirs.iter().any(|(other, _)| is(name, other)));
        let open = open.map(|(name, value)| ((*name).to_owned(), value.clone()));
        let all = open.chain(theirs.iter().cloned()).collect();
        Ok((Self(all), (!others.is_empty()).then_some(others)))
    }

    /// The statement that makes the settings and sets the search path to the schema and to those of
    /// the extensions, without the user's own schema. It then selects the time limits in milliseconds.
    pub(super) fn statement(&self, schema: &str) -> String {
        let settings = self.0.iter().map(|(name, value)| {
            let (name, value) = (quoted(name), quoted(value));
            format!("pg_catalog.set_config({name}, {value}, false)")
        });
        let extensions = EXTENSIONS.map(quoted).join(", ");
        let schema = quoted(schema);
        let path = format!(
            "pg_catalog.set_config('search_path', concat_ws(', ', quote_ident({schema}), (\
             SELECT string_agg(DISTINCT quote_ident(nspname), ', ') FROM pg_catalog.pg_extension \
             JOIN pg_catalog.pg_namespace AS n ON n.oid = extnamespace \
             WHERE extname IN ({extensions}) AND nspname NOT IN ({schema}, 'pg_catalog'))), false)"
        );
        let calls: Vec<String> = settings.chain([path]).collect();
        let limits = ["statement_timeout", "lock_timeout"].map(|name| {
            format!("(1000 * extract(epoch FROM current_setting('{name}')::interval))::bigint")
        });
        format!("SELECT {}; SELECT {}", calls.join(", "), limits.join(", "))
    }
}

/// Quotes a text as an SQL literal.
pub(in crate::db) fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('\'', "''");
    format!("E'{text}'")
}

/// Parses options of the `postgres` command line: `-c name=value` and `--name=value`, and the rest.
fn read(options: &str) -> (Vec<(String, String)>, String) {
    let mut settings = Vec::new();
    let mut others = Vec::new();
    let mut words = words(options).into_iter();
    while let Some(word) = words.next() {
        let pair = match (word.strip_prefix("--"), word.strip_prefix("-c")) {
            (Some(pair), _) => Some(pair.to_owned()),
            (None, Some("")) => words.next(),
            (None, Some(pair)) => Some(pair.to_owned()),
            (None, None) => None,
        };
        match pair.as_deref().and_then(|pair| pair.split_once('=')) {
            Some((name, value)) => settings.push((name.replace('-', "_"), value.to_owned())),
            None => others.push(word.replace('\\', "\\\\").replace(' ', "\\ ")),
        }
    }
    (settings, others.join(" "))
}

/// Splits at blanks that are not escaped by a backslash.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let word = words.last_mut();
        match (character, word) {
            ('\\', Some(word)) => word.extend(characters.next()),
            (blank, _) if blank.is_ascii_whitespace() => words.push(String::new()),
            (character, Some(word)) => word.push(character),
            (_, None) => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::{Settings, read};

    #[test]
    fn options_are_read_as_the_server_reads_them() {
        let (settings, others) =
            read("-c geqo=off -cjit=on --statement-timeout=7s -W 5 -c x.y=a\\ b\\\\");
        let settings: Vec<String> = settings.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(
            settings,
            ["geqo=off", "jit=on", "statement_timeout=7s", "x.y=a b\\"]
        );
        assert_eq!(others, "-W 5");
    }

    #[test]
    fn those_of_a_url_come_in_place_of_ours() {
        let ours = [("jit", "off".to_owned()), ("lock_timeout", "1".to_owned())];
        let (settings, others) = Settings::of(&ours, "-c JIT=on").ok().unwrap();
        let statement = settings.statement("it's");
        assert!(statement.contains("(E'JIT', E'on', false)"), "{statement}");
        assert!(!statement.contains("E'jit'") && statement.contains("E'lock_timeout'"));
        assert!(statement.contains("quote_ident(E'it''s')"), "{statement}");
        assert_eq!(others, None);
        assert!(Settings::of(&ours, "-c search_path=x").is_err());
    }
}
