//! Doing jobs: claim, keep the lease, hand in what came of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{park_timeout, scope, sleep};
use std::time::{Duration, Instant};

use crate::job::{Claim, Document, Part, Reason, Verdict, WorkerId};
use crate::queue::JobQueue;
use crate::{ErrorKind, Result};

/// How soon a stop is noticed.
const TICK: Duration = Duration::from_millis(50);
/// First and longest pause before a database that did not answer is asked again.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Once a worker shall stop, it tries so long to hand in what it has. What it cannot hand in, its lease gives back.
const LAST_TRIES: Duration = Duration::from_secs(10);
/// Without an answer from the database for so long, a worker is not healthy where nothing else was said.
const RED_AFTER: Duration = Duration::from_mins(1);

/// Does one job.
pub trait Work: Sync {
    /// Goes on with a job from its parts. It returns soon after [`JobHandle::is_stopped`], with
    /// [`Outcome::Stopped`].
    fn work(&self, claim: &Claim, handle: &JobHandle<'_>) -> Outcome;
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its results.
    Done(Vec<Document>),
    /// It was not done.
    Failed(Verdict, Reason),
    /// It was stopped, and its parts are kept.
    Stopped,
    /// Nothing is wrong with the job, but this worker cannot do any: there is no model, or no room on the disk.
    Unable(Reason),
}

/// When a worker does what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerConfig {
    /// How long a job is a worker's without a heartbeat.
    pub lease: Duration,
    /// How often the lease is renewed.
    pub heartbeat: Duration,
    /// How often an empty queue is asked again.
    pub poll: Duration,
    /// Jobs at the same time, at least 1.
    pub lanes: usize,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            lease: Duration::from_mins(1),
            heartbeat: Duration::from_secs(10),
            poll: Duration::from_secs(1),
            lanes: 1,
        }
    }
}

/// Whether the worker still reaches its queue. A process that lives and reaches nothing is not healthy.
#[derive(Debug)]
pub struct Health {
    answered: Mutex<Instant>,
    red_after: Duration,
}

/// Red after a minute.
impl Default for Health {
    fn default() -> Self {
        Self::new(RED_AFTER)
    }
}

impl Health {
    /// Red after so long without an answer. A worker that does a job asks at every heartbeat at the latest: less than that
    /// would be red while all is well.
    #[must_use]
    pub fn new(red_after: Duration) -> Self {
        Self { answered: Mutex::new(Instant::now()), red_after }
    }

    fn note(&self) {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Time since the queue last answered.
    #[must_use]
    pub fn silent_for(&self) -> Duration {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// No answer for too long.
    #[must_use]
    pub fn is_red(&self) -> bool {
        self.silent_for() > self.red_after
    }
}

/// Takes jobs from a queue until it is stopped.
pub struct Worker<'w> {
    /// Where jobs come from.
    pub queue: &'w dyn JobQueue,
    /// Who does them.
    pub work: &'w dyn Work,
    /// When.
    pub config: WorkerConfig,
    /// Name of the machine.
    pub host: String,
    /// Kept up to date.
    pub health: &'w Health,
}

/// Why a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was stopped.
    Stopped,
    /// It cannot do any job; the one that it had is in the queue again.
    Unable(Reason),
}

impl Worker<'_> {
    /// Works until `stop` says so: then jobs are given back with their finished parts.
    ///
    /// # Errors
    /// What the queue says and waiting does not help against. Jobs that were being done are given back where that is
    /// possible, else their leases end.
    pub fn run(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Ended> {
        let gave_up = AtomicBool::new(false);
        let stop = &|| stop() || gave_up.load(Ordering::Relaxed);
        let ends = scope(|threads| {
            let lanes: Vec<_> = (0..self.config.lanes.max(1))
                .map(|_| {
                    threads.spawn(|| {
                        let end = self.lane(stop);
                        if !matches!(end, Ok(Ended::Stopped)) {
                            gave_up.store(true, Ordering::Relaxed);
                        }
                        end
                    })
                })
                .collect();
            lanes.into_iter().map(|lane| lane.join().unwrap_or(Ok(Ended::Stopped))).collect::<Vec<_>>()
        });
        let first = ends.into_iter().find(|end| !matches!(end, Ok(Ended::Stopped)));
        first.unwrap_or(Ok(Ended::Stopped))
    }

    /// One job after the other.
    fn lane(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Ended> {
        let id = WorkerId::new(self.host.clone());
        let mut pause = FIRST_PAUSE;
        while !stop() {
            match self.queue.claim(&id, self.config.lease) {
                Ok(claimed) => {
                    self.health.note();
                    pause = FIRST_PAUSE;
                    match claimed {
                        Some(claim) => {
                            if let Ended::Unable(reason) = self.one(&claim, stop)? {
                                return Ok(Ended::Unable(reason));
                            }
                        }
                        None => wait(self.config.poll, stop),
                    }
                }
                Err(error) if error.kind() == ErrorKind::Unavailable => {
                    tracing::warn!(%error, "the queue does not answer");
                    wait(pause, stop);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Ended::Stopped)
    }

    /// Does a job while its lease is renewed, and hands in what came of it.
    fn one(&self, claim: &Claim, stop: &(dyn Fn() -> bool + Sync)) -> Result<Ended> {
        let handle = JobHandle {
            queue: self.queue,
            claim,
            health: self.health,
            stopped: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            on_stop: Mutex::new(None),
        };
        let finished = AtomicBool::new(false);
        let outcome = scope(|threads| {
            let keeper = threads.spawn(|| self.keep(&handle, &finished, stop));
            let outcome = catch_unwind(AssertUnwindSafe(|| self.work.work(claim, &handle)));
            finished.store(true, Ordering::Relaxed);
            keeper.thread().unpark();
            outcome.unwrap_or_else(|_| Outcome::Failed(Verdict::Retry(Duration::ZERO), panicked()))
        });
        if handle.lost.load(Ordering::Relaxed) {
            tracing::info!(job = claim.lease.job.0, "the lease is lost; what was done is dropped");
            return Ok(Ended::Stopped);
        }
        let lease = claim.lease;
        let handed_in = handle.persist(stop, || match &outcome {
            Outcome::Done(results) => self.queue.complete(lease, results),
            Outcome::Failed(verdict, reason) => self.queue.fail(lease, *verdict, reason).map(drop),
            Outcome::Stopped | Outcome::Unable(_) => self.queue.release(lease),
        });
        match handed_in {
            Err(error) if error.kind() == ErrorKind::LeaseLost => {}
            // Stopped while the database is away: the lease ends by itself.
            Err(error) if error.kind() == ErrorKind::Unavailable => {}
            handed_in => handed_in?,
        }
        Ok(match outcome {
            Outcome::Unable(reason) => Ended::Unable(reason),
            _ => Ended::Stopped,
        })
    }

    /// Renews the lease until the job is finished, and tells the job when it shall stop.
    fn keep(&self, handle: &JobHandle<'_>, finished: &AtomicBool, stop: &(dyn Fn() -> bool + Sync)) {
        let mut last = Instant::now();
        while !finished.load(Ordering::Relaxed) {
            park_timeout(TICK);
            if stop() {
                handle.stop();
            }
            if last.elapsed() < self.config.heartbeat {
                continue;
            }
            last = Instant::now();
            match self.queue.heartbeat(handle.claim.lease) {
                Ok(()) => self.health.note(),
                Err(error) if error.kind() == ErrorKind::LeaseLost => {
                    // Also where the job has just been handed in.
                    if !finished.load(Ordering::Relaxed) {
                        handle.lose();
                    }
                }
                Err(error) => tracing::warn!(%error, "no heartbeat"),
            }
        }
    }
}

fn panicked() -> Reason {
    Reason {
        code: "internal".into(),
        ja: "プログラムの誤りで止まりました".into(),
        en: "the program stopped at a mistake of its own".into(),
    }
}

fn wait(time: Duration, stop: &(dyn Fn() -> bool + Sync)) {
    let start = Instant::now();
    while !stop() && start.elapsed() < time {
        sleep(TICK.min(time));
    }
}

/// What whoever does a job may ask of its worker.
pub struct JobHandle<'w> {
    queue: &'w dyn JobQueue,
    claim: &'w Claim,
    health: &'w Health,
    stopped: AtomicBool,
    lost: AtomicBool,
    on_stop: Mutex<Option<Box<dyn Fn() + Send + 'w>>>,
}

impl<'w> JobHandle<'w> {
    /// Keeps finished parts. While the database does not answer this waits, until the job is stopped.
    pub fn checkpoint(&self, parts: &[Part], done_ms: u64) -> Result<()> {
        let kept =
            self.persist(&|| self.is_stopped(), || self.queue.checkpoint(self.claim.lease, parts, done_ms));
        if kept.as_ref().is_err_and(|error| error.kind() == ErrorKind::LeaseLost) {
            self.lose();
        }
        kept
    }

    /// Whether the work shall stop: the worker ends, the job was called off, or another worker has it.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Calls this once the work shall stop, on another thread, or now where it shall already.
    pub fn on_stop(&self, call: impl Fn() + Send + 'w) {
        let mut on_stop = self.on_stop.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_stopped() {
            call();
        }
        *on_stop = Some(Box::new(call));
    }

    fn stop(&self) {
        let on_stop = self.on_stop.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.stopped.swap(true, Ordering::Relaxed)
            && let Some(call) = &*on_stop
        {
            call();
        }
    }

    fn lose(&self) {
        self.lost.store(true, Ordering::Relaxed);
        self.stop();
    }

    /// Makes a call until the queue answers; once stopped, only for [`LAST_TRIES`] more.
    fn persist(&self, stop: &(dyn Fn() -> bool + Sync), call: impl Fn() -> Result<()>) -> Result<()> {
        let mut pause = FIRST_PAUSE;
        let mut stopped_at = None;
        loop {
            match call() {
                Err(error) if error.kind() == ErrorKind::Unavailable => {
                    tracing::warn!(%error, "the queue does not answer");
                    if stop() && stopped_at.get_or_insert_with(Instant::now).elapsed() > LAST_TRIES {
                        return Err(error);
                    }
                    sleep(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                answer => {
                    self.health.note();
                    return answer;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_without_an_answer_for_a_minute_is_red_until_the_next() {
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        let health = Health { answered: Mutex::new(ago(59)), ..Health::default() };
        assert!(!health.is_red());
        let health = Health { answered: Mutex::new(ago(61)), ..Health::default() };
        assert!(health.is_red());
        health.note();
        assert!(!health.is_red());
    }
}
