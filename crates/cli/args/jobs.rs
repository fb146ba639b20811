//! The arguments of `batch`, `worker` and `jobs`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args as ClapArgs, Subcommand};
use store::JobState;

use super::{EngineArgs, FormArgs};
use crate::gpu::GpuSetting;

/// Which queue.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct QueueArgs {
    /// Database of jobs: `postgres://USER@HOST/NAME`, or `sqlite:FILE`. A password belongs into the file that `PGPASSFILE`
    /// names.
    #[arg(long, value_name = "ADDRESS", env = "KIKITORI_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
}

/// What a machine gives to its jobs.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct MachineArgs {
    /// Jobs at the same time. Each gets its share of the cores; more than one pays where recordings are short.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: u8,
}

#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  kikitori batch recordings --template visit --out records
  kikitori batch a.m4a b.m4a --template visit,progress --out records --formats json,html
  kikitori batch recordings --template visit --out records --group-by-name
  kikitori batch --manifest visits.csv --template visit --out records
  kikitori batch intake --template phone-consultation --out records --watch
  kikitori batch /srv/recordings --template visit --out records --database postgres://kikitori@server/kikitori

A manifest is a CSV file with a header: `file` (relative to the manifest), and where wanted `group` (rows of one group make
one record, in their order) and `recorded_at`.

The queue is OUT/.kikitori/jobs.sqlite. Interrupted and started again with the same arguments, the command goes on where it
was. With --database the jobs are done by `kikitori worker` on other machines, and this command waits for them and writes the
results. OUT/report.csv says at the end what came of each recording; the exit code is 3 where some failed.")]
pub(crate) struct BatchArgs {
    /// Directories of recordings, or recordings.
    #[arg(value_name = "DIR|FILE", required_unless_present = "manifest")]
    pub(crate) inputs: Vec<String>,
    /// CSV file that lists recordings and says which belong together.
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Recordings whose names differ only in a number at the end (visit-1.m4a, visit-2.m4a) make one record.
    #[arg(long, conflicts_with = "manifest")]
    pub(crate) group_by_name: bool,
    /// Directory of the results.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Formats of the records.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_value = "json,text,html")]
    pub(crate) formats: Vec<String>,
    /// Replace results that exist.
    #[arg(long)]
    pub(crate) force: bool,
    /// Go on watching the directories for new recordings, until it is interrupted.
    #[arg(long, conflicts_with_all = ["manifest", "group_by_name"])]
    pub(crate) watch: bool,
    /// Queue once more what failed in an earlier run.
    #[arg(long)]
    pub(crate) retry_failed: bool,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) form: FormArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    #[command(flatten)]
    pub(crate) queue: QueueArgs,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  kikitori worker --database postgres://kikitori@server/kikitori
  kikitori worker --database postgres://kikitori@server/kikitori --health /run/kikitori/health.json

SIGTERM or Ctrl-C: what is finished of a recording is kept, the job goes back to the queue, and the exit code is 0. On a
machine with several workers each takes its share of the cores.")]
pub(crate) struct WorkerArgs {
    #[command(flatten)]
    pub(crate) queue: QueueArgs,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// Windows decoded at the same time in a job.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) sessions: Option<u8>,
    /// Threads of each session.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) threads: Option<u8>,
    /// Instructions that the native engine uses, instead of the best that `kikitori doctor` lists.
    #[arg(long, value_name = "NAME", env = "KIKITORI_KERNELS")]
    pub(crate) kernels: Option<String>,
    /// GPU to use: auto (one that is there, where GPUs were compiled in), none, or its number in `kikitori doctor`.
    #[arg(long, value_name = "auto|none|N", default_value_t)]
    pub(crate) gpu: GpuSetting,
    /// Directory with the office's own forms.
    #[arg(long, value_name = "DIR", env = "KIKITORI_TEMPLATES")]
    pub(crate) templates: Option<PathBuf>,
    /// Keep a JSON file that says whether the queue still answers: `{"healthy": true, "silent_s": 0}`.
    #[arg(long, value_name = "FILE")]
    pub(crate) health: Option<PathBuf>,
    /// Not healthy once the queue has not answered for so many seconds. While a job is done it is asked every 10 s.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) unhealthy_after: u64,
    /// End when no job waits or is being done.
    #[arg(long)]
    pub(crate) until_empty: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  kikitori jobs list --out records
  kikitori jobs list --database postgres://kikitori@server/kikitori --state failed,quarantined
  kikitori jobs show 17 --out records
  kikitori jobs retry 17 18 --out records
  kikitori jobs purge --state done --older-than 30 --yes --out records")]
pub(crate) struct JobsArgs {
    #[command(subcommand)]
    pub(crate) command: JobsCommand,
    /// The queue of `batch --out DIR`.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Database of jobs: `postgres://USER@HOST/NAME`, or `sqlite:FILE`.
    #[arg(long, global = true, value_name = "ADDRESS", env = "KIKITORI_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// List jobs, how many are in each state, and the workers of the last minute.
    List {
        /// Only in these states.
        #[arg(long, value_parser = state(), value_name = "STATE,…", value_delimiter = ',')]
        state: Vec<JobState>,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// Only jobs after this number.
        #[arg(long, value_name = "ID")]
        after: Option<i64>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a job.
    Show {
        /// Number of the job.
        id: i64,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Queue jobs that failed, were quarantined or cancelled once more.
    Retry {
        /// Numbers of the jobs.
        #[arg(required = true)]
        ids: Vec<i64>,
    },
    /// Call jobs off.
    Cancel {
        /// Numbers of the jobs.
        #[arg(required = true)]
        ids: Vec<i64>,
    },
    /// Remove jobs that have ended, and their results, from the queue. Files that were written stay.
    Purge {
        /// In these states.
        #[arg(
            long,
            value_parser = state(),
            value_name = "STATE,…",
            value_delimiter = ',',
            default_value = "done,cancelled"
        )]
        state: Vec<JobState>,
        /// Ended at least so many days ago.
        #[arg(long, value_name = "DAYS", default_value_t = 0)]
        older_than: u32,
        /// Really.
        #[arg(long)]
        yes: bool,
    },
}

/// Parses the name of a job's state.
fn state() -> impl TypedValueParser<Value = JobState> {
    PossibleValuesParser::new(JobState::ALL.map(JobState::name))
        .try_map(|name| JobState::by_name(&name).ok_or("no state of a job"))
}
