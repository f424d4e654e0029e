//! Defaults of a database URL from the variables of PostgreSQL's own clients and its password file.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{crm, failure};
use crate::support::{OwnServer, Scratch, SetUp, TestDatabase};

const LIST: [&str; 2] = ["users", "list"];

#[tokio::test]
async fn what_a_url_leaves_out_comes_from_the_environment() {
    let set_up = SetUp {
        rules: "host all all 127.0.0.1/32 scram-sha-256",
        ..SetUp::default()
    };
    let server = OwnServer::start(&set_up, |_| ()).await;
    server
        .run("create role ada login superuser password 'p:ss\\word'")
        .await;
    let (port, socket) = (server.port.to_string(), server.socket().to_str().unwrap());
    let blanks = format!(" {port}\n");
    for (url, variables) in [
        (
            "postgres://",
            vec![
                ("PGHOST", "127.0.0.1"),
                ("PGPORT", &port),
                ("PGUSER", "ada"),
                ("PGPASSWORD", "p:ss\\word"),
                ("PGDATABASE", "crm"),
                ("PGSSLMODE", "disable"),
            ],
        ),
        // By the folder of the socket nobody is asked for a password.
        (
            "postgres://",
            vec![
                ("PGHOST", socket),
                ("PGPORT", &port),
                ("PGUSER", "ada"),
                ("PGDATABASE", "crm"),
            ],
        ),
        // What the URL says counts, and blanks around it do not.
        (
            " postgresql://ada:p%3Ass%5Cword@127.0.0.1:PORT/crm?sslmode=disable\n",
            vec![
                ("PGHOST", "nowhere.invalid"),
                ("PGPORT", "1"),
                ("PGUSER", "eve"),
                ("PGPASSWORD", "wrong"),
                ("PGDATABASE", "other"),
                ("PGSSLMODE", "verify-full"),
            ],
        ),
        (
            "postgres://ada@/crm?host=127.0.0.1",
            vec![
                ("PGHOST", "nowhere.invalid"),
                ("PGPORT", &port),
                ("PGPASSWORD", "p:ss\\word"),
            ],
        ),
        (
            "postgres://ada@127.0.0.1/?dbname=crm",
            vec![
                ("PGPORT", &blanks),
                ("PGPASSWORD", "p:ss\\word"),
                ("PGHOST", ""),
            ],
        ),
    ] {
        let url = url.replace("PORT", &port);
        let mut variables = variables;
        variables.push(("DATABASE_URL", &url));
        assert_eq!(failure(&LIST, &variables).await, None, "{variables:?}");
    }
    for (text, variables, part) in [
        (
            "postgres://",
            vec![("PGDATABASE", "crm")],
            "it names no host, and PGHOST",
        ),
        (
            "postgres://",
            vec![("PGHOST", "127.0.0.1")],
            "it names no database, and PGDATABASE",
        ),
        (
            "postgres://",
            vec![("PGHOST", "h"), ("PGDATABASE", "d"), ("PGSSLMODE", "x")],
            "sslmode",
        ),
        (
            "postgres://ada:wrong@127.0.0.1:PORT/crm",
            vec![("PGPASSWORD", "p:ss\\word")],
            "ada",
        ),
    ] {
        let url = text.replace("PORT", &port);
        let mut variables = variables;
        variables.push(("DATABASE_URL", &url));
        let said = failure(&LIST, &variables).await.expect("a refusal");
        assert!(said.contains(part) && !said.contains("ss\\word"), "{said}");
    }
}

#[tokio::test]
async fn without_a_url_the_variables_of_postgresql_are_ignored() {
    let folder = Scratch::new();
    let data = folder.path().to_str().unwrap();
    let own = [
        ("PGHOST", "nowhere.invalid"),
        ("PGPORT", "x"),
        ("PGSSLMODE", "x"),
        ("PGSSLCERT", "/none"),
        ("DATABASE_URL", "  "),
        ("CRM_DATA_DIR", data),
        ("CRM_PROFILE", "test"),
        ("CRM_SCHEMA", "sales"),
    ];
    let migrated = crm(&["migrate"], &own).await;
    assert!(migrated.status.success(), "{migrated:?}");
    let listed = crm(&LIST, &own).await;
    assert!(listed.status.success(), "{listed:?}");
    assert!(folder.path().join("data").is_dir());
}

#[tokio::test]
async fn a_password_comes_from_the_password_file_if_nobody_else_can_read_it() {
    let set_up = SetUp {
        rules: "host all all 127.0.0.1/32 scram-sha-256",
        ..SetUp::default()
    };
    let server = OwnServer::start(&set_up, |_| ()).await;
    server
        .run("create role ada login superuser password 'p:ss\\word'")
        .await;
    let home = Scratch::new();
    fs::create_dir(home.path()).unwrap();
    let (usual, other) = (home.path().join(".pgpass"), home.path().join("other"));
    let lines = format!(
        "# the first that fits counts\n127.0.0.1:1:*:*:no\n127.0.0.1:{}:crm:ada:p\\:ss\\\\word\n*:*:*:*:no\n",
        server.port
    );
    let write = |path: &std::path::Path, text: &str, mode| {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    write(&usual, &lines, 0o600);
    write(&other, "*:*:*:ada:wrong\n", 0o600);
    let url = format!("postgres://ada@127.0.0.1:{}/crm", server.port);
    let home = ("HOME", home.path().to_str().unwrap());
    let base = [("DATABASE_URL", url.as_str()), home];
    let with = |more: &[(&'static str, &'static str)]| [&base[..], more].concat();
    assert_eq!(failure(&LIST, &base).await, None);
    // Whoever has a password from elsewhere does not look into the file.
    let said = failure(&LIST, &with(&[("PGPASSWORD", "wrong")])).await;
    assert!(
        said.expect("a refusal")
            .contains("refused the password of user \"ada\"")
    );
    let named = [("PGPASSFILE", other.to_str().unwrap())];
    let said = failure(&LIST, &[&base[..], &named].concat()).await;
    assert!(
        said.expect("a refusal")
            .contains("refused the password of user \"ada\"")
    );
    let by_url = format!("{url}?passfile={}", usual.display());
    let both = [("DATABASE_URL", by_url.as_str()), named[0]];
    assert_eq!(failure(&LIST, &both).await, None);
    write(&usual, &lines, 0o640);
    let said = failure(&LIST, &base).await.expect("a refusal");
    assert!(
        said.contains("chmod 0600") && said.contains("refused the password"),
        "{said}"
    );
}

#[tokio::test]
async fn several_hosts_may_be_named_by_either() {
    let database = TestDatabase::with_pool(1).await;
    let url = database.url().to_owned();
    let (name, rest) = url
        .trim_start_matches("postgres:///")
        .split_once('?')
        .unwrap();
    let socket = rest.split(['=', '&']).nth(1).unwrap().replace("%2F", "/");
    let hosts = format!("127.0.0.1,{socket}");
    let by_url = format!(
        "postgres://crm@127.0.0.1:1,{}:5432/{name}",
        socket.replace('/', "%2F")
    );
    let variables = [("DATABASE_URL", by_url.as_str())];
    assert_eq!(failure(&LIST, &variables).await, None);
    let variables = [
        ("DATABASE_URL", "postgres://"),
        ("PGHOST", hosts.as_str()),
        ("PGPORT", "1,5432"),
        ("PGUSER", "crm"),
        ("PGDATABASE", name),
    ];
    assert_eq!(failure(&LIST, &variables).await, None);
}
