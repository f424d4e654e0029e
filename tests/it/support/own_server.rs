//! A PostgreSQL that is set up as an operator has it: with rules, files and settings of its own.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crm::db::{Db, PoolOptions};

use super::{Scratch, start};

/// It listens on this machine's own address, too, and is stopped when it is dropped.
pub(crate) struct OwnServer {
    process: Child,
    folder: Scratch,
    socket: PathBuf,
    pub(crate) port: u16,
}

/// The options that differ from the program's own server.
#[derive(Default)]
pub(crate) struct SetUp<'a> {
    /// `pg_hba.conf`; who comes by the socket is always let in.
    pub(crate) rules: &'a str,
    /// Settings, as `name=value`.
    pub(crate) settings: &'a [&'a str],
    /// The server's environment.
    pub(crate) environment: &'a [(&'a str, &'a str)],
    /// The folder that replaces the machine's time zones. For root only.
    pub(crate) zones: Option<&'a Path>,
}

/// Puts a folder in the place of the time zones, for one program only, and runs it as somebody else.
const WITH_ZONES: &str = "zones=$1 uid=$2 gid=$3; shift 3; \
    mount --bind \"$zones\" /usr/share/zoneinfo && \
    exec setpriv --reuid \"$uid\" --regid \"$gid\" --clear-groups \"$@\"";

impl OwnServer {
    /// Has the folder's server made as usual, and then starts its program as it is set up here.
    /// `prepare` may first put files into the data folder, by [`OwnServer::give`].
    pub(crate) async fn start(set_up: &SetUp<'_>, prepare: impl FnOnce(&Path)) -> OwnServer {
        let folder = Scratch::new();
        let server = start(folder.path()).await;
        let socket = folder.path().join("socket");
        let pid = folder.server().expect("a server");
        let program: PathBuf = fs::read_link(format!("/proc/{pid}/exe")).unwrap();
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap();
        let arguments = String::from_utf8(arguments).unwrap();
        server.stop().await.unwrap();
        let data = folder.path().join("data");
        if !set_up.rules.is_empty() {
            let rules = format!("local all all trust\n{}\n", set_up.rules);
            fs::write(data.join("pg_hba.conf"), rules).unwrap();
        }
        prepare(&data);
        let port = free_port();
        let owner = data.metadata().unwrap();
        let mut command = match set_up.zones {
            None => Command::new(program),
            Some(zones) => {
                let mut command = Command::new("unshare");
                command
                    .args(["--mount", "sh", "-c", WITH_ZONES, "sh"])
                    .arg(zones);
                command
                    .args([owner.uid().to_string(), owner.gid().to_string()])
                    .arg(program);
                command
            }
        };
        command.args(arguments.split_terminator('\0').skip(1));
        let place = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
        ];
        for setting in place
            .iter()
            .map(String::as_str)
            .chain(set_up.settings.iter().copied())
        {
            command.args(["-c", setting]);
        }
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .envs(set_up.environment.iter().copied())
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if set_up.zones.is_none() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        let process = command.spawn().unwrap();
        let server = OwnServer {
            process,
            folder,
            socket,
            port,
        };
        server.until_it_answers().await;
        server
    }

    /// A streaming standby of this server, which must let replication in by TCP. None without
    /// pg_basebackup beside the server's own program.
    pub(crate) async fn standby(&self) -> Option<OwnServer> {
        let pid = self.process.id();
        let program: PathBuf = fs::read_link(format!("/proc/{pid}/exe")).unwrap();
        let copy = program.with_file_name("pg_basebackup");
        if !copy.is_file() {
            eprintln!("not tried: there is no pg_basebackup");
            return None;
        }
        let owner = self.data().metadata().unwrap();
        let run = |program: &Path| {
            let mut command = Command::new(program);
            command.env_clear().current_dir("/").stdin(Stdio::null());
            command.uid(owner.uid()).gid(owner.gid());
            command
        };
        let folder = Scratch::new();
        fs::create_dir(folder.path()).unwrap();
        chown(folder.path(), Some(owner.uid()), Some(owner.gid())).unwrap();
        let data = folder.path().join("data");
        let primary = self.port;
        let copied = run(&copy)
            .args(["--write-recovery-conf", "--wal-method=stream"])
            .args(["--checkpoint=fast", "--no-sync", "--pgdata"])
            .arg(&data)
            .args([
                "--dbname",
                &format!("host=127.0.0.1 port={primary} user=crm"),
            ])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&copied.stderr);
        assert!(copied.status.success(), "{said}");
        // As the primary was started, but for the places.
        let (port, socket) = (free_port(), folder.path().join("socket"));
        fs::create_dir(&socket).unwrap();
        chown(&socket, Some(owner.uid()), Some(owner.gid())).unwrap();
        let arguments = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
        let (there, here) = (self.folder.path(), folder.path());
        let arguments = arguments.replace(there.to_str().unwrap(), here.to_str().unwrap());
        let process = run(&program)
            .args(arguments.split_terminator('\0').skip(1))
            .args(["-c", &format!("port={port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = OwnServer {
            process,
            folder,
            socket,
            port,
        };
        server.until_it_answers().await;
        Some(server)
    }

    /// The folder of the data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder of the socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Its database, for the one superuser, by the socket.
    pub(crate) fn url(&self) -> String {
        let socket = self.socket.to_str().unwrap().replace('/', "%2F");
        format!("postgres:///crm?host={socket}&port={}&user=crm", self.port)
    }

    /// Runs statements as the superuser.
    pub(crate) async fn run(&self, statements: &str) {
        let db = Db::connect(&self.url(), &PoolOptions::default())
            .await
            .unwrap()
            .program();
        let mut connection = db.connection().await.unwrap();
        connection.batch_execute(statements).await.unwrap();
    }

    /// Gives a file to whoever runs the server of this data folder.
    pub(crate) fn give(data: &Path, file: &Path) {
        let owner = data.metadata().unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        chown(file, Some(owner.uid()), Some(owner.gid())).unwrap();
    }

    async fn until_it_answers(&self) {
        for _ in 0..200 {
            if Db::connect(&self.url(), &PoolOptions::default())
                .await
                .is_ok()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no server in {}", self.folder.path().display());
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.process.id().cast_signed());
        kill(pid, Signal::SIGINT).ok();
        self.process.wait().ok();
    }
}

/// A port that nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
