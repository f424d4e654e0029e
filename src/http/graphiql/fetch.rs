//! Fetches the pinned packages from the npm registry, once, with npm itself, because it knows the
//! machine's registry and proxy settings.

use std::io;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::pins::{PACKAGES, Package};
use super::staging::Staging;
use super::store;

/// The reason why the files could not be fetched, as text for the fallback page.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("npm and tar did not finish within {} seconds", TIME_LIMIT.as_secs())]
    TooSlow,
    #[error("{program} could not be started: {source}")]
    NotStarted {
        program: &'static str,
        source: io::Error,
    },
    #[error("{program} failed: {complaint}")]
    Failed {
        program: &'static str,
        complaint: String,
    },
    #[error("{what} is not what was pinned: its checksum differs")]
    Refused { what: &'static str },
    #[error("the data folder could not be used: {0}")]
    Folder(#[from] io::Error),
}

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The maximum number of error lines on the page: npm gives the reason first, then repeats it as an
/// object and adds advice.
const COMPLAINT_LINES: usize = 4;
const LONGEST_COMPLAINT: usize = 300;

/// Fetches, checks and installs every file into `folder`.
pub(super) async fn fetch(folder: &Path) -> Result<(), FetchError> {
    timeout(TIME_LIMIT, fetch_and_install(folder))
        .await
        .unwrap_or(Err(FetchError::TooSlow))
}

async fn fetch_and_install(folder: &Path) -> Result<(), FetchError> {
    let staging = Staging::within(folder).await?;
    npm_pack(staging.path()).await?;
    for package in &PACKAGES {
        check(package, staging.path()).await?;
        for file in package.files {
            let bytes = unpack(package, file.member, staging.path()).await?;
            if !file.is(&bytes) {
                return Err(FetchError::Refused { what: file.member });
            }
            store::install(folder, staging.path(), file.name, &bytes).await?;
        }
    }
    Ok(())
}

async fn npm_pack(staging: &Path) -> Result<(), FetchError> {
    let mut npm = Command::new("npm");
    npm.arg("pack").args(PACKAGES.map(|package| package.spec));
    // A package's scripts must not run, and without a network one retry is enough.
    npm.args([
        "--ignore-scripts",
        "--prefer-offline",
        "--fetch-retries=1",
        "--loglevel=error",
    ]);
    npm.args(["--no-update-notifier", "--no-audit", "--no-fund"]);
    // In the staging folder, so that no project's npm settings are used.
    run("npm", npm.current_dir(staging)).await.map(|_| ())
}

async fn check(package: &Package, staging: &Path) -> Result<(), FetchError> {
    let tarball = tokio::fs::read(staging.join(package.tarball)).await?;
    if !package.is(&tarball) {
        return Err(FetchError::Refused {
            what: package.tarball,
        });
    }
    Ok(())
}

/// Extracts one member to tar's output: nothing else of the archive is written to the disk.
async fn unpack(package: &Package, member: &str, staging: &Path) -> Result<Vec<u8>, FetchError> {
    let mut tar = Command::new("tar");
    tar.args(["-x", "-z", "-O", "-f", package.tarball, member]);
    run("tar", tar.current_dir(staging))
        .await
        .map(|output| output.stdout)
}

async fn run(program: &'static str, command: &mut Command) -> Result<Output, FetchError> {
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|source| FetchError::NotStarted { program, source })?;
    if !output.status.success() {
        let complaint =
            complaint(&output.stderr).unwrap_or_else(|| format!("it ended with {}", output.status));
        return Err(FetchError::Failed { program, complaint });
    }
    Ok(output)
}

/// The program's error output as one line for a page: without npm's prefixes and stack traces.
fn complaint(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim_start_matches("npm error").trim())
        .filter(|line| !line.is_empty() && !line.starts_with("at "))
        .take(COMPLAINT_LINES)
        .collect();
    let complaint: String = lines.join("; ").chars().take(LONGEST_COMPLAINT).collect();
    (!complaint.is_empty()).then_some(complaint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tampered_tarball_is_refused() {
        let staging = Staging::within(&std::env::temp_dir())
            .await
            .expect("a folder");
        let [graphiql, ..] = &PACKAGES;
        tokio::fs::write(staging.path().join(graphiql.tarball), b"evil")
            .await
            .expect("written");

        let refusal = check(graphiql, staging.path())
            .await
            .expect_err("a refusal");

        assert_eq!(
            refusal.to_string(),
            "graphiql-4.1.2.tgz is not what was pinned: its checksum differs"
        );
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let refusal = run("npm", &mut Command::new("/nowhere/npm"))
            .await
            .expect_err("no program");

        assert!(
            refusal
                .to_string()
                .starts_with("npm could not be started: "),
            "{refusal}"
        );
    }

    #[tokio::test]
    async fn a_failing_program_is_quoted_briefly() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "echo 'npm error code ENOTFOUND' >&2; echo why >&2; exit 1",
        ]);

        let refusal = run("npm", &mut command).await.expect_err("a failure");

        assert_eq!(refusal.to_string(), "npm failed: code ENOTFOUND; why");
        assert!(complaint(&[b'x'; 10_000]).is_some_and(|text| text.len() == LONGEST_COMPLAINT));
    }
}
