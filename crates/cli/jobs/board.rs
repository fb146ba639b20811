//! How far a batch is: for each recording that is being worked on, and in all.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use record::Lang;
use store::{Job, JobId};

use crate::args::{Global, ProgressArg};
use crate::progress::{line, mode};

/// Lines are printed no more often than this.
const EVERY: Duration = Duration::from_secs(5);
/// Before so much of the time has passed, an estimate says nothing.
const SETTLED: Duration = Duration::from_secs(3);

/// A figure that grows, and how fast it did.
#[derive(Clone, Copy, Debug)]
struct Pace {
    since: Instant,
    first_ms: u64,
    now_ms: u64,
}

impl Pace {
    fn new(now: Instant, ms: u64) -> Self {
        Self { since: now, first_ms: ms, now_ms: ms }
    }

    /// Time left until `total_ms`, at the pace so far.
    fn left(&self, now: Instant, total_ms: u64) -> Option<Duration> {
        let taken = now.duration_since(self.since);
        let done = self.now_ms.checked_sub(self.first_ms).filter(|done| *done > 0)?;
        let left = total_ms.saturating_sub(self.now_ms);
        (taken >= SETTLED).then(|| taken.mul_f64(left as f64 / done as f64))
    }
}

/// Shows how far a batch is.
pub(crate) struct Board {
    mode: ProgressArg,
    lang: Lang,
    bars: MultiProgress,
    all: Option<ProgressBar>,
    running: BTreeMap<JobId, (Pace, Option<ProgressBar>)>,
    total: Option<Pace>,
    printed: Option<Instant>,
}

/// What is known of a batch at a moment.
pub(crate) struct Standing<'s> {
    /// Jobs that are being worked on.
    pub(crate) leased: &'s [Job],
    /// Recordings in all jobs, in milliseconds by their headers.
    pub(crate) total_ms: u64,
    /// What is done of them, the leased ones left out.
    pub(crate) finished_ms: u64,
    /// Jobs in all, and those that have ended.
    pub(crate) jobs: usize,
    pub(crate) ended: usize,
}

impl Board {
    pub(crate) fn new(global: &Global) -> Self {
        let mode = mode(global);
        let bars = MultiProgress::new();
        let all = (mode == ProgressArg::Auto).then(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {elapsed}");
            let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bars.add(bar)
        });
        let running = BTreeMap::new();
        Self { mode, lang: global.lang(), bars, all, running, total: None, printed: None }
    }

    /// Takes what is known now.
    pub(crate) fn show(&mut self, standing: &Standing<'_>) {
        let now = Instant::now();
        let leased_ms: u64 = standing.leased.iter().map(|job| job.done_ms).sum();
        let done_ms = standing.finished_ms + leased_ms;
        let total = self.total.get_or_insert_with(|| Pace::new(now, done_ms));
        total.now_ms = done_ms.max(total.first_ms);
        let left_in_all = total.left(now, standing.total_ms);
        self.running.retain(|id, (_, bar)| {
            let stays = standing.leased.iter().any(|job| job.id == *id);
            if let (false, Some(bar)) = (stays, bar) {
                bar.finish_and_clear();
            }
            stays
        });
        let due = self.printed.is_none_or(|at| now.duration_since(at) >= EVERY);
        for job in standing.leased {
            let bars = &self.bars;
            let (pace, bar) = self.running.entry(job.id).or_insert_with(|| {
                let bar = self.all.is_some().then(|| bars.add(bar_of(job)));
                (Pace::new(now, job.done_ms), bar)
            });
            pace.now_ms = job.done_ms;
            let left = job.total_ms.and_then(|total| pace.left(now, total));
            match (&bar, self.mode) {
                (Some(bar), _) => {
                    bar.set_position(job.done_ms);
                    bar.set_message(format!("{} {}", job.label, self.lang.left(left)));
                }
                (None, ProgressArg::Plain) if due => {
                    line(&self.lang.of_job(job, left, standing, left_in_all));
                }
                (None, ProgressArg::Json) if due => line(&as_json(job, left, standing, left_in_all)),
                _ => {}
            }
        }
        if let Some(all) = &self.all {
            all.set_length(standing.total_ms);
            all.set_position(done_ms);
            all.set_message(format!("{}/{} {}", standing.ended, standing.jobs, self.lang.left(left_in_all)));
        }
        if due {
            self.printed = Some(now);
        }
    }

    /// Prints a line beside the bars.
    pub(crate) fn say(&self, message: &str) {
        match &self.all {
            // Standard error that went away is not an error.
            Some(_) => drop(self.bars.println(message)),
            None => line(message),
        }
    }

    /// Takes the bars away.
    pub(crate) fn finish(&mut self) {
        self.running.clear();
        if self.all.take().is_some() {
            let _ = self.bars.clear();
        }
    }
}

fn bar_of(job: &Job) -> ProgressBar {
    match job.total_ms {
        Some(total) => {
            let style = ProgressStyle::with_template("  {msg} {wide_bar} {percent}%");
            ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        }
        None => ProgressBar::new_spinner(),
    }
}

fn as_json(job: &Job, left: Option<Duration>, standing: &Standing<'_>, in_all: Option<Duration>) -> String {
    let ms = |left: Option<Duration>| left.map(|left| left.as_millis() as u64);
    serde_json::json!({
        "job": job.id.0, "label": job.label, "done_ms": job.done_ms, "total_ms": job.total_ms,
        "eta_ms": ms(left), "jobs": standing.jobs, "ended": standing.ended,
        "all_total_ms": standing.total_ms, "all_eta_ms": ms(in_all),
    })
    .to_string()
}

/// What progress says in each language.
trait Words {
    fn left(self, time: Option<Duration>) -> String;
    fn of_job(
        self,
        job: &Job,
        left: Option<Duration>,
        standing: &Standing<'_>,
        in_all: Option<Duration>,
    ) -> String;
}

impl Words for Lang {
    fn left(self, time: Option<Duration>) -> String {
        let Some(time) = time else { return String::new() };
        let seconds = time.as_secs();
        let clock = format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
        match self {
            Self::Ja => format!("残り {clock}"),
            Self::En => format!("{clock} left"),
        }
    }

    fn of_job(
        self,
        job: &Job,
        left: Option<Duration>,
        standing: &Standing<'_>,
        in_all: Option<Duration>,
    ) -> String {
        let total = job.total_ms.map_or("?".to_owned(), |ms| (ms / 1_000).to_string());
        let (done, ended, jobs) = (job.done_ms / 1_000, standing.ended, standing.jobs);
        let (one, all) = (self.left(left), self.left(in_all));
        match self {
            Self::Ja => format!("{} {done}/{total} s {one} | 全体 {ended}/{jobs} {all}", job.label),
            Self::En => format!("{} {done}/{total} s {one} | all {ended}/{jobs} {all}", job.label),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_goes_on_at_the_pace_so_far_and_not_at_that_of_an_earlier_run() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 600_000);
        let later = start + Duration::from_mins(1);
        assert_eq!(pace.left(later, 3_600_000), None, "nothing is known yet");
        pace.now_ms = 1_200_000;
        assert_eq!(pace.left(later, 3_600_000), Some(Duration::from_mins(4)));
        assert_eq!(pace.left(start + Duration::from_secs(1), 3_600_000), None, "too early");
    }
}
