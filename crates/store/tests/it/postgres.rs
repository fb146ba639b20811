//! A PostgreSQL of the tests' own: a cluster in a temporary directory, on a free port, stopped when it is no more needed.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use tempfile::TempDir;

pub(crate) struct Cluster {
    dir: TempDir,
    bin: PathBuf,
    port: u16,
    databases: AtomicUsize,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // The server runs as another user where the tests run as root.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = Self { bin: binaries(), port, databases: AtomicUsize::new(0), dir };
        let data = cluster.data();
        cluster.run("initdb", &["-D", &data, "-U", "test", "--auth=trust", "-E", "UTF8", "--no-sync"]);
        cluster.up();
        cluster
    }

    /// One for all tests that leave it running. A process that waits for the end of this one stops it.
    #[allow(clippy::zombie_processes, reason = "the process that stops the server outlives this one")]
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| {
            let cluster = Self::start();
            let stop = cluster.program("pg_ctl");
            let wait = "while [ -d \"/proc/$0\" ]; do sleep 1; done; \"$@\"; rm -rf \"$CLUSTER\"";
            Command::new("sh")
                .args(["-c", wait, &std::process::id().to_string()])
                .arg(stop.get_program())
                .args(stop.get_args())
                .args(["-D", &cluster.data(), "-m", "immediate", "stop"])
                .env("CLUSTER", cluster.dir.path())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            cluster
        })
    }

    fn data(&self) -> String {
        self.dir.path().join("data").to_string_lossy().into_owned()
    }

    pub(crate) fn up(&self) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=100",
            self.port,
            self.dir.path().display()
        );
        let log = self.dir.path().join("log").to_string_lossy().into_owned();
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-l", &log, "-o", &options, "start"]);
    }

    /// Stops the server at once, as a crash would.
    pub(crate) fn down(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-m", "immediate", "stop"]);
    }

    /// The address of a new, empty database.
    pub(crate) fn database(&self) -> String {
        let name = format!("jobs{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let port = self.port.to_string();
        self.run("createdb", &["-h", "127.0.0.1", "-p", &port, "-U", "test", &name]);
        format!("postgres://test@127.0.0.1:{port}/{name}")
    }

    /// A database restored from a backup of another.
    pub(crate) fn copy(&self, address: &str) -> String {
        let backup = self.dir.path().join("backup").to_string_lossy().into_owned();
        self.run("pg_dump", &["--format=custom", "--file", &backup, address]);
        let restored = self.database();
        self.run("pg_restore", &["--no-owner", "--dbname", &restored, &backup]);
        restored
    }

    pub(crate) fn sql(&self, address: &str, statement: &str) {
        self.run("psql", &["-q", "-v", "ON_ERROR_STOP=1", "-d", address, "-c", statement]);
    }

    /// One of the server's programs, as the user that the server runs as.
    fn program(&self, name: &str) -> Command {
        let program = self.bin.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.dir.path()).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn run(&self, name: &str, args: &[&str]) {
        // The server keeps what it is given open: a pipe would never end.
        let said = self.dir.path().join("said");
        let mut command = self.program(name);
        command.args(args).stderr(fs::File::create(&said).unwrap());
        let status = command.status().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(status.success(), "{name}: {}", fs::read_to_string(&said).unwrap_or_default());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A server that is down already is what was wanted.
        let stop = ["-D", &self.data(), "-m", "immediate", "stop"];
        let _ = self.program("pg_ctl").args(stop).stderr(Stdio::null()).status();
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.starts_with(b"0\n")
}

/// Where the server's programs are: Debian keeps them out of the path.
fn binaries() -> PathBuf {
    let has = |dir: &Path| dir.join("initdb").is_file() && dir.join("pg_ctl").is_file();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let found = debian.chain(env::split_paths(&path)).find(|dir| has(dir));
    found.expect("PostgreSQL is missing: run `scripts/setup test`")
}
