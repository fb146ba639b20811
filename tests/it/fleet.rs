//! Workers and a batch that share a PostgreSQL, as real processes.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::{Dir, Ran, sample};

#[allow(dead_code, reason = "the tests of the crate use all of it")]
#[path = "../../crates/store/tests/it/postgres.rs"]
mod postgres;

use postgres::Cluster;

/// Recordings of the queue.
const JOBS: usize = 3;

/// Recordings of the sample, no two alike, and what the engine hears in each.
fn recordings(dir: &Dir) {
    let said = |n: u64| {
        serde_json::json!({
            "start_ms": n * 8_000, "end_ms": n * 8_000 + 8_000,
            "text": "家庭訪問。本児の様子。元気に遊んでいた。所見。特に心配な点はない。",
        })
    };
    let heard = serde_json::json!({ "decode_ms": 700, "segments": (0..6).map(said).collect::<Vec<_>>() });
    dir.write("heard.json", heard.to_string());
    fs::create_dir_all(dir.path("in")).unwrap();
    for n in 0..JOBS {
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(sample("visit-home.opus"))
            .args(["-c", "copy", "-metadata", &format!("comment={n}")])
            .arg(dir.path(&format!("in/visit-{n}.opus")))
            .status();
        assert!(status.expect("ffmpeg is missing: run `make test-setup`").success());
    }
}

fn started(dir: &Dir, args: &[&str]) -> Child {
    let mut command = dir.command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_mins(1), "{what}");
        sleep(Duration::from_millis(50));
    }
}

/// Ends a process in the way a service manager does.
fn end(child: Child) -> Ran {
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    Ran(child.wait_with_output().unwrap())
}

fn is_healthy(dir: &Dir, file: &str) -> Option<bool> {
    let text = fs::read(dir.path(file)).ok()?;
    serde_json::from_slice::<serde_json::Value>(&text).ok()?["healthy"].as_bool()
}

#[test]
fn a_server_that_restarts_while_jobs_are_done_turns_workers_red_and_costs_nothing() {
    let dir = Dir::new();
    recordings(&dir);
    let cluster = Cluster::start();
    let address = cluster.database();
    let heard = dir.path("heard.json").to_string_lossy().into_owned();
    let settings =
        ["--template", "visit", "--engine", "replay", "--model", &heard, "--tier", "fast", "--window", "8"];
    let batch = |input, out, more: &[&str]| {
        let always = ["--lang", "en", "batch", input, "--formats", "json", "--sessions", "1", "--out", out];
        started(&dir, &[&always[..], &settings, more].concat())
    };
    let mut waiting = batch("in", "out", &["--database", &address]);
    let mut workers = ["a.json", "b.json"].map(|health| {
        let args = ["--lang", "en", "worker", "--database", &address, "--sessions", "1", "--health", health];
        started(&dir, &[&args[..], &["--unhealthy-after", "2"]].concat())
    });
    let listed = || dir.kikitori(["jobs", "list", "--database", &address, "--json"]).json();
    let begun = |listed: &serde_json::Value| {
        let jobs = listed["jobs"].as_array().unwrap();
        jobs.iter().filter(|job| job["state"] == "leased" && job["done_ms"].as_u64() > Some(0)).count()
    };
    until("both workers are in the middle of a job", || begun(&listed()) == 2);
    until("both workers are well", || ["a.json", "b.json"].iter().all(|f| is_healthy(&dir, f) == Some(true)));

    cluster.down();
    until("both workers say that they are not well", || {
        ["a.json", "b.json"].iter().all(|f| is_healthy(&dir, f) == Some(false))
    });
    for process in workers.iter_mut().chain([&mut waiting]) {
        assert!(process.try_wait().unwrap().is_none(), "nobody gives up");
    }
    cluster.up();
    until("both workers are well again", || {
        ["a.json", "b.json"].iter().all(|f| is_healthy(&dir, f) == Some(true))
    });

    let ran = Ran(waiting.wait_with_output().unwrap());
    assert_eq!(ran.code(), 0, "{}", ran.err());
    let listed = listed();
    assert_eq!(listed["counts"], serde_json::json!({ "done": JOBS }), "{listed}");
    for job in listed["jobs"].as_array().unwrap() {
        assert_eq!(job["claims"], 1, "whoever had it has finished it: {job}");
    }
    for worker in workers {
        let ran = end(worker);
        assert_eq!(ran.code(), 0, "{}", ran.err());
        assert!(ran.err().contains("has not answered for 2 s") && ran.err().contains("answers again"));
    }
    // What came of it is what comes of it without any trouble.
    assert!(batch("in/visit-0.opus", "whole", &[]).wait().unwrap().success());
    let read = |out: &str| fs::read_to_string(dir.path(&format!("{out}/visit-0.visit.json"))).unwrap();
    assert_eq!(read("out"), read("whole"));
    assert!((1..JOBS).all(|n| dir.path(&format!("out/visit-{n}.visit.json")).is_file()));
}
