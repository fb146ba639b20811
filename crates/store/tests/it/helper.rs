//! A worker in a process of its own, whose jobs are pretended: started by the other tests from this very program.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use store::{
    Claim, Document, Health, JobHandle, JobState, NewJob, Outcome, Part, Work, Worker, WorkerConfig,
};

/// Windows of a pretended job.
pub(crate) const WINDOWS: u32 = 4;

/// What a process is told.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) address: String,
    /// Where each decoded window is noted: job, window, process.
    pub(crate) log: PathBuf,
    pub(crate) window_ms: u64,
    pub(crate) lease_ms: u64,
    /// Dies at so many state changes, from 1.
    pub(crate) die_at: Option<usize>,
}

impl Script {
    pub(crate) fn start(&self) -> Child {
        Command::new(env::current_exe().unwrap())
            .args(["helper::scripted_worker", "--exact", "--ignored", "--test-threads=1"])
            .env("SCRIPT_ADDRESS", &self.address)
            .env("SCRIPT_LOG", &self.log)
            .env("SCRIPT_WINDOW_MS", self.window_ms.to_string())
            .env("SCRIPT_LEASE_MS", self.lease_ms.to_string())
            .env("SCRIPT_DIE_AT", self.die_at.unwrap_or(usize::MAX).to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

pub(crate) fn job(key: usize) -> NewJob {
    NewJob { key: format!("key {key}"), label: format!("{key}.m4a"), spec: String::new(), total_ms: None }
}

/// Lines of the log.
pub(crate) fn decoded(log: &Path) -> Vec<(i64, u32, u32)> {
    let text = fs::read_to_string(log).unwrap_or_default();
    let numbers = |line: &str| {
        let mut fields = line.split(' ').map(|field| field.parse::<i64>().unwrap());
        let (job, window, process) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        (job, window as u32, process as u32)
    };
    text.lines().map(numbers).collect()
}

struct Scripted {
    script: Script,
    changes: AtomicUsize,
    log: Mutex<fs::File>,
}

impl Scripted {
    /// A point at which the process may die.
    fn change(&self) {
        let number = self.changes.fetch_add(1, Ordering::Relaxed) + 1;
        if Some(number) == self.script.die_at {
            let _ = Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status();
            sleep(Duration::from_mins(1));
        }
    }
}

impl Work for Scripted {
    fn work(&self, claim: &Claim, handle: &JobHandle<'_>) -> Outcome {
        self.change();
        let mut words: Vec<(u32, Vec<u8>)> = claim.parts.iter().map(|p| (p.number, p.body.clone())).collect();
        for number in 0..WINDOWS {
            if words.iter().any(|(known, _)| *known == number) {
                continue;
            }
            sleep(Duration::from_millis(self.script.window_ms));
            if handle.is_stopped() {
                return Outcome::Stopped;
            }
            let line = format!("{} {number} {}\n", claim.lease.job, std::process::id());
            self.log.lock().unwrap().write_all(line.as_bytes()).unwrap();
            self.change();
            let body = format!("<{} {number}>", claim.lease.job).into_bytes();
            if handle.checkpoint(&[Part { number, body: body.clone() }], 0).is_err() {
                return Outcome::Stopped;
            }
            self.change();
            words.push((number, body));
        }
        words.sort();
        self.change();
        let body = words.into_iter().flat_map(|(_, body)| body).collect();
        Outcome::Done(vec![Document { name: "words".into(), body }])
    }
}

/// What a job that was done in whatever pieces gives.
pub(crate) fn expected(job: i64) -> Vec<u8> {
    (0..WINDOWS).flat_map(|number| format!("<{job} {number}>").into_bytes()).collect()
}

#[test]
#[ignore = "the process of other tests"]
fn scripted_worker() {
    let text = |name: &str| env::var(name).expect("this is started by other tests");
    let number = |name: &str| text(name).parse::<u64>().unwrap();
    let script = Script {
        address: text("SCRIPT_ADDRESS"),
        log: text("SCRIPT_LOG").into(),
        window_ms: number("SCRIPT_WINDOW_MS"),
        lease_ms: number("SCRIPT_LEASE_MS"),
        die_at: Some(number("SCRIPT_DIE_AT") as usize),
    };
    let queue = store::open(&script.address).unwrap();
    let log = Mutex::new(OpenOptions::new().append(true).create(true).open(&script.log).unwrap());
    let lease = Duration::from_millis(script.lease_ms);
    let config = WorkerConfig { lease, heartbeat: lease / 5, poll: Duration::from_millis(20), lanes: 1 };
    let work = Scripted { script, changes: AtomicUsize::new(0), log };
    let worker =
        Worker { queue: &*queue, work: &work, config, host: "here".into(), health: &Health::default() };
    let stop = || {
        let counts = queue.counts().unwrap_or(vec![(JobState::Queued, 1)]);
        counts.iter().all(|(state, _)| state.is_final())
    };
    worker.run(&stop).unwrap();
}

/// Opens the queue and ends: another process of other tests.
#[test]
#[ignore = "the process of other tests"]
fn opens_a_queue() {
    store::open(&env::var("SCRIPT_ADDRESS").expect("this is started by other tests")).unwrap();
}

/// Starts the test of this name in a process of its own, in which the directory `disk` is a disk of so many kilobytes.
pub(crate) fn on_a_small_disk(test: &str, disk: &Path, kilobytes: u32) {
    fs::create_dir_all(disk).unwrap();
    let mount = format!("mount -t tmpfs -o size={kilobytes}k none \"$DISK\" && exec \"$@\"");
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &mount, "sh"])
        .arg(env::current_exe().unwrap())
        .args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env("DISK", disk)
        .output()
        .expect("unshare is missing");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
