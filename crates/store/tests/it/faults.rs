//! Databases that are away, full, locked, read-only, newer, or whose clock moves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use record::{Explain, Lang};
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};
use store::{
    Claim, Document, ErrorKind, Filter, Health, JobHandle, JobQueue, JobState, Outcome, Part, Work, Worker,
    WorkerConfig, WorkerId,
};

use crate::helper::{Script, decoded, expected, job, on_a_small_disk};
use crate::postgres::Cluster;

/// Runs statements on an SQLite file beside the queue, and holds the connection while `then` runs.
fn beside<T>(path: &Path, statements: &str, then: impl FnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let address = format!("sqlite://{}", path.display());
    let mut other = runtime.block_on(SqliteConnection::connect(&address)).unwrap();
    runtime.block_on(other.execute(sqlx::raw_sql(AssertSqlSafe(statements.to_owned())))).unwrap();
    let done = then();
    runtime.block_on(other.close()).unwrap();
    done
}

fn temporary() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jobs.sqlite");
    (dir, path)
}

fn worker() -> WorkerId {
    WorkerId::new("here")
}

/// A job of several windows, each of which takes a while.
struct Slow;

impl Work for Slow {
    fn work(&self, claim: &Claim, handle: &JobHandle<'_>) -> Outcome {
        for number in claim.parts.len() as u32..8 {
            sleep(Duration::from_millis(150));
            if handle.is_stopped() || handle.checkpoint(&[Part { number, body: vec![1] }], 0).is_err() {
                return Outcome::Stopped;
            }
        }
        Outcome::Done(vec![Document { name: "r".into(), body: b"whole".to_vec() }])
    }
}

#[test]
fn a_server_that_restarts_in_the_middle_of_a_job_costs_nothing() {
    let cluster = Cluster::start();
    let queue = store::open(&cluster.database()).unwrap();
    let id = queue.enqueue(&[job(1)]).unwrap()[0].id;
    let (health, stop) = (Health::default(), AtomicBool::new(false));
    let config = WorkerConfig { heartbeat: Duration::from_millis(100), ..WorkerConfig::default() };
    let worker = Worker { queue: &*queue, work: &Slow, config, host: "here".into(), health: &health };
    scope(|threads| {
        let run = threads.spawn(|| worker.run(&|| stop.load(Ordering::Relaxed)));
        sleep(Duration::from_millis(500));
        cluster.down();
        sleep(Duration::from_millis(1_500));
        assert!(health.silent_for() > Duration::from_secs(1), "health says that nobody answers");
        cluster.up();
        let patience = Instant::now();
        while !queue.job(id).is_ok_and(|job| job.state == JobState::Done) {
            assert!(patience.elapsed() < Duration::from_secs(30), "{:?}", queue.job(id));
            sleep(Duration::from_millis(50));
        }
        assert!(health.silent_for() < Duration::from_secs(1));
        stop.store(true, Ordering::Relaxed);
        run.join().unwrap().unwrap();
    });
    let job = queue.job(id).unwrap();
    assert_eq!(job.claims, 1, "the same worker has finished it");
    assert_eq!(queue.results(id).unwrap()[0].body, b"whole");

    // Who asks while it is away is told so.
    cluster.down();
    let error = queue.counts().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.explain(Lang::Ja).contains("応答しません"), "{}", error.explain(Lang::Ja));
    cluster.up();
    assert!(queue.counts().is_ok(), "the next call connects again");
}

#[test]
fn another_program_that_holds_the_database_is_waited_for_and_then_named() {
    let (_dir, path) = temporary();
    let queue = store::open_file(&path).unwrap();
    let ready = Barrier::new(2);
    scope(|threads| {
        threads.spawn(|| {
            beside(&path, "BEGIN IMMEDIATE", || {
                ready.wait();
                sleep(Duration::from_millis(800));
            });
        });
        ready.wait();
        let start = Instant::now();
        queue.enqueue(&[job(1)]).unwrap();
        assert!(start.elapsed() > Duration::from_millis(400), "it has waited");
    });
    let error = beside(&path, "BEGIN IMMEDIATE", || queue.enqueue(&[job(2)]).unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.hint(Lang::Ja).unwrap().contains("ほかのプログラム"));
    assert_eq!(queue.enqueue(&[job(1), job(2)]).unwrap().iter().filter(|e| e.is_new).count(), 1);
}

#[test]
fn a_clock_that_moves_changes_no_result() {
    let (_dir, path) = temporary();
    let queue = store::open_file(&path).unwrap();
    let lease = Duration::from_secs(2);
    // Set back by an hour: the lease seems to end in an hour.
    let id = queue.enqueue(&[job(1)]).unwrap()[0].id;
    queue.claim(&worker(), lease).unwrap().unwrap();
    beside(
        &path,
        "UPDATE jobs SET lease_until = lease_until + 3600000, created_at = created_at + 3600000",
        || {},
    );
    assert!(queue.claim(&worker(), lease).unwrap().is_none(), "the lease is as long as it was made");
    sleep(lease + Duration::from_millis(300));
    let second = queue.claim(&worker(), Duration::from_mins(1)).unwrap().expect("and not an hour longer");
    // Set forward by a day: every lease seems to be over; the worker that lives is fenced off, once.
    beside(&path, "UPDATE jobs SET lease_until = lease_until - 86400000", || {});
    let third = queue.claim(&worker(), Duration::from_mins(1)).unwrap().unwrap();
    assert_eq!(third.lease.job, id);
    let late = queue.complete(second.lease, &[Document { name: "r".into(), body: b"late".to_vec() }]);
    assert_eq!(late.unwrap_err().kind(), ErrorKind::LeaseLost);
    assert!(queue.claim(&worker(), lease).unwrap().is_none(), "no storm of claims");
    queue.complete(third.lease, &[Document { name: "r".into(), body: b"once".to_vec() }]).unwrap();
    assert_eq!(queue.results(id).unwrap()[0].body, b"once");
    // A pause before another try that a clock set back has made an hour longer.
    queue.enqueue(&[job(2)]).unwrap();
    beside(
        &path,
        "UPDATE jobs SET available_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) + 7200000",
        || {},
    );
    assert!(queue.claim(&worker(), lease).unwrap().is_some(), "a pause is never so long");
}

const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     VALUES (99, 'of a newer program', true, '', 0)";

#[test]
fn a_schema_of_a_newer_program_is_refused() {
    let (_dir, path) = temporary();
    drop(store::open_file(&path).unwrap());
    beside(&path, NEWER, || {});
    let Err(error) = store::open_file(&path) else { panic!("it was opened") };
    assert_eq!(error.kind(), ErrorKind::TooNew, "{error}");
    let cluster = Cluster::shared();
    let address = cluster.database();
    drop(store::open(&address).unwrap());
    cluster.sql(&address, NEWER);
    let Err(error) = store::open(&address) else { panic!("it was opened") };
    assert_eq!(error.kind(), ErrorKind::TooNew, "{error}");
}

#[test]
fn several_that_open_a_new_database_at_once_all_succeed() {
    let (_dir, path) = temporary();
    scope(|threads| {
        let opens: Vec<_> = (0..4).map(|_| threads.spawn(|| store::open_file(&path).map(drop))).collect();
        for open in opens {
            open.join().unwrap().unwrap();
        }
    });
}

#[test]
fn what_is_no_database_is_refused_and_left_as_it_is() {
    let (_dir, path) = temporary();
    let text = "this is a caseworker's letter, not a database\n".repeat(100);
    fs::write(&path, &text).unwrap();
    let Err(error) = store::open_file(&path) else { panic!("it was opened") };
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_damaged_database_is_named_whichever_page_it_is() {
    let (_dir, path) = temporary();
    let queue = store::open_file(&path).unwrap();
    queue.enqueue(&(0..300).map(job).collect::<Vec<_>>()).unwrap();
    drop(queue);
    let whole = fs::read(&path).unwrap();
    let mut named = 0;
    for page in 1..whole.len() / 4_096 {
        let mut damaged = whole.clone();
        damaged[page * 4_096..(page + 1) * 4_096].fill(0x5a);
        fs::write(&path, damaged).unwrap();
        let all = store::open_file(&path).and_then(|queue| {
            queue.counts()?;
            queue.list(&Filter::default())
        });
        match all {
            Ok(jobs) => assert_eq!(jobs.len(), 300, "a page that is not read"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Damaged, "page {page}: {error}");
                named += 1;
            }
        }
    }
    assert!(named >= 5, "{named}");
}

/// A copy is made while two workers work, and is put in the place of the original elsewhere.
fn restored_while_working(address: &str, copy: impl FnOnce() -> String) {
    let queue = store::open(address).unwrap();
    let jobs = 30;
    queue.enqueue(&(0..jobs).map(job).collect::<Vec<_>>()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let script = |address: &str, log: &str| Script {
        address: address.to_owned(),
        log: dir.path().join(log),
        window_ms: 15,
        lease_ms: 1_000,
        die_at: None,
    };
    let here = script(address, "here");
    let mut workers = [here.start(), here.start()];
    let start = Instant::now();
    while decoded(&here.log).len() < 30 {
        assert!(start.elapsed() < Duration::from_secs(20), "nobody works");
        sleep(Duration::from_millis(5));
    }
    let elsewhere = copy();
    assert!(workers.iter_mut().all(|worker| worker.try_wait().unwrap().is_none()), "they were at work");
    for worker in &mut workers {
        worker.wait().unwrap();
    }
    let restored = store::open(&elsewhere).unwrap();
    let done = |queue: &dyn JobQueue| {
        let all = queue.list(&Filter::default()).unwrap();
        assert_eq!(all.len(), jobs, "every job is there");
        let done: Vec<_> = all.into_iter().filter(|job| job.state == JobState::Done).collect();
        for job in &done {
            let [result] = &queue.results(job.id).unwrap()[..] else { panic!("one result for {}", job.id) };
            assert_eq!(result.body, expected(job.id.0), "a result is whole");
        }
        done.len()
    };
    let then = done(&*restored);
    assert!((1..jobs).contains(&then), "{then} were done when the copy was made");
    // What was not done then is done there.
    assert!(script(&elsewhere, "there").start().wait().unwrap().success());
    assert_eq!(done(&*restored), jobs);
}

#[test]
fn a_copy_made_while_workers_work_is_whole_on_sqlite() {
    let (dir, path) = temporary();
    restored_while_working(&format!("sqlite:{}", path.display()), || {
        let copy = dir.path().join("copy.sqlite");
        beside(&path, &format!("VACUUM INTO '{}'", copy.display()), || {});
        format!("sqlite:{}", copy.display())
    });
}

#[test]
fn a_copy_made_while_workers_work_is_whole_on_postgres() {
    let cluster = Cluster::shared();
    let address = cluster.database();
    restored_while_working(&address, || cluster.copy(&address));
}

#[test]
fn a_full_disk_loses_nothing_that_was_written() {
    let (dir, _) = temporary();
    on_a_small_disk("faults::fills_the_disk", &dir.path().join("disk"), 700);
}

#[test]
#[ignore = "the process of another test"]
fn fills_the_disk() {
    let disk = PathBuf::from(std::env::var_os("DISK").expect("this is started by another test"));
    let queue: Arc<dyn JobQueue> = store::open_file(&disk.join("jobs.sqlite")).unwrap();
    fs::write(disk.join("ballast"), vec![1; 60 * 1024]).unwrap();
    let held = queue.enqueue(&[job(0)]).unwrap();
    let claim = queue.claim(&worker(), Duration::from_mins(1)).unwrap().unwrap();
    let mut kept = 1;
    let error = loop {
        match queue.enqueue(&[job(kept)]) {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 100_000, "the disk never fills");
    };
    assert_eq!(error.kind(), ErrorKind::DiskFull, "{error}");
    assert!(error.explain(Lang::Ja).contains("空きがありません"));
    assert_eq!(queue.list(&Filter::default()).unwrap().len(), kept, "what was queued is there");
    fs::remove_file(disk.join("ballast")).unwrap();
    let part = Part { number: 0, body: vec![7; 1_000] };
    queue.checkpoint(claim.lease, &[part], 1).unwrap();
    queue.complete(claim.lease, &[]).unwrap();
    assert_eq!(queue.job(held[0].id).unwrap().state, JobState::Done, "with room it goes on");
}

#[test]
fn a_read_only_directory_is_named() {
    let (dir, _) = temporary();
    on_a_small_disk("faults::cannot_write", &dir.path().join("disk"), 2_000);
}

#[test]
#[ignore = "the process of another test"]
fn cannot_write() {
    let disk = PathBuf::from(std::env::var_os("DISK").expect("this is started by another test"));
    drop(store::open_file(&disk.join("jobs.sqlite")).unwrap());
    assert!(Command::new("mount").args(["-o", "remount,ro"]).arg(&disk).status().unwrap().success());
    for name in ["jobs.sqlite", "new.sqlite"] {
        let Err(error) = store::open_file(&disk.join(name)) else { panic!("{name} was opened") };
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        assert!(error.explain(Lang::Ja).contains("権限がありません"), "{}", error.explain(Lang::Ja));
    }
}
