//! Recordings in an S3-compatible store: moto's server, which `make test-s3` installs and names.

use std::env;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use store::{ErrorKind, Recordings};

/// More than the server tells at once.
const MANY: usize = 1_003;

struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let packages = env::var_os("KIKITORI_MOTO").expect("run `make test-s3`");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("python3")
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .env("PYTHONPATH", packages)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 is missing");
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_mins(1), "the server does not start");
            sleep(Duration::from_millis(50));
        }
        Self { process, port }
    }

    /// Puts an object, or makes a bucket. A path stands there as in an address.
    fn put(&self, path: &str, body: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "PUT /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }

    /// Runs an ignored test of this file in a process that knows the store as an office's machine does: by its environment.
    fn run(&self, test: &str) {
        let output = Command::new(env::current_exe().unwrap())
            .args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port))
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_ACCESS_KEY_ID", "office")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "ap-northeast-1")
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Six megabytes that are nowhere like themselves.
fn long() -> Vec<u8> {
    (0..6_000_000_u32).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect()
}

#[test]
fn recordings_are_listed_and_copied_from_a_store() {
    let server = Server::start();
    for bucket in ["recordings", "many"] {
        server.put(bucket, b"");
    }
    server.put("recordings/visits/b.M4A", b"b");
    server.put("recordings/visits/%E7%8F%AD%201/%E8%A8%AA%E5%95%8F%20%231.wav", &long());
    for other in ["visits/notes.txt", "visits/.hidden.wav", "calls/c.wav"] {
        server.put(&format!("recordings/{other}"), b"x");
    }
    for n in 0..MANY {
        server.put(&format!("many/{n:04}.wav"), b"");
    }
    server.run("s3::reads_a_store");
}

#[test]
#[ignore = "the process of another test"]
fn reads_a_store() {
    let (recordings, scratch) = (Recordings::new().unwrap(), tempfile::tempdir().unwrap());
    let endings = ["m4a", "wav"];
    let found = recordings.list("s3://recordings/visits/", &endings).unwrap();
    let root = "s3://recordings/visits";
    assert_eq!(found, [format!("{root}/b.M4A"), format!("{root}/班 1/訪問 #1.wav")]);
    assert_eq!(recordings.list("s3://recordings", &endings).unwrap().len(), 3);
    assert_eq!(recordings.list("s3://many/", &endings).unwrap().len(), MANY);

    let copies = |dir: &Path| std::fs::read_dir(dir).unwrap().count();
    let copy = recordings.fetch(&found[1], scratch.path()).unwrap();
    assert!(std::fs::read(copy.path()).unwrap() == long(), "the bytes are those of the store");
    assert_eq!(copies(scratch.path()), 1);
    drop(copy);
    assert_eq!(copies(scratch.path()), 0, "no copy of a recording stays");

    for missing in ["s3://recordings/visits/none.wav", "s3://nobody/a.wav"] {
        let error = recordings.fetch(missing, scratch.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Recording, "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert_eq!(copies(scratch.path()), 0);
}
