//! The folders and files of the server.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::EmbeddedOptions;
use super::error::EmbeddedError;
use super::owner::Owner;

/// The longest path of a Unix socket: 103 bytes on macOS, 107 on Linux.
const LONGEST_SOCKET_PATH: usize = 103;

/// The folders and files of one server.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The data folder, mode 0700, the server's own.
    pub(super) data: PathBuf,
    /// The folder of the socket, mode 0700, the server's own: who can't enter it can't connect.
    pub(super) socket: PathBuf,
    /// The server's log file.
    pub(super) log: PathBuf,
    /// The file of the start lock.
    pub(super) start_lock: PathBuf,
    /// The file that all programs which use the server hold.
    pub(super) in_use: PathBuf,
    /// The folder of fetched PostgreSQL programs, for all servers of this user.
    pub(super) base: PathBuf,
}

impl Place {
    /// Chooses the place and makes its folders, but for the data folder.
    pub(super) fn make(options: &EmbeddedOptions, owner: &Owner) -> Result<Place, EmbeddedError> {
        let base = base(options, owner);
        let home = match &options.data_dir {
            Some(folder) => folder.clone(),
            None => base.join(name_of_working_folder()?),
        };
        make_folders(&home, owner)?;
        // The canonical name, so that two ways to the same folder lead to the same server.
        let home = canonical(&home)?;
        owner.check_reach(&home)?;
        let place = Place {
            data: home.join("data"),
            socket: socket_folder(&home, owner),
            log: home.join("server.log"),
            start_lock: home.join("start.lock"),
            in_use: home.join("in-use.lock"),
            base,
        };
        make_private(&place.socket, owner)?;
        Ok(place)
    }
}

/// Makes `folder` with mode 0700 for `owner` alone. Whatever else has that name is refused: in
/// /tmp, somebody else may have put it there.
pub(super) fn make_private(folder: &Path, owner: &Owner) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return owner.take_over(folder),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(EmbeddedError::at(folder)(error)),
    }
    let found = folder
        .symlink_metadata()
        .map_err(EmbeddedError::at(folder))?;
    if !found.is_dir() || (found.uid() != owner.uid && found.uid() != 0) {
        let foreign = std::io::Error::other("it belongs to somebody else");
        return Err(EmbeddedError::at(folder)(foreign));
    }
    // The modes may be wider after a copy or a restore, and root may have been cut off before the
    // folder was given away.
    std::fs::set_permissions(folder, Permissions::from_mode(0o700))
        .map_err(EmbeddedError::at(folder))?;
    owner.take_over(folder)
}

/// The folder for everything of this user: `data_home`, the XDG data folder, or /var/lib for root.
fn base(options: &EmbeddedOptions, owner: &Owner) -> PathBuf {
    match (&owner.home, &options.data_home) {
        (None, _) => "/var/lib/crm".into(),
        (Some(_), Some(data_home)) => data_home.join("crm"),
        (Some(home), None) => home.join(".local/share/crm"),
    }
}

/// A readable name and a part of a hash: two checkouts in two folders get two servers.
fn name_of_working_folder() -> Result<String, EmbeddedError> {
    let folder = canonical(Path::new("."))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = name.replace(
        |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_',
        "_",
    );
    Ok(format!(
        "{}-{}",
        if name.is_empty() { "root" } else { &name },
        hash(&folder)
    ))
}

fn hash(path: &Path) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, path.as_os_str().as_bytes());
    digest.as_ref()[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn canonical(path: &Path) -> Result<PathBuf, EmbeddedError> {
    path.canonicalize().map_err(EmbeddedError::at(path))
}

/// Makes `folder` and what is missing above it. Root's may be walked through by everyone, so that
/// the server's user can; the folders that matter have modes of their own.
pub(super) fn make_folders(folder: &Path, owner: &Owner) -> Result<(), EmbeddedError> {
    let missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    let mode = if owner.steps_down() { 0o755 } else { 0o700 };
    for folder in missing.into_iter().rev() {
        match DirBuilder::new().mode(mode).create(folder) {
            Ok(()) => std::fs::set_permissions(folder, Permissions::from_mode(mode))
                .map_err(EmbeddedError::at(folder))?,
            // Somebody who starts at the same moment was faster.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(EmbeddedError::at(folder)(error)),
        }
    }
    Ok(())
}

/// Beside the data, or a short folder where that path is too long for a socket.
fn socket_folder(home: &Path, owner: &Owner) -> PathBuf {
    let beside = home.join("socket");
    if beside.join(".s.PGSQL.5432").as_os_str().len() <= LONGEST_SOCKET_PATH {
        return beside;
    }
    let short = if owner.steps_down() && Path::new("/run").is_dir() {
        "/run"
    } else {
        "/tmp"
    };
    Path::new(short).join(format!("crm-{}-{}", owner.uid, hash(home)))
}
