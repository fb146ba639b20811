//! The queue of jobs, and where recordings are read from.
//!
//! ```text
//! enqueue ─▶ JobQueue ─claim─▶ Worker ─work─▶ Work (decodes, maps)
//!            SQLite or          │ ▲
//!            PostgreSQL ◀───────┘ └ heartbeats, checkpoints, stop
//! ```
//!
//! A job is queued once, is never lost, and has one result: a lease with a fencing token says who may write, and results
//! and the change of state are one transaction. What a job is made of is known to whoever queues it and does it.

pub mod conformance;
mod error;
mod job;
mod open;
mod presence;
mod queue;
mod recordings;
mod sql;
mod worker;

pub use error::{Error, ErrorKind, Result};
pub use job::{
    Claim, Document, Enqueued, Filter, Job, JobId, JobState, Lease, MAX_ATTEMPTS, NewJob, Part, Reason,
    Verdict, WorkerId, WorkerSeen,
};
pub use open::{open, open_file};
pub use queue::JobQueue;
pub use recordings::{Fetched, Recordings};
pub use worker::{Ended, Health, JobHandle, Outcome, Work, Worker, WorkerConfig};
