//! The port behind which the queue lives.

use std::time::Duration;

#[cfg(doc)]
use crate::ErrorKind;
use crate::Result;
use crate::job::{
    Claim, Document, Enqueued, Filter, Job, JobId, JobState, Lease, NewJob, Part, Reason, Verdict, WorkerId,
    WorkerSeen,
};

/// A queue of jobs that any number of workers on any number of machines share.
///
/// Calls block; they are made from plain threads, not from asynchronous code.
///
/// # For implementations
///
/// [`conformance::run`](crate::conformance::run) checks these duties:
///
/// * What a call has returned is on disk: it outlives the process and the machine's power.
/// * A job is queued once: a key that is there already is not queued again, whatever the state of its job.
/// * A claim takes the queued job with the lowest number, or one whose lease is over, and never one that somebody else
///   has. It counts an attempt, so a job that takes its worker down is counted too. A job that was claimed
///   [`MAX_ATTEMPTS`](crate::MAX_ATTEMPTS) times without getting further is not handed out again but quarantined.
/// * Leases run by the clock of the database. Where that clock was set back, a lease is not longer than it was made.
/// * [`heartbeat`](JobQueue::heartbeat), [`checkpoint`](JobQueue::checkpoint), [`complete`](JobQueue::complete),
///   [`fail`](JobQueue::fail) and [`release`](JobQueue::release) with a token that is not the newest, or of a job that is
///   not leased, change nothing and return [`ErrorKind::LeaseLost`]. `complete` and `fail` repeated with the token that did
///   it succeed: an answer that was lost on its way can be asked for again.
/// * Results and the change of state become visible together.
/// * Errors of kind [`ErrorKind::Unavailable`] leave the queue usable: the next call connects again.
pub trait JobQueue: Send + Sync {
    /// Queues jobs, each at most once; one answer for each, in their order.
    fn enqueue(&self, jobs: &[NewJob]) -> Result<Vec<Enqueued>>;

    /// Takes the next job for so long, or `None` where there is none. Says also that the worker is there.
    fn claim(&self, worker: &WorkerId, lease: Duration) -> Result<Option<Claim>>;

    /// Keeps a job for the length of its lease from now on.
    fn heartbeat(&self, lease: Lease) -> Result<()>;

    /// Keeps finished parts, and the lease as a heartbeat does. A part that is there already stays as it is. `done_ms` is
    /// how much of the recordings is done, for lists. The job got further: its attempts count from 0 again.
    fn checkpoint(&self, lease: Lease, parts: &[Part], done_ms: u64) -> Result<()>;

    /// The job is done: keeps its results, in place of its parts.
    fn complete(&self, lease: Lease, results: &[Document]) -> Result<()>;

    /// The job was not done; says in which state it is now.
    fn fail(&self, lease: Lease, verdict: Verdict, reason: &Reason) -> Result<JobState>;

    /// Gives a job back as it is, for another worker; the attempt does not count.
    fn release(&self, lease: Lease) -> Result<()>;

    /// Calls a job off, whoever has it. [`ErrorKind::State`] where it has reached a final state.
    fn cancel(&self, id: JobId) -> Result<()>;

    /// Queues a job that failed, was quarantined or cancelled once more, with the parts it has. [`ErrorKind::State`] where
    /// it is in another state.
    fn retry(&self, id: JobId) -> Result<()>;

    /// Removes jobs in one of these final states that reached it at least so long ago, with their results.
    /// How many there were.
    fn purge(&self, states: &[JobState], finished_ago: Duration) -> Result<u64>;

    /// One job.
    fn job(&self, id: JobId) -> Result<Job>;

    /// Jobs by number.
    fn list(&self, filter: &Filter) -> Result<Vec<Job>>;

    /// How many jobs are in each state; states without jobs are left out.
    fn counts(&self) -> Result<Vec<(JobState, u64)>>;

    /// The results of a job that is done, by name.
    fn results(&self, id: JobId) -> Result<Vec<Document>>;

    /// Workers that were seen within this time.
    fn workers(&self, within: Duration) -> Result<Vec<WorkerSeen>>;
}
