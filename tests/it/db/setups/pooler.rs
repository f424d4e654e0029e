//! PgBouncer in front of PostgreSQL, where it is installed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crm::db::{Db, DbError, PoolOptions, check_as_it_is, migrate};

use super::failure;
use crate::support::program::{ANY_PORT, Program};
use crate::support::{Scratch, TestDatabase, ask_on, free_port};

struct Pooler {
    process: Child,
    url: String,
    _folder: Scratch,
}

impl Pooler {
    /// As Debian's package comes, but for the places. None where it is not installed.
    async fn start(database: &TestDatabase, settings: &str) -> Option<Pooler> {
        let program = [
            "/usr/sbin/pgbouncer",
            "/usr/bin/pgbouncer",
            "/usr/local/bin/pgbouncer",
        ];
        let program = program.into_iter().find(|path| fs::exists(path).unwrap());
        let Some(program) = program else {
            eprintln!("not tried: there is no PgBouncer");
            return None;
        };
        let folder = Scratch::new();
        fs::create_dir(folder.path()).unwrap();
        let mut connection = database.db().connection().await.unwrap();
        let name = ask_on(&mut connection, "current_database()::text").await;
        let socket = ask_on(
            &mut connection,
            "current_setting('unix_socket_directories')",
        )
        .await;
        let socket = socket.trim_matches('"');
        let port = free_port();
        let file = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n{name} = host={socket} port=5432 dbname={name} user=crm\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\n{settings}\n"
        );
        fs::write(&file, text).unwrap();
        let mut command = Command::new(program);
        command
            .arg("-q")
            .arg(&file)
            .current_dir("/")
            .stderr(Stdio::null())
            .stdout(Stdio::null());
        // It refuses to be root, as PostgreSQL does.
        if nix::unistd::geteuid().is_root() {
            // Only the server's own user gets at the socket.
            let owner = fs::metadata(socket).unwrap();
            command.uid(owner.uid()).gid(owner.gid());
        }
        let process = command.spawn().unwrap();
        let url = format!("postgres://crm@127.0.0.1:{port}/{name}?sslmode=disable");
        let pooler = Pooler {
            process,
            url,
            _folder: folder,
        };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_ok()
            {
                return Some(pooler);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("PgBouncer does not listen");
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        kill(
            Pid::from_raw(self.process.id().cast_signed()),
            Signal::SIGTERM,
        )
        .ok();
        self.process.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_session_mode_it_works_as_it_comes_and_the_timeouts_hold() {
    let database = TestDatabase::new().await;
    for settings in [
        "",
        "pool_mode = session\nignore_startup_parameters = options",
    ] {
        let Some(pooler) = Pooler::start(&database, settings).await else {
            return;
        };
        let program = Program::start(&[("DATABASE_URL", &pooler.url)]).await;
        let token = program.sign_in().await;
        let create = "mutation { createLead(input: { firstName: \"Jan\", lastName: \"Kowalski\",
            email: \"jan@kowalski.example\", source: WEBSITE }) { lead { lastName } } }";
        let created = program.ask(&token, &json!({ "query": create })).await;
        let lead = json!({ "lastName": "Kowalski" });
        assert_eq!(created["data"]["createLead"]["lead"], lead, "{created}");
        program.stop().await;

        let options = PoolOptions {
            statement_timeout: Duration::from_millis(300),
            ..PoolOptions::default()
        };
        let db = Db::connect(&pooler.url, &options).await.unwrap().program();
        let mut connection = db.connection().await.unwrap();
        for (setting, value) in [
            ("statement_timeout", "300ms"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "10s"),
            ("jit", "off"),
            ("search_path", "public"),
        ] {
            let setting = format!("current_setting('{setting}')");
            assert_eq!(ask_on(&mut connection, &setting).await, value, "{setting}");
        }
        let slept = connection
            .batch_execute("SELECT pg_sleep(10)")
            .await
            .unwrap_err();
        let slept = DbError::from_diesel(slept);
        assert!(matches!(slept, Ok(DbError::StatementTimeout)), "{slept:?}");
        // Whoever has the server's connection next has nothing of this one's.
        connection
            .batch_execute("SET application_name = 'left behind'")
            .await
            .unwrap();
        drop((connection, db));
        let db = Db::connect(&pooler.url, &PoolOptions::default())
            .await
            .unwrap()
            .program();
        let mut connection = db.connection().await.unwrap();
        assert_eq!(
            ask_on(&mut connection, "current_setting('statement_timeout')").await,
            "30s"
        );
        assert_eq!(
            ask_on(&mut connection, "current_setting('application_name')").await,
            "crm"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_session_mode_a_start_is_never_refused_for_the_pooler() {
    let database = TestDatabase::new().await;
    for settings in [
        "server_round_robin = 1\nmin_pool_size = 3",
        "default_pool_size = 3",
        "max_db_connections = 2",
    ] {
        let Some(pooler) = Pooler::start(&database, settings).await else {
            return;
        };
        for _ in 0..3 {
            let checked = check_as_it_is(&pooler.url.as_str().into()).await;
            assert!(checked.is_ok(), "{settings}: {checked:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_other_modes_it_is_refused_in_one_sentence() {
    let database = TestDatabase::new().await;
    for mode in [
        "transaction",
        "statement",
        // Sessions that nobody has are dealt out in turn.
        "transaction\nserver_round_robin = 1\nmin_pool_size = 3",
    ] {
        let settings = format!("pool_mode = {mode}");
        let Some(pooler) = Pooler::start(&database, &settings).await else {
            return;
        };
        let refused = migrate(&pooler.url).await.expect_err("a refusal");
        assert!(
            matches!(refused, DbError::Unsuitable { .. }),
            "{mode}: {refused}"
        );
        for command in [&["migrate"][..], &["serve"], &["serve", "--no-migrate"]] {
            let place = [
                ("DATABASE_URL", pooler.url.as_str()),
                ("CRM_LISTEN", ANY_PORT),
            ];
            let said = failure(command, &place).await.expect("a refusal");
            let is_one = said.trim().lines().count() == 1;
            assert!(
                is_one && said.contains("set pool_mode=session"),
                "{mode}: {said}"
            );
        }
    }
}
