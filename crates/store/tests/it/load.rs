//! Ten thousand jobs.

use std::fs;
use std::time::{Duration, Instant};

use store::{Filter, JobQueue, JobState, WorkerId};

use crate::helper::job;
use crate::postgres::Cluster;

const JOBS: usize = 10_000;
const CLAIMS: usize = 400;

/// Resident memory of this process in KiB, where the system tells it.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    line.and_then(|kib| kib.trim().parse().ok()).unwrap_or(0)
}

fn ten_thousand(queue: &dyn JobQueue) {
    let jobs: Vec<_> = (0..JOBS).map(job).collect();
    let start = Instant::now();
    queue.enqueue(&jobs).unwrap();
    let enqueued = start.elapsed();
    let worker = WorkerId::new("here");
    let before = resident_kib();
    let mut times: Vec<Duration> = (0..CLAIMS)
        .map(|_| {
            let start = Instant::now();
            let claim = queue.claim(&worker, Duration::from_mins(1)).unwrap().unwrap();
            let took = start.elapsed();
            queue.complete(claim.lease, &[]).unwrap();
            took
        })
        .collect();
    let grown = resident_kib().saturating_sub(before);
    times.sort();
    let (median, p95) = (times[CLAIMS / 2], times[CLAIMS * 95 / 100]);
    let start = Instant::now();
    let filter = Filter { states: vec![JobState::Queued], limit: Some(100), ..Filter::default() };
    assert_eq!(queue.list(&filter).unwrap().len(), 100);
    let page = start.elapsed();
    println!("enqueue {enqueued:?}, claim median {median:?} p95 {p95:?}, page {page:?}, memory +{grown} KiB");
    assert!(enqueued < Duration::from_mins(1), "{enqueued:?}");
    // Half of the claims stand for all where other programs take the processor away.
    assert!(median < Duration::from_millis(20), "{median:?}");
    assert!(page < Duration::from_millis(200), "{page:?}");
    assert!(grown < 16 * 1024, "memory grew by {grown} KiB");
}

#[test]
fn ten_thousand_jobs_are_queued_and_claimed_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    ten_thousand(&*store::open_file(&dir.path().join("jobs.sqlite")).unwrap());
}

#[test]
fn ten_thousand_jobs_are_queued_and_claimed_on_postgres() {
    ten_thousand(&*store::open(&Cluster::shared().database()).unwrap());
}
