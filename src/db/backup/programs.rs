//! pg_dump and pg_restore: found among the installed programs, and run.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::BackupError;
use crate::db::DatabaseOptions;
use crate::db::config::libpq_variables;
use crate::db::embedded::{EmbeddedOptions, major_version, program_folders};

/// `pg_dump` and `pg_restore` of one version.
#[derive(Debug, Clone)]
pub struct DumpPrograms {
    bin: PathBuf,
    /// The major version, such as 15.
    pub major: u32,
}

impl DumpPrograms {
    /// Finds the programs of major version `oldest`, or else of the next newer one: an older pg_dump
    /// refuses the server, and a newer one writes statements that an older server does not know.
    ///
    /// Errors: `NoPrograms`, `Embedded`.
    pub async fn find(options: &EmbeddedOptions, oldest: u32) -> Result<Self, BackupError> {
        let mut found = Vec::new();
        for bin in program_folders(options)? {
            if let Some(major) = version(&bin).await {
                found.push(Self { bin, major });
            }
        }
        found.sort_by_key(|programs| programs.major);
        let majors: Vec<String> = found.iter().map(|p| p.major.to_string()).collect();
        let fits = found.into_iter().find(|p| p.major >= oldest);
        fits.ok_or_else(|| BackupError::NoPrograms {
            oldest,
            found: match majors.is_empty() {
                true => "there are none".to_owned(),
                false => format!("there are those of {}", majors.join(" and ")),
            },
        })
    }

    /// Dumps the program's schema into `file` as of an exported snapshot, without the rows of these
    /// tables, of which any may be missing.
    ///
    /// Errors: `Failed`, `Database`.
    pub async fn dump(
        &self,
        database: &DatabaseOptions,
        snapshot: &str,
        without_rows: &[&str],
        file: &Path,
    ) -> Result<(), BackupError> {
        let schema = pattern(&database.schema);
        let mut command = self.command("pg_dump", database)?;
        command
            .args(["--format=custom", "--no-password"])
            .arg(format!("--snapshot={snapshot}"))
            .arg(format!("--schema={schema}"))
            .arg("--file")
            .arg(file);
        for table in without_rows {
            command.arg(format!("--exclude-table-data={schema}.{}", pattern(table)));
        }
        run("pg_dump", command).await
    }

    /// Restores all of `file` that is in the program's schema, or nothing.
    ///
    /// Errors: `Failed`, `Database`.
    pub(super) async fn restore(
        &self,
        database: &DatabaseOptions,
        file: &Path,
    ) -> Result<(), BackupError> {
        let variables = libpq_variables(database)?;
        let name = variables.iter().find(|(name, _)| *name == "PGDATABASE");
        let name = name.map_or("", |(_, value)| value);
        let mut command = self.command("pg_restore", database)?;
        command
            .args(["--exit-on-error", "--single-transaction", "--no-password"])
            .args(["--no-owner", "--no-privileges"])
            .arg(format!("--schema={}", database.schema))
            .arg(format!("--dbname={}", in_one_word(name)))
            .arg(file);
        run("pg_restore", command).await
    }

    fn command(&self, program: &str, database: &DatabaseOptions) -> Result<Command, BackupError> {
        let mut command = Command::new(self.bin.join(program));
        command
            // A PGOPTIONS of the operator's would be another session than the service's.
            .env_clear()
            .env("LC_ALL", "C")
            .envs(libpq_variables(database)?)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Ok(command)
    }
}

async fn run(program: &'static str, mut command: Command) -> Result<(), BackupError> {
    let failed = |said: String| BackupError::Failed { program, said };
    let ended = command.output().await;
    let ended = ended.map_err(|error| failed(error.to_string()))?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let first = said.lines().find(|line| line.contains("error:"));
    let first = first.or(said.lines().next()).map(|line| {
        let behind = line.split_once("error: ");
        behind.map_or(line, |(_, said)| said).to_owned()
    });
    Err(failed(first.unwrap_or_else(|| ended.status.to_string())))
}

/// The major version of the programs in a folder that has both.
async fn version(bin: &Path) -> Option<u32> {
    if !bin.join("pg_restore").is_file() {
        return None;
    }
    let asked = Command::new(bin.join("pg_dump"))
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .await
        .ok()?;
    major_version(&String::from_utf8_lossy(&asked.stdout))
}

/// The pattern that only this name matches.
fn pattern(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A database's name as a connection string: alone, one with an `=` would be read as such a string.
fn in_one_word(name: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('\'', "\\'");
    format!("dbname='{escaped}'")
}
