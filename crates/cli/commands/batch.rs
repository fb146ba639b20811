//! `kikitori batch`

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{ScopedJoinHandle, scope, sleep};
use std::time::{Duration, Instant, SystemTime};

use asr::Control;
use audio::AudioReader;
use pipeline::RecordedAt;
use record::Lang;
use store::{
    Document, Ended, Enqueued, ErrorKind, Filter, Health, Job, JobId, JobQueue, JobState, NewJob, Recordings,
    Worker, WorkerConfig,
};

use crate::args::{BatchArgs, EngineArgs, Global};
use crate::failure::Failure;
use crate::jobs::board::{Board, Standing};
use crate::jobs::deliver::{Delivery, Written};
use crate::jobs::groups::{Group, file_name, groups, named};
use crate::jobs::report::{self, Row};
use crate::jobs::runner::Runner;
use crate::jobs::spec::{JobFile, JobSpec, Machine, Settings};
use crate::jobs::{self};
use crate::output;

/// How often it is asked what has ended.
const POLL: Duration = Duration::from_millis(300);
/// How many of the oldest open jobs are asked about at once: jobs end about in the order of their numbers.
const ASKED: usize = 32;
/// Jobs queued at once: the first of a large directory start while the rest is still read.
const AT_ONCE: usize = 20;
/// How often a watched directory is looked at; a recording whose length has stood still for so long is complete.
const LOOK: Duration = Duration::from_secs(2);

pub(crate) fn run(args: &BatchArgs, global: &Global, control: &Control) -> Result<(), Failure> {
    let recordings = Recordings::new()?;
    args.form.passes.as_deref().map(text::Chain::from_names).transpose()?;
    if args.dry_run {
        return dry_run(args, &recordings);
    }
    let own = jobs::own_directory(&args.out)?;
    let delivery = Delivery::new(args, &own, global.lang())?;
    let lock = own.join("lock");
    let lock = File::create(&lock).map_err(|e| Failure::io(&lock, &e))?;
    if lock.try_lock().is_err() {
        return Err(Failure::busy(&args.out));
    }
    let queue = match args.queue.database.as_deref() {
        Some(database) => store::open(database)?,
        None => jobs::own_queue(&args.out)?,
    };
    let EngineArgs { sessions, threads, gpu, kernels, .. } = args.engine.clone();
    let machine = Machine { sessions, threads, gpu, kernels };
    let runner = Runner::new(machine, args.form.templates.clone())?;
    let health = Health::default();
    let config = WorkerConfig { lanes: args.machine.jobs.into(), poll: POLL, ..WorkerConfig::default() };
    let worker = Worker { queue: &*queue, work: &runner, config, host: jobs::host(), health: &health };
    let stop = AtomicBool::new(false);
    let mut batch = Batch::new(args, global, &*queue, &recordings, &delivery);
    let (went, end) = scope(|threads| {
        // With a database that others share, the jobs are theirs.
        let worker = args.queue.database.is_none().then(|| {
            threads.spawn(|| {
                let end = worker.run(&|| control.is_cancelled() || stop.load(Ordering::Relaxed));
                stop.store(true, Ordering::Relaxed);
                end
            })
        });
        let went = batch.run(&|| control.is_cancelled() || stop.load(Ordering::Relaxed));
        stop.store(true, Ordering::Relaxed);
        (went, worker.map_or(Ok(Ok(Ended::Stopped)), ScopedJoinHandle::join))
    });
    batch.board.finish();
    let reported = went.and_then(|()| batch.report());
    match end {
        Ok(Ok(Ended::Unable(reason))) => return Err(Failure::unable(&reason)),
        Ok(Err(error)) => return Err(error.into()),
        Ok(Ok(Ended::Stopped)) => {}
        Err(_) => return Err(Failure::internal(anyhow::anyhow!("a worker stopped at a mistake of its own"))),
    }
    reported?;
    batch.outcome(control.is_cancelled())
}

/// Lists what would be done.
fn dry_run(args: &BatchArgs, recordings: &Recordings) -> Result<(), Failure> {
    let mut taken = BTreeSet::new();
    let mut text = String::new();
    for group in groups(args, recordings)? {
        let group = named(group, &mut taken);
        text.push_str(&format!("{} -> {}\n", group.places.join(" "), args.out.join(&group.stem).display()));
    }
    output::to_stdout(|out| out.write_all(text.as_bytes()).map_err(|e| Failure::io(Path::new("-"), &e)))
}

/// One record that is wanted.
struct Entry {
    group: Group,
    key: String,
    id: Option<JobId>,
    total_ms: u64,
    /// The job, once it has ended.
    ended: Option<Job>,
    heard: Option<bool>,
    trouble: Option<String>,
}

/// A recording that may still be growing.
type Seen = (u64, Option<SystemTime>);

struct Batch<'b> {
    args: &'b BatchArgs,
    lang: Lang,
    quiet: bool,
    queue: &'b dyn JobQueue,
    recordings: &'b Recordings,
    delivery: &'b Delivery,
    board: Board,
    entries: Vec<Entry>,
    /// Entries whose job has not ended, by their place in `entries`.
    open: BTreeSet<usize>,
    known: BTreeSet<String>,
    names: BTreeSet<PathBuf>,
    growing: BTreeMap<String, Seen>,
}

impl<'b> Batch<'b> {
    fn new(
        args: &'b BatchArgs,
        global: &Global,
        queue: &'b dyn JobQueue,
        recordings: &'b Recordings,
        delivery: &'b Delivery,
    ) -> Self {
        Self {
            args,
            lang: global.lang(),
            quiet: global.quiet,
            queue,
            recordings,
            delivery,
            board: Board::new(global),
            entries: Vec::new(),
            open: BTreeSet::new(),
            known: BTreeSet::new(),
            names: BTreeSet::new(),
            growing: BTreeMap::new(),
        }
    }

    /// Queues what there is and writes results as they come, until all is done or `stop` says so.
    fn run(&mut self, stop: &dyn Fn() -> bool) -> Result<(), Failure> {
        self.look(stop)?;
        let mut looked = Instant::now();
        while !stop() {
            self.settle()?;
            if self.args.watch {
                if looked.elapsed() >= LOOK {
                    self.look(stop)?;
                    looked = Instant::now();
                }
            } else if self.open.is_empty() {
                break;
            }
            sleep(POLL);
        }
        self.settle()
    }

    /// Queues the recordings that were not known.
    fn look(&mut self, stop: &dyn Fn() -> bool) -> Result<(), Failure> {
        let found = groups(self.args, self.recordings)?;
        let mut new = Vec::new();
        for group in found {
            if group.places.iter().all(|place| self.known.contains(place)) || !self.is_complete(&group) {
                continue;
            }
            self.known.extend(group.places.iter().cloned());
            new.push(named(group, &mut self.names));
        }
        for some in new.chunks(AT_ONCE) {
            if stop() {
                return Ok(());
            }
            self.add(some, stop)?;
            self.settle()?;
        }
        Ok(())
    }

    /// In a watched directory a recording is still being copied while its length changes.
    fn is_complete(&mut self, group: &Group) -> bool {
        if !self.args.watch || group.places.iter().any(|place| Recordings::is_remote(place)) {
            return true;
        }
        group.places.iter().all(|place| {
            let Ok(now) = std::fs::metadata(place).map(|found| (found.len(), found.modified().ok())) else {
                return false;
            };
            self.growing.insert(place.clone(), now) == Some(now)
        })
    }

    /// Queues groups, each at most once.
    fn add(&mut self, groups: &[Group], stop: &dyn Fn() -> bool) -> Result<(), Failure> {
        let mut wanted = Vec::new();
        for group in groups {
            let mut entry = Entry {
                group: group.clone(),
                key: String::new(),
                id: None,
                total_ms: 0,
                ended: None,
                heard: None,
                trouble: None,
            };
            match self.job(group) {
                Ok(job) => {
                    entry.key.clone_from(&job.key);
                    entry.total_ms = job.total_ms.unwrap_or(0);
                    wanted.push((self.entries.len(), job));
                }
                Err(failure) => {
                    entry.trouble = Some(failure.said(self.lang).0.into_owned());
                    self.say(&entry);
                }
            }
            self.entries.push(entry);
        }
        let jobs: Vec<NewJob> = wanted.iter().map(|(_, job)| job.clone()).collect();
        for ((place, _), queued) in wanted.iter().zip(self.enqueue(&jobs, stop)?) {
            self.entries[*place].id = Some(queued.id);
            self.open.insert(*place);
            let failed = [JobState::Failed, JobState::Quarantined, JobState::Cancelled];
            if self.args.retry_failed && !queued.is_new && failed.contains(&self.queue.job(queued.id)?.state)
            {
                self.queue.retry(queued.id)?;
            }
        }
        Ok(())
    }

    /// Queues jobs. Who watches a directory does not end because the database is away for a while.
    fn enqueue(&self, jobs: &[NewJob], stop: &dyn Fn() -> bool) -> Result<Vec<Enqueued>, Failure> {
        loop {
            match self.queue.enqueue(jobs) {
                Err(error) if self.args.watch && error.kind() == ErrorKind::Unavailable && !stop() => {
                    tracing::warn!(%error, "the queue does not answer");
                    sleep(POLL);
                }
                queued => return Ok(queued?),
            }
        }
    }

    fn job(&self, group: &Group) -> Result<NewJob, Failure> {
        let (mut files, mut total_ms, mut made_at) = (Vec::new(), Some(0), None);
        for place in &group.places {
            let local = self.recordings.fetch(place, &std::env::temp_dir())?;
            let sha256 = pipeline::sha256(local.path())?;
            let length =
                AudioReader::open(local.path()).ok().and_then(|reader| reader.declared_duration_ms());
            total_ms = total_ms.zip(length).map(|(sum, length)| sum + length);
            if made_at.is_none() && !Recordings::is_remote(place) {
                made_at = local.path().metadata().ok().and_then(|found| RecordedAt::of_file(&found));
            }
            files.push(JobFile { place: place.clone(), name: file_name(place), sha256 });
        }
        let recorded_at = match &group.recorded_at {
            Some(given) => Some(super::parse_recorded_at(given)?),
            None => made_at,
        };
        let recorded_at = recorded_at.map(|at| at.to_string());
        let spec =
            JobSpec { files, settings: Settings::new(&self.args.form, &self.args.engine, recorded_at)? };
        Ok(NewJob { key: spec.key()?, label: group.label(), spec: spec.to_text()?, total_ms })
    }

    /// Writes the results of jobs that have ended, and shows how far the others are.
    fn settle(&mut self) -> Result<(), Failure> {
        loop {
            let asked: Vec<usize> = self.open.iter().copied().take(ASKED).collect();
            let mut ended = 0;
            for place in asked {
                let Some(id) = self.entries[place].id else { continue };
                match self.queue.job(id) {
                    Ok(job) if job.state.is_final() => match self.queue.results(id) {
                        Ok(results) => {
                            self.end(place, job, &results)?;
                            ended += 1;
                        }
                        Err(error) => return later(error),
                    },
                    Ok(_) => {}
                    Err(error) => return later(error),
                }
            }
            if ended == 0 {
                break;
            }
        }
        let leased = Filter { states: vec![JobState::Leased], ..Filter::default() };
        let Ok(mut leased) = self.queue.list(&leased) else { return Ok(()) };
        let ours: BTreeSet<JobId> = self.open.iter().filter_map(|place| self.entries[*place].id).collect();
        leased.retain(|job| ours.contains(&job.id));
        let done = self.entries.iter().enumerate().filter(|(place, _)| !self.open.contains(place));
        self.board.show(&Standing {
            leased: &leased,
            total_ms: self.entries.iter().map(|entry| entry.total_ms).sum(),
            finished_ms: done.map(|(_, entry)| entry.total_ms).sum(),
            jobs: self.entries.len(),
            ended: self.entries.len() - self.open.len(),
        });
        Ok(())
    }

    fn end(&mut self, place: usize, job: Job, results: &[Document]) -> Result<(), Failure> {
        let entry = &mut self.entries[place];
        if job.state == JobState::Done {
            match self.delivery.write(&entry.group, &entry.key, results)? {
                Written::There { heard } => entry.heard = Some(heard),
                Written::Kept(file) => {
                    entry.trouble = Some(Failure::exists(&file).said(self.lang).0.into_owned());
                }
            }
        }
        entry.ended = Some(job);
        self.open.remove(&place);
        self.say(&self.entries[place]);
        Ok(())
    }

    /// Says what came of an entry.
    fn say(&self, entry: &Entry) {
        if self.quiet {
            return;
        }
        let reason = entry.ended.as_ref().and_then(|job| job.reason.as_ref());
        let reason = reason.map(|reason| if self.lang == Lang::Ja { &reason.ja } else { &reason.en });
        let label = entry.group.label();
        self.board.say(&match (entry.trouble.as_ref().or(reason), self.lang) {
            (Some(why), Lang::Ja) => format!("失敗: {label}: {why}"),
            (Some(why), Lang::En) => format!("failed: {label}: {why}"),
            (None, Lang::Ja) if !entry.succeeded() => format!("取り消し: {label}"),
            (None, Lang::En) if !entry.succeeded() => format!("cancelled: {label}"),
            (None, Lang::Ja) if entry.heard == Some(false) => format!("済: {label} (話し声が見つかりません)"),
            (None, Lang::En) if entry.heard == Some(false) => format!("done: {label} (no speech was found)"),
            (None, Lang::Ja) => format!("済: {label}"),
            (None, Lang::En) => format!("done: {label}"),
        });
    }

    /// Writes `report.csv`.
    fn report(&self) -> Result<(), Failure> {
        let mut standing = BTreeMap::new();
        for place in &self.open {
            if let Some(id) = self.entries[*place].id
                && let Ok(job) = self.queue.job(id)
            {
                standing.insert(*place, job);
            }
        }
        let rows = self.entries.iter().enumerate().map(|(place, entry)| {
            let written = entry.succeeded();
            let files = if written { self.delivery.files(&entry.group) } else { Vec::new() };
            let below = |file: &PathBuf| {
                file.strip_prefix(&self.args.out).unwrap_or(file).to_string_lossy().into_owned()
            };
            Row {
                files: entry.group.places.iter().map(|place| file_name(place)).collect::<Vec<_>>().join(" "),
                job: entry.ended.as_ref().or(standing.get(&place)),
                heard: entry.heard,
                trouble: entry.trouble.clone(),
                outputs: files.iter().map(below).collect(),
            }
        });
        report::write(&self.args.out.join("report.csv"), &rows.collect::<Vec<_>>(), self.lang)
    }

    fn outcome(&self, interrupted: bool) -> Result<(), Failure> {
        let left = self.open.len();
        if interrupted && !self.args.watch {
            return Err(Failure::interrupted_jobs(self.entries.len() - left, left));
        }
        let failed = self
            .entries
            .iter()
            .enumerate()
            .filter(|(place, entry)| !self.open.contains(place) && !entry.succeeded())
            .count();
        if failed == 0 {
            return Ok(());
        }
        let report = self.args.out.join("report.csv");
        Err(Failure::some_failed(
            format!("失敗した録音が{failed}件あります。理由は一覧にあります: {}", report.display()),
            format!("recordings that failed: {failed}; the reasons: {}", report.display()),
        ))
    }
}

/// A database that does not answer is asked again in a moment.
fn later(error: store::Error) -> Result<(), Failure> {
    if error.kind() == ErrorKind::Unavailable { Ok(()) } else { Err(error.into()) }
}

impl Entry {
    fn succeeded(&self) -> bool {
        self.trouble.is_none() && self.ended.as_ref().is_some_and(|job| job.state == JobState::Done)
    }
}
