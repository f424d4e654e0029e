//! Makes a data folder.

use std::fs;
use std::path::Path;

use super::EmbeddedOptions;
use super::error::EmbeddedError;
use super::find::Programs;
use super::owner::Owner;
use super::place::{Place, make_private};

/// The name of the server's one role, which owns everything in it.
pub(super) const ROLE: &str = "crm";

/// Makes the data folder, if there is none yet: UTF-8, sorted by code point, and open to whoever
/// can enter the socket's folder, which is the server's user (and root) alone.
pub(super) fn init(
    options: &EmbeddedOptions,
    place: &Place,
    programs: &Programs,
    owner: &Owner,
) -> Result<(), EmbeddedError> {
    if place.data.exists() {
        return Ok(());
    }
    // It gets its name when it is whole: what a killed start leaves behind is thrown away.
    let half = place.data.with_extension("new");
    if half.exists() {
        fs::remove_dir_all(&half).map_err(EmbeddedError::at(&half))?;
    }
    make_private(&half, owner)?;
    let mut said = String::new();
    for locale in locales(programs) {
        match run(&half, locale, options, programs, owner) {
            Ok(()) => {
                return fs::rename(&half, &place.data).map_err(EmbeddedError::at(&place.data));
            }
            Err(reason) => said = reason,
        }
    }
    // Nothing is in it that anybody could miss, and the failure that counts is initdb's.
    fs::remove_dir_all(&half).ok();
    Err(EmbeddedError::Init {
        data: place.data.clone(),
        said,
    })
}

/// Not every system knows C.UTF-8; from version 17 on PostgreSQL has its own. Plain C is the last
/// resort: it takes only ASCII letters for letters.
fn locales(programs: &Programs) -> Vec<&'static [&'static str]> {
    let mut locales: Vec<&[&str]> = vec![&["--locale=C.UTF-8"]];
    if programs.major >= 17 {
        locales.push(&[
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]);
    }
    locales.push(&["--locale=C"]);
    locales
}

fn run(
    data: &Path,
    locale: &[&str],
    options: &EmbeddedOptions,
    programs: &Programs,
    owner: &Owner,
) -> Result<(), String> {
    let mut command = owner.command(programs.bin.join("initdb"));
    command
        .arg("-D")
        .arg(data)
        .args(["-U", ROLE, "-E", "UTF8", "--auth=trust"])
        .args(locale);
    if !options.durable {
        command.arg("--no-sync");
    }
    let initdb = command.output().map_err(|error| error.to_string())?;
    if initdb.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&initdb.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    Err(lines[lines.len().saturating_sub(10)..].join("\n"))
}
