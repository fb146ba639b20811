//! Jobs and what belongs to them.

use std::fmt;
use std::time::Duration;

/// A job is quarantined when it has been claimed so often without getting any further.
pub const MAX_ATTEMPTS: i64 = 3;

/// Number of a job; later jobs have larger ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a job stands.
///
/// ```text
/// queued ──claim──▶ leased ──complete──▶ done
///   ▲ ▲               │ ├──fail────────▶ failed | quarantined
///   │ └─lease over────┘ └─3rd claim without progress, lease over─▶ quarantined
///   └──retry── failed | quarantined | cancelled ◀──cancel── queued | leased
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// A worker has it, as long as its lease is not over.
    Leased,
    /// Finished, with results.
    Done,
    /// Cannot be done: the input is no usable recording, for example.
    Failed,
    /// Given up, since it took its worker or the engine down again and again.
    Quarantined,
    /// Called off.
    Cancelled,
}

impl JobState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Leased, Self::Done, Self::Failed, Self::Quarantined, Self::Cancelled];

    /// The name in the database and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Quarantined => "quarantined",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing more happens to the job by itself.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Leased)
    }
}

/// A job to be queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// What makes the job the same as another: a hash of the recordings' bytes and of the settings.
    pub key: String,
    /// Name for people, such as the recording's file name. It appears in lists.
    pub label: String,
    /// What is to be done, in the form of whoever does it; the queue does not look inside. Never words of a transcript.
    pub spec: String,
    /// Length of the recordings by their headers, in milliseconds, where they tell.
    pub total_ms: Option<u64>,
}

/// What queueing a job found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// The job, new or as it was.
    pub id: JobId,
    /// Whether it was queued now.
    pub is_new: bool,
}

/// The right to work on a job. It ends when its time is over without a heartbeat, and another worker gets a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// The fencing token: larger with every claim of the job. Only the newest changes the job.
    pub token: i64,
}

/// A job that a worker has claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The right to work on it.
    pub lease: Lease,
    /// Its name for people.
    pub label: String,
    /// What is to be done.
    pub spec: String,
    /// Which try since the job last got further, from 1.
    pub attempt: i64,
    /// What is finished already, by number.
    pub parts: Vec<Part>,
    /// Workers on this machine that were seen within the length of a lease, this one included: at least 1.
    pub workers_here: usize,
}

/// A finished piece of a job, such as one window of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number in the job.
    pub number: u32,
    /// What came of it, in the form of whoever does the job.
    pub body: Vec<u8>,
}

/// A result of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its name in the job, such as `transcript.json`.
    pub name: String,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Why a job was not done. Neither text holds words of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// For scripts: `bad_input`, `crashed`.
    pub code: String,
    /// For people, in Japanese.
    pub ja: String,
    /// For people, in English.
    pub en: String,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Trying again cannot help.
    Reject,
    /// It takes the engine down: nobody shall try again.
    Quarantine,
    /// It may succeed later, after this pause; the third time in a row it is quarantined.
    Retry(Duration),
}

/// Who claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerId {
    /// Name of the worker, unlike that of any other that ever was.
    pub name: String,
    /// Name of the machine.
    pub host: String,
}

impl WorkerId {
    /// A new worker on this machine.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        let host = host.into();
        let name = format!("{host}-{}-{:08x}", std::process::id(), fastrand::u32(..));
        Self { name, host }
    }
}

/// A worker that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSeen {
    /// Who.
    pub id: WorkerId,
    /// How long ago it last asked for a job or kept one, by the clock of the database.
    pub ago: Duration,
}

/// A job as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What makes it the same as another.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// What is to be done.
    pub spec: String,
    /// Where it stands.
    pub state: JobState,
    /// Tries since it last got further.
    pub attempt: i64,
    /// Times that it was claimed.
    pub claims: i64,
    /// The worker that has it.
    pub owner: Option<String>,
    /// When it was queued, in milliseconds since 1970 by the clock of the database; so are the next two.
    pub created_at: i64,
    /// When it was first claimed.
    pub started_at: Option<i64>,
    /// When it reached its final state.
    pub finished_at: Option<i64>,
    /// How much of the recordings is done, in milliseconds.
    pub done_ms: u64,
    /// Their length by their headers, in milliseconds.
    pub total_ms: Option<u64>,
    /// Why it was not done.
    pub reason: Option<Reason>,
}

/// Which jobs are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// In these states; empty: in any.
    pub states: Vec<JobState>,
    /// Jobs after this one.
    pub after: Option<JobId>,
    /// At most so many; `None`: all.
    pub limit: Option<u32>,
}
