//! `kikitori worker`

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use asr::Control;
use record::Lang;
use store::{Ended, Health, JobQueue, JobState, Worker, WorkerConfig};

use crate::args::{Global, WorkerArgs};
use crate::failure::Failure;
use crate::jobs::runner::Runner;
use crate::jobs::spec::Machine;
use crate::jobs::{self};
use crate::output;
use crate::progress::line;

/// How often the file of health is written.
const EVERY: Duration = Duration::from_secs(5);

pub(crate) fn run(args: &WorkerArgs, global: &Global, control: &Control) -> Result<(), Failure> {
    let queue = jobs::queue(args.queue.database.as_deref(), None)?;
    let machine = Machine {
        sessions: args.sessions,
        threads: args.threads,
        gpu: args.gpu,
        kernels: args.kernels.clone(),
    };
    let runner = Runner::new(machine, args.templates.clone())?;
    let health = Health::new(Duration::from_secs(args.unhealthy_after));
    let config = WorkerConfig { lanes: args.machine.jobs.into(), ..WorkerConfig::default() };
    let worker = Worker { queue: &*queue, work: &runner, config, host: jobs::host(), health: &health };
    let (empty, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    let end = scope(|threads| {
        threads.spawn(|| watch(args, global.lang(), &*queue, &health, &empty, &ended));
        let end = worker.run(&|| control.is_cancelled() || empty.load(Ordering::Relaxed));
        ended.store(true, Ordering::Relaxed);
        end
    });
    match end? {
        Ended::Stopped => Ok(()),
        Ended::Unable(reason) => Err(Failure::unable(&reason)),
    }
}

/// Says how the worker is, and when there is nothing more to do.
fn watch(
    args: &WorkerArgs,
    lang: Lang,
    queue: &dyn JobQueue,
    health: &Health,
    empty: &AtomicBool,
    ended: &AtomicBool,
) {
    let (mut red, mut last) = (false, None::<Instant>);
    while !ended.load(Ordering::Relaxed) {
        if health.is_red() != red {
            red = !red;
            let seconds = args.unhealthy_after;
            line(&match (red, lang) {
                (true, Lang::Ja) => {
                    format!("ジョブのデータベースが{seconds}秒以上応答しません。待ち続けます")
                }
                (true, Lang::En) => {
                    format!("the database of jobs has not answered for {seconds} s; still waiting")
                }
                (false, Lang::Ja) => "ジョブのデータベースが応答しました".to_owned(),
                (false, Lang::En) => "the database of jobs answers again".to_owned(),
            });
            last = None;
        }
        if last.is_none_or(|at| at.elapsed() >= EVERY) {
            last = Some(Instant::now());
            if let Some(path) = &args.health {
                // A disk that is full must not end the work; the file's age tells.
                let _ = write_health(path, health);
            }
            if args.until_empty && queue.counts().is_ok_and(|counts| is_empty(&counts)) {
                empty.store(true, Ordering::Relaxed);
            }
        }
        sleep(Duration::from_millis(200));
    }
}

fn write_health(path: &Path, health: &Health) -> Result<(), Failure> {
    let text = serde_json::json!({ "healthy": !health.is_red(), "silent_s": health.silent_for().as_secs() });
    output::to_file(path, |out| writeln!(out, "{text}").map_err(|e| Failure::io(path, &e)))
}

fn is_empty(counts: &[(JobState, u64)]) -> bool {
    counts.iter().all(|(state, _)| state.is_final())
}
