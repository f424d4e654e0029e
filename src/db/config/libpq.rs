//! A database as PostgreSQL's own programs take it: by libpq's environment variables, so that a
//! password is not in the list of processes.

use super::complete;
use super::options::DatabaseOptions;
use super::url::Parameters;
use crate::db::DbError;

/// The parameters of a URL that have an environment variable in libpq. Settings in `options` are not
/// among them: they are the service's.
const VARIABLES: [(&str, &str); 14] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
];

/// The variables for a program of PostgreSQL that is to connect to this database.
///
/// Errors: `BadUrl`.
pub(in crate::db) fn libpq_variables(
    database: &DatabaseOptions,
) -> Result<Vec<(&'static str, String)>, DbError> {
    let mut parameters = Parameters::parse(&database.url)?;
    complete(&mut parameters, database)?;
    let set = VARIABLES.iter();
    let set = set.filter_map(|(key, variable)| Some((*variable, parameters.take(key)?)));
    Ok(set.collect())
}

#[cfg(test)]
mod tests {
    use super::libpq_variables;

    #[test]
    fn a_url_becomes_the_variables_of_libpq() {
        let url = "postgres://ada:p%40ss@one:1,two/crm?sslmode=verify-full&sslrootcert=/ca.pem\
                   &target_session_attrs=read-write&options=-cjit%3Doff";
        let mut variables = libpq_variables(&url.into()).unwrap();
        variables.sort_unstable();
        let variables: Vec<String> = variables.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(
            variables,
            [
                "PGDATABASE=crm",
                "PGHOST=one,two",
                "PGPASSWORD=p@ss",
                "PGPORT=1,",
                "PGSSLMODE=verify-full",
                "PGSSLROOTCERT=/ca.pem",
                "PGTARGETSESSIONATTRS=read-write",
                "PGUSER=ada",
            ]
        );
    }
}
