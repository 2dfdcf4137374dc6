//! A `PostgreSQL` of its own, where the machine has one (Debian's package `postgresql`): in a temporary directory, with TLS.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) struct Postgres {
    programs: PathBuf,
    folder: tempfile::TempDir,
    account: Option<(u32, u32)>,
    pub(crate) port: u16,
}

/// The directory with `initdb` and `pg_ctl`.
fn programs() -> Option<PathBuf> {
    let has = |directory: &Path| directory.join("pg_ctl").exists() && directory.join("initdb").exists();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    std::env::split_paths(&path).chain(debian).find(|directory| has(directory))
}

/// `PostgreSQL` does not run as root: who it runs as there.
fn account() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("there are users");
    let user = |name: &str| {
        let fields: Vec<&str> = users.lines().find(|line| line.starts_with(&format!("{name}:")))?.split(':').collect();
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    Some(user("postgres").or_else(|| user("nobody")).expect("there is somebody else than root"))
}

impl Postgres {
    /// None where there is none; user and password are `postgres` and `secret`.
    pub(crate) fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().expect("a temporary directory");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let postgres = Self { programs, folder, account: account(), port };
        postgres.write("password", b"secret\n");
        postgres.write("certificate.pem", include_bytes!("../fixtures/tls/certificate.pem"));
        postgres.write("key.pem", include_bytes!("../fixtures/tls/key.pem"));
        if let Some((user, group)) = postgres.account {
            chown(postgres.folder.path(), Some(user), Some(group)).expect("root may");
        }
        let password = format!("--pwfile={}", postgres.path("password"));
        postgres.run("initdb", &["-U", "postgres", "-A", "scram-sha-256", "-N", &password]);
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={0} -c fsync=off -c ssl=on \
             -c ssl_cert_file={0}/certificate.pem -c ssl_key_file={0}/key.pem",
            postgres.folder.path().display()
        );
        postgres.run("pg_ctl", &["-w", "-l", &postgres.path("log"), "-o", &options, "start"]);
        Some(postgres)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its owner may");
        if let Some((user, group)) = self.account {
            chown(&path, Some(user), Some(group)).expect("root may");
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(["-D", &self.path("data")]).args(arguments).current_dir(self.folder.path());
        // A server that outlives the command must not hold the tests' own output open.
        command
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        let status = command.status().expect("PostgreSQL's programs run");
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(status.success(), "{program}: {status}\n{log}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-m", "immediate", "stop"]);
    }
}
