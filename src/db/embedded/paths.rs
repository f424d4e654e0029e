//! The server's folders and files, the system user who owns them, and the locks between the programs
//! that use them.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Pid, Uid, User};

use super::error::{EmbeddedError, EmbeddedOptions};

/// The longest path of a Unix socket: 103 bytes on macOS, 107 on Linux.
const LONGEST_SOCKET_PATH: usize = 103;

/// The folders and files of one server.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    /// The data folder, mode 0700, the server's own.
    pub(super) data: PathBuf,
    /// The folder of the socket, mode 0700, owned by the server's user: only those who can enter it can
    /// connect.
    pub(super) socket: PathBuf,
    /// The server's log file.
    pub(super) log: PathBuf,
    /// The file of the start lock.
    pub(super) start_lock: PathBuf,
    /// The lock file that all programs which use the server share.
    pub(super) in_use: PathBuf,
    /// The folder of fetched PostgreSQL programs, for all servers of this user.
    pub(super) base: PathBuf,
}

impl Paths {
    /// Chooses the paths and creates the folders, except the data folder.
    pub(super) fn make(options: &EmbeddedOptions, user: &OsUser) -> Result<Paths, EmbeddedError> {
        let base = base(options, user);
        let home = match &options.data_dir {
            Some(folder) => folder.clone(),
            None => base.join(name_of_working_folder()?),
        };
        if !options.create && !home.join("data").exists() {
            return Err(EmbeddedError::NoData(home));
        }
        make_folders(&home, user)?;
        // The canonical path, so that two paths to the same folder give the same server.
        let home = canonical(&home)?;
        user.check_reach(&home)?;
        let paths = Paths {
            data: home.join("data"),
            socket: socket_folder(&home, user),
            log: home.join("server.log"),
            start_lock: home.join("start.lock"),
            in_use: home.join("in-use.lock"),
            base,
        };
        make_private(&paths.socket, user)?;
        Ok(paths)
    }
}

/// Creates `folder` with mode 0700 for `user` alone. Anything else of that name is refused: in /tmp,
/// another user may have put it there.
pub(super) fn make_private(folder: &Path, user: &OsUser) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return user.take_over(folder),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(EmbeddedError::at(folder)(error)),
    }
    let found = folder
        .symlink_metadata()
        .map_err(EmbeddedError::at(folder))?;
    if !found.is_dir() || (found.uid() != user.uid && found.uid() != 0) {
        let foreign = std::io::Error::other("it belongs to somebody else");
        return Err(EmbeddedError::at(folder)(foreign));
    }
    // The mode may be wider after a copy or a restore, and a start as root may have been killed
    // before the chown.
    std::fs::set_permissions(folder, Permissions::from_mode(0o700))
        .map_err(EmbeddedError::at(folder))?;
    user.take_over(folder)
}

/// The base folder of this user: `data_home`, the XDG data folder, or /var/lib for root.
pub(super) fn base(options: &EmbeddedOptions, user: &OsUser) -> PathBuf {
    match (&user.home, &options.data_home) {
        (None, _) => "/var/lib/crm".into(),
        (Some(_), Some(data_home)) => data_home.join("crm"),
        (Some(home), None) => home.join(".local/share/crm"),
    }
}

/// A readable name and a part of a hash, so that two checkouts in two folders get two servers.
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

/// Creates `folder` and its missing parents. As root, everyone may enter them, so that the server's
/// user can; the private folders have stricter modes.
pub(super) fn make_folders(folder: &Path, user: &OsUser) -> Result<(), EmbeddedError> {
    let missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    let mode = if user.steps_down() { 0o755 } else { 0o700 };
    for folder in missing.into_iter().rev() {
        match DirBuilder::new().mode(mode).create(folder) {
            Ok(()) => std::fs::set_permissions(folder, Permissions::from_mode(mode))
                .map_err(EmbeddedError::at(folder))?,
            // A program that starts at the same moment was faster.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(EmbeddedError::at(folder)(error)),
        }
    }
    Ok(())
}

/// The socket's folder: beside the data, or a shorter path if that one is too long for a socket.
fn socket_folder(home: &Path, user: &OsUser) -> PathBuf {
    let beside = home.join("socket");
    if beside.join(".s.PGSQL.5432").as_os_str().len() <= LONGEST_SOCKET_PATH {
        return beside;
    }
    let short = if user.steps_down() && Path::new("/run").is_dir() {
        "/run"
    } else {
        "/tmp"
    };
    Path::new(short).join(format!("crm-{}-{}", user.uid, hash(home)))
}

/// The user who runs the server and owns its data and its socket.
#[derive(Clone, Debug)]
pub(super) struct OsUser {
    /// The user's name.
    pub(super) name: String,
    /// The user's number.
    pub(super) uid: u32,
    gid: u32,
    /// The home folder. `None` for root, who runs the server as another user and keeps nothing in that
    /// user's home.
    pub(super) home: Option<PathBuf>,
}

impl OsUser {
    /// The current user; for root `postgres`, which comes with a packaged PostgreSQL, else `nobody`.
    pub(super) fn choose() -> Result<OsUser, EmbeddedError> {
        let uid = Uid::effective();
        if uid.is_root() {
            let user = known(User::from_name("postgres")).or(known(User::from_name("nobody")));
            let user = user.ok_or(EmbeddedError::NoUser)?;
            let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
            return Ok(OsUser {
                name: user.name,
                uid,
                gid,
                home: None,
            });
        }
        let (name, home) = match known(User::from_uid(uid)) {
            Some(user) => (user.name, user.dir),
            // A user id without a name is common in a container; initdb reports that it needs one.
            None => (uid.to_string(), "/tmp".into()),
        };
        let gid = Gid::effective().as_raw();
        Ok(OsUser {
            name,
            uid: uid.as_raw(),
            gid,
            home: Some(home),
        })
    }

    /// True if the program runs as root and the server as another user.
    pub(super) fn steps_down(&self) -> bool {
        self.home.is_none()
    }

    /// A command that runs as this user, with an empty environment (a PGPORT or PGOPTIONS would change
    /// the server) and in a folder that the user can enter. When it changes the user, the standard
    /// library also drops root's supplementary groups.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir("/")
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        if self.steps_down() {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Makes this user the owner of `path`.
    pub(super) fn take_over(&self, path: &Path) -> Result<(), EmbeddedError> {
        if !self.steps_down() {
            return Ok(());
        }
        let (uid, gid) = (self.uid, self.gid);
        std::os::unix::fs::chown(path, Some(uid), Some(gid)).map_err(EmbeddedError::at(path))
    }

    /// Fails if this user can't enter `folder`, as in all of /root.
    pub(super) fn check_reach(&self, folder: &Path) -> Result<(), EmbeddedError> {
        // Tested as that user, which covers modes, groups and access lists.
        let entered = self.command("test").arg("-x").arg(folder).status();
        if !self.steps_down() || entered.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        Err(EmbeddedError::OutOfReach {
            folder: folder.to_owned(),
            user: self.name.clone(),
        })
    }
}

fn known(user: nix::Result<Option<User>>) -> Option<User> {
    user.ok().flatten()
}

/// The lock of a start, held from before the server is looked for until the migrations have run, so
/// that programs which start at once do so one after the other. Dropping it releases it.
#[derive(Debug)]
pub(super) struct StartLock(#[expect(dead_code, reason = "held, never read")] File);

impl StartLock {
    /// Waits for the lock; blocks the thread.
    pub(super) fn wait(path: &Path) -> Result<StartLock, EmbeddedError> {
        loop {
            let file = open(path)?;
            file.lock().map_err(EmbeddedError::at(path))?;
            // The previous holder may have deleted the whole folder: a lock on a deleted file
            // would exclude nobody.
            if is_still(path, &file) {
                return Ok(StartLock(file));
            }
        }
    }

    /// Takes the lock if it is free.
    pub(super) fn take(path: &Path) -> Option<StartLock> {
        let file = open(path).ok()?;
        file.try_lock().ok()?;
        is_still(path, &file).then_some(StartLock(file))
    }
}

/// The lock shared by all programs that use the server: the last one to leave stops it.
#[derive(Debug)]
pub(super) struct InUse(File);

impl InUse {
    /// Joins the users of the server. Call it under the [`StartLock`] only.
    pub(super) fn join(path: &Path) -> Result<InUse, EmbeddedError> {
        let file = open(path)?;
        file.lock_shared().map_err(EmbeddedError::at(path))?;
        Ok(InUse(file))
    }

    /// Leaves the server. True if no other program uses it. Call it under the [`StartLock`] only,
    /// which keeps others from joining.
    pub(super) fn leave(self, path: &Path) -> Result<bool, EmbeddedError> {
        // Unlocked, not only closed: a child process that is being started has a copy of the open file
        // until its exec, and would keep the lock.
        self.0.unlock().map_err(EmbeddedError::at(path))?;
        match open(path)?.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(cause)) => Err(EmbeddedError::at(path)(cause)),
        }
    }
}

fn open(path: &Path) -> Result<File, EmbeddedError> {
    // Mode 0600: anyone who can open the file could take the lock and keep us waiting.
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path);
    file.map_err(EmbeddedError::at(path))
}

fn is_still(path: &Path, file: &File) -> bool {
    let (Ok(there), Ok(held)) = (path.metadata(), file.metadata()) else {
        return false;
    };
    (there.dev(), there.ino()) == (held.dev(), held.ino())
}

/// True if the process was started for this data folder: the process id alone may have been reused, or
/// may belong to a zombie.
pub(super) fn serves(pid: Pid, data: &OsStr) -> bool {
    if let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) {
        return line
            .split(|byte| *byte == 0)
            .any(|word| word == data.as_bytes());
    }
    let asked = Command::new("ps")
        .args(["-ww", "-o", "args=", "-p"])
        .arg(pid.to_string())
        .output();
    let line = asked.map(|ps| ps.stdout).unwrap_or_default();
    line.windows(data.len())
        .any(|window| window == data.as_bytes())
}
