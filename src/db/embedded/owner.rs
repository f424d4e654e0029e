//! The system user that runs the server: PostgreSQL refuses to run as root.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Uid, User};

use super::error::EmbeddedError;

/// The user who runs the server and owns its data and its socket.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    /// The user's name.
    pub(super) name: String,
    /// The user's number.
    pub(super) uid: u32,
    gid: u32,
    /// The home folder. `None` for root, who steps down to somebody else for the server, and whose
    /// own things don't belong into that user's home.
    pub(super) home: Option<PathBuf>,
}

impl Owner {
    /// Ourselves; for root `postgres`, which comes with a packaged PostgreSQL, else `nobody`.
    pub(super) fn choose() -> Result<Owner, EmbeddedError> {
        let uid = Uid::effective();
        if uid.is_root() {
            let user = known(User::from_name("postgres")).or(known(User::from_name("nobody")));
            let user = user.ok_or(EmbeddedError::NoUser)?;
            let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
            return Ok(Owner {
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
        Ok(Owner {
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
