//! A fresh, migrated database for each test, in about 40 ms: a copy of a template that is made
//! once for each state of the migrations, on one server that all test processes share.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use tokio::sync::OnceCell;

use crm::db::embedded::{EmbeddedOptions, EmbeddedServer};
use crm::db::{Db, PoolOptions, RequestDb, migrate};

use super::home::home;

/// A database of one test's own, dropped with it.
pub(crate) struct TestDatabase {
    name: String,
    url: String,
    admin: String,
    pool: Db,
    db: RequestDb,
}

impl TestDatabase {
    /// A migrated, empty database and a pool of four connections to it.
    pub(crate) async fn new() -> TestDatabase {
        TestDatabase::with_pool(4).await
    }

    /// The same with a pool of `size` connections: with one, whoever holds a connection while
    /// asking for another one fails.
    pub(crate) async fn with_pool(size: usize) -> TestDatabase {
        let cluster = cluster().await;
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        let admin = cluster.server.url();
        let template = &cluster.template;
        execute(
            &admin,
            &format!("create database {name} template {template} strategy file_copy"),
        )
        .await;
        let url = url_of(&admin, &name);
        let options = PoolOptions {
            size,
            ..PoolOptions::default()
        };
        let pool = Db::connect(&url, &options)
            .await
            .expect("a connection to the test's database");
        TestDatabase {
            name,
            url,
            admin,
            db: pool.program(),
            pool,
        }
    }

    /// The same, made of nothing with these options of CREATE DATABASE: a locale of its own, say.
    pub(crate) async fn made_with(options: &str) -> TestDatabase {
        let admin = cluster().await.server.url();
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        execute(
            &admin,
            &format!("create database {name} template template0 encoding 'UTF8' {options}"),
        )
        .await;
        let url = url_of(&admin, &name);
        migrate(&url).await.expect("migrations that run");
        TestDatabase::there(admin, name).await
    }

    /// One without any table.
    pub(crate) async fn empty() -> TestDatabase {
        let admin = cluster().await.server.url();
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        execute(&admin, &format!("create database {name}")).await;
        TestDatabase::there(admin, name).await
    }

    async fn there(admin: String, name: String) -> TestDatabase {
        let url = url_of(&admin, &name);
        let pool = Db::connect(&url, &PoolOptions::default())
            .await
            .expect("a connection to the test's database");
        TestDatabase {
            name,
            url,
            admin,
            db: pool.program(),
            pool,
        }
    }

    /// Its URL, for a pool or a program of the test's own.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its pool.
    pub(crate) fn pool(&self) -> &Db {
        &self.pool
    }

    /// The same for the program itself.
    pub(crate) fn db(&self) -> &RequestDb {
        &self.db
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // The test's own runtime can't be waited on from here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime
                .expect("a runtime")
                .block_on(drop_database(&admin, &name));
        });
        // What is not dropped goes when the run is over.
        dropping.join().ok();
    }
}

async fn drop_database(admin: &str, name: &str) {
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = ";
    execute(admin, &format!("{end}'{name}'")).await;
    // Those who were told to go are gone in a moment. `force` alone would look for them at once
    // and then only a tenth of a second later.
    tokio::time::sleep(Duration::from_millis(5)).await;
    execute(
        admin,
        &format!("drop database if exists {name} with (force)"),
    )
    .await;
}

struct Cluster {
    server: EmbeddedServer,
    template: String,
}

/// The shared server. It is never stopped from here: see the watchdog.
async fn cluster() -> &'static Cluster {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    let start = async || {
        let options = EmbeddedOptions {
            data_dir: Some(home().join("cluster")),
            durable: false,
            fetch: true,
            database: "postgres".into(),
            ..EmbeddedOptions::default()
        };
        let mut server = EmbeddedServer::start(&options)
            .await
            .expect("a server for the tests");
        // Under the start lock still, so that one process makes it and the others find it.
        let template = make_template(&server.url()).await;
        server.ready();
        Cluster { server, template }
    };
    CLUSTER.get_or_init(start).await
}

/// Makes the template of the present migrations, if it is not there.
async fn make_template(admin: &str) -> String {
    let template = format!("template_{:016x}", hash_of_migrations());
    if Db::connect(&url_of(admin, &template), &single())
        .await
        .is_ok()
    {
        return template;
    }
    // It gets its name when it is complete.
    execute(
        admin,
        "drop database if exists half_a_template with (force)",
    )
    .await;
    execute(admin, "create database half_a_template").await;
    migrate(&url_of(admin, "half_a_template"))
        .await
        .expect("migrations that run");
    execute(
        admin,
        &format!("alter database half_a_template rename to {template}"),
    )
    .await;
    template
}

fn hash_of_migrations() -> u64 {
    let mut files = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations"),
        &mut files,
    );
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(&file).expect("a migration").hash(&mut hasher);
        file.hash(&mut hasher);
    }
    hasher.finish()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the migrations") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files)
        } else {
            files.push(path)
        }
    }
}

fn url_of(admin: &str, database: &str) -> String {
    admin.replacen("/postgres?", &format!("/{database}?"), 1)
}

fn single() -> PoolOptions {
    // Copies queue up behind each other when many tests start at once.
    PoolOptions {
        size: 1,
        statement_timeout: Duration::ZERO,
        ..PoolOptions::default()
    }
}

async fn execute(url: &str, statement: &str) {
    let db = Db::connect(url, &single())
        .await
        .expect("a connection to the tests' server")
        .program();
    let mut connection = db.connection().await.expect("a connection");
    connection.batch_execute(statement).await.expect(statement);
}
