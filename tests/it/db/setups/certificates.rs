//! Certificates as PostgreSQL's manual has them made, and what each `sslmode` makes of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crm::db::{Db, DbError, PoolOptions};

use super::failure;
use crate::support::{OwnServer, Scratch, SetUp, ask_on};

/// Everybody may come in plain text or encrypted, but ada needs a certificate.
const RULES: &str = "hostssl all ada 127.0.0.1/32 trust clientcert=verify-full\n\
                     host all crm 127.0.0.1/32 trust";

/// Runs the manual's commands. None where there is no OpenSSL.
fn openssl(folder: &Path, commands: &str) -> Option<()> {
    for line in commands.lines().filter(|line| !line.trim().is_empty()) {
        let mut command = Command::new("sh");
        let ran = command
            .args(["-c", line])
            .current_dir(folder)
            .output()
            .unwrap();
        if ran.status.code() == Some(127) {
            eprintln!("not tried: there is no openssl");
            return None;
        }
        assert!(
            ran.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }
    Some(())
}

/// The manual's, section "Creating Certificates", and one that has an alternative name.
const COMMANDS: &str = "
openssl req -new -x509 -days 365 -nodes -text -out own.crt -keyout own.key -subj '/CN=localhost'
openssl req -new -nodes -text -out root.csr -keyout root.key -subj '/CN=root.example'
printf '[v3_ca]\\nbasicConstraints=critical,CA:true\\nsubjectKeyIdentifier=hash\\n' > ca.cnf
openssl x509 -req -in root.csr -text -days 3650 -extfile ca.cnf -extensions v3_ca -signkey root.key -out root.crt
openssl req -new -nodes -text -out plain.csr -keyout plain.key -subj '/CN=localhost'
openssl x509 -req -in plain.csr -text -days 365 -CA root.crt -CAkey root.key -CAcreateserial -out plain.crt
openssl req -new -nodes -text -out named.csr -keyout named.key -subj '/CN=elsewhere'
printf 'subjectAltName=DNS:localhost' > named.cnf
openssl x509 -req -in named.csr -days 365 -CA root.crt -CAkey root.key -CAcreateserial -extfile named.cnf -out named.crt
printf 'extendedKeyUsage=serverAuth' > common.cnf
openssl req -new -nodes -text -out common.csr -keyout common.key -subj '/CN=localhost'
openssl x509 -req -in common.csr -days 365 -CA root.crt -CAkey root.key -CAcreateserial -extfile common.cnf -out common.crt
openssl req -new -nodes -text -out ada.csr -keyout ada.key -subj '/CN=ada'
openssl x509 -req -in ada.csr -text -days 365 -CA root.crt -CAkey root.key -CAcreateserial -out ada.crt
openssl req -new -x509 -days 365 -nodes -out other.crt -keyout other.key -subj '/CN=localhost'
";

/// A server with that certificate, which can be changed.
async fn server(folder: &Path) -> OwnServer {
    let settings = [
        "ssl=on",
        "ssl_cert_file=server.crt",
        "ssl_key_file=server.key",
        "ssl_ca_file=root.crt",
    ];
    let set_up = SetUp {
        rules: RULES,
        settings: &settings,
        ..SetUp::default()
    };
    let server = OwnServer::start(&set_up, |data| show(folder, "own", data)).await;
    server.run("create role ada login superuser").await;
    server
}

fn show(folder: &Path, name: &str, data: &Path) {
    for (from, to) in [
        (format!("{name}.crt"), "server.crt"),
        (format!("{name}.key"), "server.key"),
        ("root.crt".to_owned(), "root.crt"),
    ] {
        let to = data.join(to);
        fs::copy(folder.join(from), &to).unwrap();
        OwnServer::give(data, &to);
    }
}

/// True if the connection is encrypted.
async fn connect(url: &str) -> Result<bool, DbError> {
    let db = Db::connect(url, &PoolOptions::default()).await?.program();
    let mut connection = db.connection().await?;
    let is = "(select ssl::text from pg_stat_ssl where pid = pg_backend_pid())";
    Ok(ask_on(&mut connection, is).await == "true")
}

/// With a folder of certificates, in which the files are named.
fn folder() -> Option<Scratch> {
    let folder = Scratch::new();
    fs::create_dir(folder.path()).unwrap();
    openssl(folder.path(), COMMANDS)?;
    Some(folder)
}

#[tokio::test]
async fn certificates_of_the_manual_are_taken_as_psql_takes_them() {
    let Some(folder) = folder() else { return };
    let files = folder.path();
    let mut command = Command::new("openssl");
    command.args(["x509", "-noout", "-text", "-in", "plain.crt"]);
    let text = command.current_dir(files).output().unwrap().stdout;
    let is_version_one = String::from_utf8_lossy(&text).contains("Version: 1 ");
    // OpenSSL 3.2 and later make version 3 by the same command.
    let plain = if is_version_one {
        Err("is of X.509 version 1")
    } else {
        Ok(true)
    };
    let server = server(files).await;
    let not_own = Err("is an authority's own: name that very certificate");
    let other_name = Err("is not in the name of 127.0.0.1");
    for (shown, cases) in [
        (
            "own",
            &[
                ("localhost", "", Ok(true)),
                ("localhost", "sslmode=disable", Ok(false)),
                ("localhost", "sslmode=allow", Ok(false)),
                ("localhost", "sslmode=prefer&sslrootcert=other", Ok(true)),
                ("localhost", "sslmode=require", Ok(true)),
                ("localhost", "sslmode=require&sslrootcert=own", Ok(true)),
                ("localhost", "sslmode=require&sslrootcert=other", not_own),
                ("localhost", "sslmode=verify-ca&sslrootcert=own", Ok(true)),
                ("127.0.0.1", "sslmode=verify-ca&sslrootcert=own", Ok(true)),
                ("localhost", "sslmode=verify-ca&sslrootcert=root", not_own),
                ("localhost", "sslmode=verify-full&sslrootcert=own", Ok(true)),
                (
                    "127.0.0.1",
                    "sslmode=verify-full&sslrootcert=own",
                    other_name,
                ),
            ][..],
        ),
        (
            "plain",
            &[
                ("localhost", "", Ok(true)),
                ("localhost", "sslmode=prefer", Ok(true)),
                ("localhost", "sslmode=require", Ok(true)),
                ("localhost", "sslmode=verify-ca&sslrootcert=root", plain),
                ("localhost", "sslmode=verify-full&sslrootcert=root", plain),
            ],
        ),
        (
            "named",
            &[
                (
                    "localhost",
                    "sslmode=verify-full&sslrootcert=root",
                    Ok(true),
                ),
                ("127.0.0.1", "sslmode=verify-ca&sslrootcert=root", Ok(true)),
                (
                    "127.0.0.1",
                    "sslmode=verify-full&sslrootcert=root",
                    other_name,
                ),
                (
                    "localhost",
                    "sslmode=verify-full&sslrootcert=own",
                    Err("signed by none of the roots"),
                ),
            ],
        ),
        // A name that is the common one alone.
        (
            "common",
            &[
                (
                    "localhost",
                    "sslmode=verify-full&sslrootcert=root",
                    Ok(true),
                ),
                (
                    "127.0.0.1",
                    "sslmode=verify-full&sslrootcert=root",
                    other_name,
                ),
            ],
        ),
    ] {
        show(files, shown, &server.data());
        server.run("select pg_reload_conf()").await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        for &(host, query, expected) in cases {
            let (before, root) = query.split_once("sslrootcert=").unwrap_or((query, ""));
            let root = match root {
                "" => String::new(),
                root => format!("sslrootcert={}/{root}.crt", files.display()),
            };
            let url = format!("postgres://crm@{host}:{}/crm?{before}{root}", server.port);
            let connected = connect(&url).await;
            match (expected, connected) {
                (Ok(expected), Ok(is)) => assert_eq!(is, expected, "{shown} {host} {query}"),
                (Err(part), Err(error)) => {
                    assert!(
                        error.to_string().contains(part),
                        "{shown} {host} {query}: {error}"
                    );
                }
                (_, connected) => panic!("{shown} {host} {query}: {connected:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_client_shows_a_certificate_by_the_url_or_the_environment() {
    let Some(folder) = folder() else { return };
    let files = folder.path();
    let file = |name: &str| files.join(name).display().to_string();
    let server = server(files).await;
    let port = server.port.to_string();
    let url = |more: &str| format!("postgres://ada@localhost:{port}/crm?sslmode=require{more}");
    let with = |certificate: &str, key: &str| {
        url(&format!(
            "&sslcert={}&sslkey={}",
            file(certificate),
            file(key)
        ))
    };
    assert!(connect(&with("ada.crt", "ada.key")).await.unwrap());
    fs::copy(file("ada.key"), file("open.key")).unwrap();
    fs::set_permissions(file("open.key"), fs::Permissions::from_mode(0o644)).unwrap();
    for (url, part) in [
        (url(""), "connection requires a valid client certificate"),
        (with("own.crt", "own.key"), "PostgreSQL at localhost"),
        (with("ada.crt", "own.key"), "own.key"),
        (with("ada.crt", "open.key"), "chmod 0600"),
        (with("ada.crt", "ada.crt"), "there is no key in it"),
        (with("none.crt", "ada.key"), "none.crt"),
        (url("&sslcert=x"), "sslcert and sslkey"),
    ] {
        let error = connect(&url).await.expect_err(&url).to_string();
        assert!(error.contains(part), "{url}: {error}");
    }
    let (certificate, key, root) = (file("ada.crt"), file("ada.key"), file("own.crt"));
    let mut variables = vec![
        ("DATABASE_URL", "postgres://"),
        ("PGHOST", "localhost"),
        ("PGPORT", &port),
        ("PGUSER", "ada"),
        ("PGDATABASE", "crm"),
        ("PGSSLMODE", "verify-full"),
        ("PGSSLROOTCERT", &root),
        ("PGSSLCERT", &certificate),
        ("PGSSLKEY", &key),
    ];
    assert_eq!(failure(&["users", "list"], &variables).await, None);
    variables.truncate(7);
    let said = failure(&["users", "list"], &variables).await;
    assert!(
        said.expect("a refusal")
            .contains("valid client certificate")
    );
}
