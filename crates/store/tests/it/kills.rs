//! Workers that are killed, or stopped and woken: no job is lost, each has one result, and little is done twice.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use store::{Filter, JobQueue, JobState};

use crate::helper::{Script, WINDOWS, decoded, expected, job};
use crate::postgres::Cluster;

/// Kills in each database. `KIKITORI_KILL_ROUNDS=500` for a long run.
fn rounds() -> usize {
    env::var("KIKITORI_KILL_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(24)
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Every job has one result, whole and in order; windows that were decoded, and those of them more than once.
fn check(queue: &dyn JobQueue, log: &Path, jobs: usize) -> (usize, usize) {
    let all = queue.list(&Filter::default()).unwrap();
    assert_eq!(all.len(), jobs, "no job is lost, none is there twice");
    for job in &all {
        assert_eq!(job.state, JobState::Done, "{job:?}");
        let results = queue.results(job.id).unwrap();
        assert_eq!(results.len(), 1, "one result");
        assert_eq!(results[0].body, expected(job.id.0), "each window once, in order");
    }
    let mut times: BTreeMap<(i64, u32), usize> = BTreeMap::new();
    for (job, window, _) in decoded(log) {
        *times.entry((job, window)).or_default() += 1;
    }
    assert_eq!(times.len(), jobs * WINDOWS as usize);
    (times.len(), times.values().map(|n| n - 1).sum())
}

/// One process after the other is killed: at each state change in turn, and every third at any moment.
fn killed_again_and_again(address: &str, log: &Path, lease_ms: u64) {
    let rounds = rounds();
    let queue = store::open(address).unwrap();
    let script =
        Script { address: address.to_owned(), log: log.to_owned(), window_ms: 1, lease_ms, die_at: None };
    // A claim, two for each window, the end, and the claim of the next job.
    let changes = 2 * WINDOWS as usize + 3;
    let (mut killed, mut jobs) = (0, 0);
    for round in 0..rounds {
        // A fast machine does several jobs before it is killed: there is always something to do.
        let waiting = Filter { states: vec![JobState::Queued], ..Filter::default() };
        for _ in queue.list(&waiting).unwrap().len()..8 {
            queue.enqueue(&[job(jobs)]).unwrap();
            jobs += 1;
        }
        if round % 3 == 2 {
            let mut child = script.start();
            sleep(Duration::from_millis(20 + 37 * round as u64 % 100));
            // It may have ended by itself.
            killed += usize::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        } else {
            let child = Script { die_at: Some(round * 7 % changes + 1), ..script.clone() }.start();
            killed += usize::from(!{ child }.wait().unwrap().success());
        }
    }
    assert!(killed > rounds / 2, "{killed} of {rounds} were killed");
    let mut quarantined = 0;
    loop {
        assert!(script.start().wait().unwrap().success());
        // Whoever is killed three times with the same job before it gets further puts it aside, rightly.
        let aside = Filter { states: vec![JobState::Quarantined], ..Filter::default() };
        let aside = queue.list(&aside).unwrap();
        if aside.is_empty() {
            break;
        }
        for job in aside {
            assert!(job.claims >= 3 && job.reason.is_some(), "{job:?}");
            queue.retry(job.id).unwrap();
            quarantined += 1;
        }
    }
    let (windows, again) = check(&*queue, log, jobs);
    println!(
        "{killed} kills, {windows} windows, {again} of them decoded again, {quarantined} jobs put aside"
    );
    assert!(again <= killed, "a kill costs at most one window: {again} for {killed}");
}

#[test]
fn a_killed_worker_costs_at_most_one_window_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", dir.path().join("jobs.sqlite").display());
    // Its lease is far from over when the next process comes: that the worker is no more is seen by its lock.
    killed_again_and_again(&address, &dir.path().join("log"), 60_000);
}

#[test]
fn a_killed_worker_costs_at_most_one_window_on_postgres() {
    let (cluster, dir) = (Cluster::shared(), tempfile::tempdir().unwrap());
    killed_again_and_again(&cluster.database(), &dir.path().join("log"), 150);
}

/// A process is stopped in the middle of a job until its lease is over and another has done the job, and then goes on.
fn stopped_and_woken(address: &str, log: &Path) {
    let queue = store::open(address).unwrap();
    let id = queue.enqueue(&[job(1)]).unwrap()[0].id;
    let script = Script {
        address: address.to_owned(),
        log: log.to_owned(),
        window_ms: 150,
        lease_ms: 400,
        die_at: None,
    };
    let mut zombie = script.start();
    let patience = Instant::now();
    while decoded(log).is_empty() || queue.job(id).unwrap().attempt > 0 {
        assert!(patience.elapsed() < Duration::from_secs(20), "it never got further");
        sleep(Duration::from_millis(10));
    }
    signal(&zombie, "-STOP");
    // Stopped in the middle of a write it would hold the whole of an SQLite database.
    while queue.enqueue(&[job(1)]).is_err() {
        signal(&zombie, "-CONT");
        sleep(Duration::from_millis(20));
        signal(&zombie, "-STOP");
    }
    let before = decoded(log).len();
    let mut other = script.start();
    assert!(other.wait().unwrap().success());
    let done = queue.job(id).unwrap();
    assert_eq!((done.state, done.claims), (JobState::Done, 2));
    signal(&zombie, "-CONT");
    assert!(zombie.wait().unwrap().success(), "it finds its lease lost and goes on with other jobs");
    assert_eq!(queue.job(id).unwrap(), done, "the late completion is refused");
    let (windows, again) = check(&*queue, log, 1);
    let woken = zombie.id();
    let late = decoded(log).iter().skip(before).filter(|(_, _, process)| *process == woken).count();
    assert!(again <= 1 + late, "{again} of {windows} windows were decoded again");
}

#[test]
fn a_worker_that_wakes_after_its_lease_changes_nothing_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", dir.path().join("jobs.sqlite").display());
    stopped_and_woken(&address, &dir.path().join("log"));
}

#[test]
fn a_worker_that_wakes_after_its_lease_changes_nothing_on_postgres() {
    let (cluster, dir) = (Cluster::shared(), tempfile::tempdir().unwrap());
    stopped_and_woken(&cluster.database(), &dir.path().join("log"));
}

/// Whenever it is killed while it makes the schema, the next one finds the schema before or behind.
#[test]
fn a_killed_migration_is_made_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..8 {
        let path = dir.path().join(format!("{round}.sqlite"));
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["helper::opens_a_queue", "--exact", "--ignored"])
            .env("SCRIPT_ADDRESS", format!("sqlite:{}", path.display()))
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(4 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let queue = store::open_file(&path).unwrap();
        assert_eq!(queue.enqueue(&[job(1)]).unwrap().len(), 1);
    }
}
