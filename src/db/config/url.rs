//! Database URLs, read as libpq reads them.

use percent_encoding::percent_decode_str;

use crate::db::DbError;

/// The parameters of a URL, by libpq's names: `host`, `port`, `user`, `password`, `dbname` and those
/// of its query string.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Parses a URL. No error repeats a part of it that may belong to a password.
    ///
    /// Errors: `BadUrl`.
    pub(super) fn parse(url: &str) -> Result<Self, DbError> {
        let url = url.trim();
        let rest = url.strip_prefix("postgres://");
        let rest = rest.or_else(|| url.strip_prefix("postgresql://"));
        let rest = rest.ok_or_else(|| bad("it must begin with postgres:// or postgresql://"))?;
        let mut parameters = Self(Vec::new());
        // As in libpq: the text before the first @ or / is a user if it ends with an @, so that a
        // question mark in a password starts no parameters.
        let (user, rest) = match rest.find(['@', '/']) {
            Some(at) if rest[at..].starts_with('@') => (&rest[..at], &rest[at + 1..]),
            _ => ("", rest),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        if place.contains('@') {
            return Err(bad(
                "an @ or / in its user name or password must be written %40 or %2F",
            ));
        }
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        parameters.add("user", &decoded(user)?);
        parameters.add("password", &decoded(password)?);
        let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
        parameters.add_hosts(hosts)?;
        parameters.add("dbname", &decoded(database)?);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            if key.is_empty() || !key.bytes().all(is_word) {
                return Err(bad(
                    "behind its ? parameters like sslmode=require must stand",
                ));
            }
            let value = decoded(value)?;
            parameters.0.retain(|(known, _)| known != key);
            parameters.add(key, &value);
        }
        Ok(parameters)
    }

    /// Adds hosts, separated by commas. Each may have a port; one in brackets is an IPv6 address.
    fn add_hosts(&mut self, text: &str) -> Result<(), DbError> {
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for one in text.split(',') {
            let (host, port) = match one.strip_prefix('[').and_then(|one| one.split_once(']')) {
                Some((address, port)) => (address, port.strip_prefix(':').unwrap_or(port)),
                None => one.split_once(':').unwrap_or((one, "")),
            };
            if !port.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(bad(
                    "its port is no number; a / or : in a user name or password must be written \
                     %2F or %3A",
                ));
            }
            hosts.push(decoded(host)?);
            ports.push(port);
        }
        if hosts.iter().any(|host| !host.is_empty()) {
            self.add("host", &hosts.join(","));
        }
        if ports.iter().any(|port| !port.is_empty()) {
            self.add("port", &ports.join(","));
        }
        Ok(())
    }

    /// Adds a parameter. An empty value counts as missing.
    fn add(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.0.push((key.to_owned(), value.to_owned()));
        }
    }

    /// Adds a parameter if it is missing.
    pub(super) fn fill(&mut self, key: &str, value: Option<&str>) {
        if self.get(key).is_none() {
            self.add(key, value.unwrap_or_default());
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let mut all = self.0.iter();
        all.find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn take(&mut self, key: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == key)?;
        Some(self.0.swap_remove(at).1)
    }

    /// All parameters as a libpq connection string, `key=value …`.
    pub(super) fn in_one_line(&self) -> String {
        let escaped = |value: &str| value.replace('\\', "\\\\").replace('\'', "\\'");
        let pairs = self.0.iter();
        let pairs = pairs.map(|(key, value)| format!("{key}='{}'", escaped(value)));
        pairs.collect::<Vec<_>>().join(" ")
    }
}

fn decoded(text: &str) -> Result<String, DbError> {
    let text = percent_decode_str(text).decode_utf8();
    let text = text.map_err(|_| bad("what its % signs stand for is not UTF-8"))?;
    Ok(text.into_owned())
}

/// The error for a faulty URL.
pub(super) fn bad(what: &str) -> DbError {
    DbError::BadUrl(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    fn line(url: &str) -> String {
        Parameters::parse(url).unwrap().in_one_line()
    }

    #[test]
    fn a_url_is_read_as_libpq_reads_it() {
        for (url, expected) in [
            ("postgres://", ""),
            ("  postgresql:///crm \n", "dbname='crm'"),
            (
                "postgres://crm:p%40ss?word:x@db:5433/leads?sslmode=require",
                "user='crm' password='p@ss?word:x' host='db' port='5433' dbname='leads' \
                 sslmode='require'",
            ),
            ("postgres://[::1]:5433", "host='::1' port='5433'"),
            (
                "postgres://one:1,two/x",
                "host='one,two' port='1,' dbname='x'",
            ),
            ("postgres://:5433/x", "port='5433' dbname='x'"),
            ("postgres://%2Frun%2Fpg/x", "host='/run/pg' dbname='x'"),
            // The parameter takes precedence.
            (
                "postgres://db/x?host=/run&user=a@b",
                "dbname='x' host='/run' user='a@b'",
            ),
            (
                "postgres://db?password=it%27s%5C",
                "host='db' password='it\\'s\\\\'",
            ),
        ] {
            assert_eq!(line(url), expected, "{url}");
        }
    }

    #[test]
    fn no_part_of_a_password_is_repeated() {
        for url in [
            "postgres://crm:hun@ter2@db/crm",
            "postgres://crm:hunter2/ter2@db/crm",
            "postgres://crm:hunter2/db/crm",
            "postgres://crm:%ffhunter2@db/crm",
            "postgres://crm:x@db/crm?hunter2@ter2=1",
            "hunter2",
        ] {
            let error = Parameters::parse(url).err().expect(url);
            assert!(!format!("{error} {error:?}").contains("ter2"), "{error:?}");
        }
    }
}
