//! The benchmark's database: N leads in a PostgreSQL of its own, or wherever its user says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use chrono::Utc;
use serde_json::{Value, json};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crm::db::embedded::{EmbeddedOptions, EmbeddedServer};
use crm::{db, demo};

use crate::cpu::{Process, postmaster_of};
use crate::{Options, Result, fill};

/// A database full of leads.
pub struct Database {
    /// Its URL.
    pub url: String,
    /// The folder of the benchmark's files.
    pub folder: PathBuf,
    /// PostgreSQL's processes, if they are on this machine.
    pub processes: Option<Process>,
    /// The main one of them.
    pub postmaster: Option<u32>,
    /// The time of generating the leads, in seconds, if the benchmark generated them.
    pub made_in: Option<f64>,
    sql: Sql,
    server: Option<EmbeddedServer>,
}

/// One connection.
pub struct Sql(Client);

/// A row of texts; an absent one is NULL.
pub type Row = Vec<Option<String>>;

impl Database {
    /// The database of that many leads: as an earlier run left it, or else made now.
    pub async fn open(options: &Options) -> Result<Self> {
        let folder = folder(options.leads)?;
        fs::create_dir_all(&folder)?;
        match &options.database_url {
            Some(url) => Self::foreign(url, folder, options.leads).await,
            None => Self::own(folder, options.leads).await,
        }
    }

    /// A copy, for what changes leads: the next run shall find them as this one did.
    pub async fn copy(&self, name: &str) -> Result<Self> {
        let sql = Sql::connect(&with_database(&self.url, "postgres")).await?;
        let from = self.sql.text("SELECT current_database()").await?;
        let size = "SELECT pg_database_size(current_database())";
        self.check_room(self.sql.number(size).await?)?;
        sql.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await?;
        let by_files = sql.number("SHOW server_version_num").await? >= 150_000;
        let strategy = if by_files { "STRATEGY file_copy" } else { "" };
        // Nobody may be connected to what is copied, but this process is, and the service, which
        // connects again once in a second.
        let alone = format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
             WHERE datname = '{from}' AND pid <> pg_backend_pid()"
        );
        let copy = format!("CREATE DATABASE {name} TEMPLATE \"{from}\" {strategy}");
        for tries_left in (0..20).rev() {
            sql.run(&alone).await?;
            match sql.run(&copy).await {
                Ok(()) => break,
                Err(fault) if tries_left == 0 => return Err(fault),
                Err(_) => {}
            }
        }
        Self::connected(with_database(&self.url, name), self.folder.clone(), None).await
    }

    /// Connects again after [`Database::copy`].
    pub async fn reconnect(&mut self) -> Result<()> {
        self.sql = Sql::connect(&self.url).await?;
        Ok(())
    }

    /// Takes a copy away.
    pub async fn discard(self) -> Result<()> {
        let name = self.sql.text("SELECT current_database()").await?;
        let sql = Sql::connect(&with_database(&self.url, "postgres")).await?;
        sql.run(&format!("DROP DATABASE {name} WITH (FORCE)")).await
    }

    /// Stops the server, if it is the benchmark's own.
    pub async fn close(self) -> Result<()> {
        drop(self.sql);
        match self.server {
            Some(server) => Ok(server.stop().await?),
            None => Ok(()),
        }
    }

    /// A connection of the benchmark's own, for looking things up.
    pub fn sql(&self) -> &Sql {
        &self.sql
    }

    /// The same one, for statements with parameters.
    pub fn client(&mut self) -> &mut Client {
        &mut self.sql.0
    }

    /// Fails if the disk could not take a copy and what the measuring adds to it.
    fn check_room(&self, bytes: u64) -> Result<()> {
        if self.server.is_none() {
            return Ok(());
        }
        let df = Command::new("df")
            .args(["--output=avail", "-B1"])
            .arg(&self.folder)
            .output()?;
        let text = String::from_utf8_lossy(&df.stdout);
        let free = text
            .lines()
            .nth(1)
            .and_then(|line| line.trim().parse::<u64>().ok());
        if free.is_some_and(|free| free / 2 < bytes) {
            return Err(format!("the disk has no room for a copy of {bytes} bytes").into());
        }
        Ok(())
    }

    async fn own(folder: PathBuf, leads: u64) -> Result<Self> {
        let options = EmbeddedOptions {
            data_dir: Some(folder.clone()),
            fetch: true,
            ..EmbeddedOptions::default()
        };
        let mut server = EmbeddedServer::start(&options).await?;
        let (url, note) = (server.url(), folder.join("made.json"));
        // The note is written last: without it, somebody was interrupted.
        let made_in = if note.exists() {
            let text = fs::read_to_string(&note)?;
            serde_json::from_str::<Value>(&text)?["seconds"].as_f64()
        } else {
            let sql = Sql::connect(&with_database(&url, "postgres")).await?;
            sql.run("DROP DATABASE IF EXISTS crm WITH (FORCE)").await?;
            sql.run("CREATE DATABASE crm").await?;
            db::migrate(&url).await?;
            let began = Instant::now();
            fill::fill(&url, leads).await?;
            let seconds = began.elapsed().as_secs_f64();
            fs::write(
                &note,
                json!({ "leads": leads, "seconds": seconds }).to_string(),
            )?;
            Some(seconds)
        };
        // One that an earlier version of the program made lacks what this one brings.
        let migrated = db::migrate(&url).await?;
        server.ready();
        let mut database = Self::connected(url, folder, Some(server)).await?;
        database.made_in = made_in;
        if !migrated.is_empty() {
            database.sql.run("VACUUM (ANALYZE)").await?;
        }
        Ok(database)
    }

    /// Somebody's database is filled only if there is no lead in it, and with all care.
    async fn foreign(url: &str, folder: PathBuf, leads: u64) -> Result<Self> {
        db::migrate(url).await?;
        let mut database = Self::connected(url.to_owned(), folder, None).await?;
        if database
            .sql
            .text("SELECT count(*) FROM (SELECT FROM leads LIMIT 1) AS part")
            .await?
            == "0"
        {
            let began = Instant::now();
            let db = db::Db::connect(url, &db::PoolOptions::default())
                .await?
                .program();
            demo::generate(
                &db,
                leads,
                demo::RANDOM_SEED,
                Utc::now(),
                demo::Progress::Bar,
            )
            .await?;
            database.made_in = Some(began.elapsed().as_secs_f64());
        }
        Ok(database)
    }

    async fn connected(
        url: String,
        folder: PathBuf,
        server: Option<EmbeddedServer>,
    ) -> Result<Self> {
        let sql = Sql::connect(&url).await?;
        let backend = sql.text("SELECT pg_backend_pid()").await?.parse()?;
        let postmaster = postmaster_of(backend);
        Ok(Self {
            url,
            folder,
            processes: postmaster.map(Process::WithChildren),
            postmaster,
            made_in: None,
            sql,
            server,
        })
    }
}

impl Sql {
    /// Connects, without encryption: what is measured runs on this machine.
    pub async fn connect(url: &str) -> Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        Ok(Self(client))
    }

    /// The rows of a statement, as texts.
    pub async fn rows(&self, statement: &str) -> Result<Vec<Row>> {
        let messages = self.0.simple_query(statement).await;
        let messages = messages.map_err(|error| said(statement, &error))?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|at| row.get(at).map(str::to_owned))
                    .collect(),
            ),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// The first column of a statement's rows, without NULLs.
    pub async fn column(&self, statement: &str) -> Result<Vec<String>> {
        let rows = self.rows(statement).await?;
        let first = |row: Row| row.into_iter().next().flatten();
        Ok(rows.into_iter().filter_map(first).collect())
    }

    /// The first value of a statement's first row.
    pub async fn text(&self, statement: &str) -> Result<String> {
        let column = self.column(statement).await?;
        let first = column.into_iter().next();
        first.ok_or_else(|| format!("nothing is found by {statement}").into())
    }

    /// The first value of a statement's first row, a whole number.
    pub async fn number(&self, statement: &str) -> Result<u64> {
        Ok(self.text(statement).await?.parse()?)
    }

    /// Runs statements for what they do.
    pub async fn run(&self, statements: &str) -> Result<()> {
        let done = self.0.batch_execute(statements).await;
        done.map_err(|error| said(statements, &error).into())
    }
}

fn said(statement: &str, error: &tokio_postgres::Error) -> String {
    let words = error
        .as_db_error()
        .map_or_else(|| error.to_string(), ToString::to_string);
    format!("{words}, by {statement}")
}

/// The same server's other database.
fn with_database(url: &str, name: &str) -> String {
    let (place, rest) = url
        .split_once('?')
        .map_or((url, ""), |(place, rest)| (place, rest));
    let server = place.rsplit_once('/').map_or(place, |(server, _)| server);
    format!("{server}/{name}?{rest}")
}

/// The folder of the database with this number of leads.
pub fn folder(leads: u64) -> Result<PathBuf> {
    Ok(target_folder()?.join("bench").join(leads.to_string()))
}

/// The folder of what is built: this program is in `target/release/deps`.
pub fn target_folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(3).map(Path::to_owned);
    target.ok_or_else(|| "the benchmark is run by `cargo bench`".into())
}
