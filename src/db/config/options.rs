//! The options of connections: a URL, defaults for the parts it leaves out, and a schema.

/// The address of the database, and the program's schema in it.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// `postgres://user:password@host:port/name?sslmode=verify-full`.
    pub url: String,
    /// Defaults of the parts that the URL leaves out. Default: none.
    pub defaults: UrlDefaults,
    /// The schema that the tables are in. Default: `public`.
    pub schema: String,
}

/// Defaults of the parts that a URL leaves out: PostgreSQL's own environment variables, as
/// libpq takes them.
#[derive(Clone, Debug, Default)]
pub struct UrlDefaults {
    /// `PGHOST`: a host, a folder of sockets, or several with commas.
    pub host: Option<String>,
    /// `PGPORT`.
    pub port: Option<String>,
    /// `PGUSER`.
    pub user: Option<String>,
    /// `PGPASSWORD`.
    pub password: Option<String>,
    /// `PGPASSFILE`, or its usual path.
    pub passfile: Option<String>,
    /// `PGDATABASE`.
    pub dbname: Option<String>,
    /// `PGSSLMODE`.
    pub sslmode: Option<String>,
    /// `PGSSLCERT`.
    pub sslcert: Option<String>,
    /// `PGSSLKEY`.
    pub sslkey: Option<String>,
    /// `PGSSLROOTCERT`.
    pub sslrootcert: Option<String>,
}

impl UrlDefaults {
    /// The defaults, by the names of a URL's parameters.
    pub(super) fn parameters(&self) -> [(&'static str, &Option<String>); 10] {
        [
            ("host", &self.host),
            ("port", &self.port),
            ("user", &self.user),
            ("password", &self.password),
            ("passfile", &self.passfile),
            ("dbname", &self.dbname),
            ("sslmode", &self.sslmode),
            ("sslcert", &self.sslcert),
            ("sslkey", &self.sslkey),
            ("sslrootcert", &self.sslrootcert),
        ]
    }
}

impl From<&str> for DatabaseOptions {
    fn from(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            defaults: UrlDefaults::default(),
            schema: "public".to_owned(),
        }
    }
}

impl From<&String> for DatabaseOptions {
    fn from(url: &String) -> Self {
        url.as_str().into()
    }
}

impl From<&DatabaseOptions> for DatabaseOptions {
    fn from(options: &DatabaseOptions) -> Self {
        options.clone()
    }
}
