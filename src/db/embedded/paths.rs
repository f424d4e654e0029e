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

impl Paths {
    /// Chooses the paths and makes its folders, but for the data folder.
    pub(super) fn make(options: &EmbeddedOptions, user: &OsUser) -> Result<Paths, EmbeddedError> {
        let base = base(options, user);
        let home = match &options.data_dir {
            Some(folder) => folder.clone(),
            None => base.join(name_of_working_folder()?),
        };
        make_folders(&home, user)?;
        // The canonical name, so that two ways to the same folder lead to the same server.
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

/// Makes `folder` with mode 0700 for `user` alone. Whatever else has that name is refused: in
/// /tmp, somebody else may have put it there.
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
    // The modes may be wider after a copy or a restore, and root may have been cut off before the
    // folder was given away.
    std::fs::set_permissions(folder, Permissions::from_mode(0o700))
        .map_err(EmbeddedError::at(folder))?;
    user.take_over(folder)
}

/// The folder for everything of this user: `data_home`, the XDG data folder, or /var/lib for root.
fn base(options: &EmbeddedOptions, user: &OsUser) -> PathBuf {
    match (&user.home, &options.data_home) {
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
            // Somebody who starts at the same moment was faster.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(EmbeddedError::at(folder)(error)),
        }
    }
    Ok(())
}

/// Beside the data, or a short folder where that path is too long for a socket.
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
    /// The home folder. `None` for root, who steps down to somebody else for the server, and whose
    /// own things don't belong into that user's home.
    pub(super) home: Option<PathBuf>,
}

impl OsUser {
    /// Ourselves; for root `postgres`, which comes with a packaged PostgreSQL, else `nobody`.
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
            // In a container a number without a name is common; initdb says that it wants one.
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

    /// True when we are root and the server runs as somebody else.
    pub(super) fn steps_down(&self) -> bool {
        self.home.is_none()
    }

    /// A command that runs as this user, without any of our environment (a PGPORT or PGOPTIONS in
    /// it would change the server) and in a folder that the user can reach. Dropping to another
    /// user also drops root's supplementary groups, by the standard library.
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

    /// Gives `path` to this user.
    pub(super) fn take_over(&self, path: &Path) -> Result<(), EmbeddedError> {
        if !self.steps_down() {
            return Ok(());
        }
        let (uid, gid) = (self.uid, self.gid);
        std::os::unix::fs::chown(path, Some(uid), Some(gid)).map_err(EmbeddedError::at(path))
    }

    /// Fails if this user can't enter `folder`, which is so in all of /root.
    pub(super) fn check_reach(&self, folder: &Path) -> Result<(), EmbeddedError> {
        // Asking as that user answers for modes, groups and access lists alike.
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

/// Held from before the server is looked for until the migrations have run: of several programs
/// that start at once, one at a time. Dropping it lets the next one in.
#[derive(Debug)]
pub(super) struct StartLock(#[expect(dead_code, reason = "held, never read")] File);

impl StartLock {
    /// Waits for the lock; blocks the thread.
    pub(super) fn wait(path: &Path) -> Result<StartLock, EmbeddedError> {
        loop {
            let file = open(path)?;
            file.lock().map_err(EmbeddedError::at(path))?;
            // Whoever had it before may have deleted the whole folder: a lock on a file that is
            // no longer there would keep nobody out.
            if is_still(path, &file) {
                return Ok(StartLock(file));
            }
        }
    }

    /// Takes the lock if nobody has it.
    pub(super) fn take(path: &Path) -> Option<StartLock> {
        let file = open(path).ok()?;
        file.try_lock().ok()?;
        is_still(path, &file).then_some(StartLock(file))
    }
}

/// Shared by all programs that use the server: the last one out stops it.
#[derive(Debug)]
pub(super) struct InUse(File);

impl InUse {
    /// Joins those who use the server. Call it under the [`StartLock`] only.
    pub(super) fn join(path: &Path) -> Result<InUse, EmbeddedError> {
        let file = open(path)?;
        file.lock_shared().map_err(EmbeddedError::at(path))?;
        Ok(InUse(file))
    }

    /// True if nobody else uses the server. Call it under the [`StartLock`] only, which keeps
    /// others from joining.
    pub(super) fn leave(self, path: &Path) -> Result<bool, EmbeddedError> {
        // Unlocked, not only closed: a program that is being started at this moment has a copy of
        // the file until it runs, and would seem to use the server still.
        self.0.unlock().map_err(EmbeddedError::at(path))?;
        match open(path)?.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(cause)) => Err(EmbeddedError::at(path)(cause)),
        }
    }
}

fn open(path: &Path) -> Result<File, EmbeddedError> {
    // Ours alone: whoever can open the file can take the lock and keep us waiting.
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

/// True if the process was started for this data folder: a process id alone may have passed to
/// somebody else, or belong to a dead process that nobody has buried yet.
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
