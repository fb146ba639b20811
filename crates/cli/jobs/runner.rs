//! Doing a job: from its recordings to its records, going on behind what is finished.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asr::{Control, Engine, PooledEngine};
use export::{RecordOptions, record_by_name};
use extract::model::Tagger;
use pipeline::{Event, FinishedWindow, Input, TranscribeOptions};
use record::Lang;
use record::template::Template;
use serde::{Deserialize, Serialize};
use store::{Claim, Document, Fetched, JobHandle, Outcome, Part, Reason, Recordings, Verdict, Work};

use super::spec::{JobSpec, Machine, Settings};
use crate::args::FormArgs;
use crate::failure::Failure;
use crate::{bias, commands, forms};

/// A mistake of the program may be one of the moment: it is tried again after this time.
const PAUSE: Duration = Duration::from_secs(10);

/// Does jobs on this machine.
pub(crate) struct Runner {
    machine: Machine,
    /// Directory with the office's own forms.
    templates: Option<PathBuf>,
    recordings: Recordings,
    tagger: Mutex<Option<Arc<Tagger>>>,
    /// The engine of the latest job: the next one mostly wants the same.
    engine: Mutex<Option<(Settings, Arc<PooledEngine>)>>,
}

/// A finished window, as it stands in the queue.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// What decoded it. Another program, model or length of window may have cut the recording elsewhere.
    made_by: String,
    window: FinishedWindow,
}

impl Runner {
    pub(crate) fn new(machine: Machine, templates: Option<PathBuf>) -> Result<Self, Failure> {
        let recordings = Recordings::new()?;
        Ok(Self { machine, templates, recordings, tagger: Mutex::default(), engine: Mutex::default() })
    }

    fn engine(&self, settings: &Settings) -> Result<Arc<PooledEngine>, Failure> {
        let wanted = Settings { recorded_at: None, templates: Vec::new(), ..settings.clone() };
        let mut latest = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, engine)) = &*latest
            && *known == wanted
        {
            return Ok(Arc::clone(engine));
        }
        // The earlier one's processes end before others load a model.
        *latest = None;
        let engine = Arc::new(PooledEngine::new(commands::engine(&settings.engine(&self.machine)?)?));
        *latest = Some((wanted, Arc::clone(&engine)));
        Ok(engine)
    }

    fn tagger(&self) -> Result<Arc<Tagger>, Failure> {
        let mut tagger = self.tagger.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tagger) = &*tagger {
            return Ok(Arc::clone(tagger));
        }
        Ok(Arc::clone(tagger.insert(Arc::new(Tagger::shipped()?))))
    }

    /// The recordings as files of this machine, unless they have changed since they were queued.
    fn inputs(&self, spec: &JobSpec) -> Result<(Vec<Input>, Vec<Fetched>), Failure> {
        let (mut inputs, mut fetched) = (Vec::new(), Vec::new());
        for file in &spec.files {
            let local = self.recordings.fetch(&file.place, &std::env::temp_dir())?;
            if pipeline::sha256(local.path())? != file.sha256 {
                return Err(Failure::bad_input(
                    format!("登録のあとで録音の内容が変わりました: {}", file.name),
                    format!("the recording has changed since it was queued: {}", file.name),
                ));
            }
            inputs.push(Input { path: local.path().to_owned(), name: file.name.clone() });
            fetched.push(local);
        }
        Ok((inputs, fetched))
    }

    fn transcribe_options(
        &self,
        spec: &JobSpec,
        inputs: &[Input],
        templates: &[Template],
        workers_here: usize,
    ) -> Result<TranscribeOptions, Failure> {
        let args = spec.settings.engine(&self.machine)?;
        let prompt = templates.first().and_then(|template| template.prompt.as_deref());
        let mut options = commands::transcribe_options(&args, inputs, prompt, bias::expected(templates)?)?;
        if args.sessions.is_none() && args.threads.is_none() {
            share(&mut options, std::thread::available_parallelism().map_or(1, usize::from), workers_here);
        }
        Ok(options)
    }

    fn done(&self, claim: &Claim, handle: &JobHandle<'_>, spec: &JobSpec) -> Result<Outcome, Failure> {
        let (inputs, _fetched) = self.inputs(spec)?;
        let templates: Vec<Template> = spec
            .settings
            .templates
            .iter()
            .map(|id| forms::by_id(id, self.templates.as_deref()))
            .collect::<Result<_, _>>()?;
        let options = self.transcribe_options(spec, &inputs, &templates, claim.workers_here)?;
        let engine = match self.engine(&spec.settings) {
            Ok(engine) => engine,
            // Without an engine there is nothing that this machine can do.
            Err(failure) => return Ok(Outcome::Unable(failure.reason())),
        };
        let made_by = made_by(&*engine, &options);
        let kept = claim.parts.iter().filter_map(|part| serde_json::from_slice::<Kept>(&part.body).ok());
        let finished = kept.filter(|kept| kept.made_by == made_by).map(|kept| kept.window).collect();

        let control = Control::new();
        let cancel = control.clone();
        handle.on_stop(move || cancel.cancel());
        let mut refused = None;
        let mut lengths = vec![0; inputs.len()];
        let heard =
            pipeline::resume(&inputs, &*engine, &options, finished, &control, &mut |event| match event {
                Event::Progress { file, until_ms, .. } => lengths[file] = until_ms,
                Event::Decoded { window } => {
                    if let Err(failure) = keep(handle, &made_by, window, lengths.iter().sum()) {
                        refused = Some(failure);
                        control.cancel();
                    }
                }
                _ => {}
            });
        match refused {
            // Where the lease is lost nobody reads the answer.
            Some(_) if handle.is_stopped() => return Ok(Outcome::Stopped),
            Some(failure) => return Ok(Outcome::Unable(failure.reason())),
            None => {}
        }
        let heard = match heard {
            Err(error) if error.kind() == pipeline::ErrorKind::Crashed => {
                let reason = Reason { code: "crashed".into(), ..Failure::from(error).reason() };
                return Ok(Outcome::Failed(Verdict::Quarantine, reason));
            }
            heard => heard?,
        };
        if heard.cancelled {
            return Ok(Outcome::Stopped);
        }
        let recorded_at = match &spec.settings.recorded_at {
            Some(given) => Some(commands::parse_recorded_at(given)?),
            None => None,
        };
        let form = FormArgs {
            template: spec.settings.templates.clone(),
            templates: self.templates.clone(),
            no_model_pass: spec.settings.no_model_pass,
            passes: spec.settings.passes.clone(),
        };
        let tagger = if form.no_model_pass { None } else { Some(self.tagger()?) };
        let map = commands::map_options(&form, recorded_at, tagger.as_deref())?;
        let json = record_by_name("json")?;
        let mut results = Vec::with_capacity(templates.len());
        for template in &templates {
            let record = pipeline::map(heard.transcript.clone(), heard.source.clone(), template, &map)?;
            let mut body = Vec::new();
            let plain = RecordOptions { lang: Lang::Ja, audio: Vec::new() };
            json.export(&record, template, &plain, &mut body)?;
            results.push(Document { name: format!("{}.json", template.id), body });
        }
        Ok(Outcome::Done(results))
    }
}

impl Work for Runner {
    fn work(&self, claim: &Claim, handle: &JobHandle<'_>) -> Outcome {
        let spec = match JobSpec::from_text(&claim.spec) {
            Ok(spec) => spec,
            Err(reason) => return Outcome::Failed(Verdict::Reject, reason),
        };
        self.done(claim, handle, &spec).unwrap_or_else(|failure| {
            let reason = failure.reason();
            match reason.code.as_str() {
                _ if failure.is_interruption() => Outcome::Stopped,
                "bad_input" | "usage" | "permission" => Outcome::Failed(Verdict::Reject, reason),
                "model" | "storage" => Outcome::Unable(reason),
                _ => Outcome::Failed(Verdict::Retry(PAUSE), reason),
            }
        })
    }
}

/// Keeps a finished window in the queue.
fn keep(handle: &JobHandle<'_>, made_by: &str, window: &FinishedWindow, done_ms: u64) -> Result<(), Failure> {
    let number = window.index as u32;
    let kept = Kept { made_by: made_by.to_owned(), window: window.clone() };
    let body = serde_json::to_vec(&kept).map_err(|e| Failure::internal(e.into()))?;
    Ok(handle.checkpoint(&[Part { number, body }], done_ms)?)
}

/// What decides where windows begin and end and what is heard in them, beside the settings of the job.
fn made_by(engine: &dyn Engine, options: &TranscribeOptions) -> String {
    let model = &engine.info().model_sha256;
    format!("{} {model} {} {}", env!("CARGO_PKG_VERSION"), options.vad, options.pack.max_window_ms)
}

/// Leaves the other workers of the machine their cores.
fn share(options: &mut TranscribeOptions, cores: usize, workers: usize) {
    let ours = (cores / workers.max(1)).max(1);
    options.decode.threads = options.decode.threads.min(ours);
    options.sessions = options.sessions.min(ours / options.decode.threads).max(1);
}

/// Whether a place is a file of this machine that a page can play.
pub(crate) fn is_playable(place: &str) -> bool {
    !Recordings::is_remote(place) && Path::new(place).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_of_one_machine_share_its_cores() {
        let shared = |sessions, threads, cores, workers| {
            let mut options = TranscribeOptions { sessions, ..TranscribeOptions::default() };
            options.decode.threads = threads;
            share(&mut options, cores, workers);
            (options.sessions, options.decode.threads)
        };
        assert_eq!(shared(4, 2, 8, 1), (4, 2));
        assert_eq!(shared(4, 2, 8, 2), (2, 2));
        assert_eq!(shared(1, 8, 8, 4), (1, 2));
        assert_eq!(shared(2, 1, 2, 5), (1, 1));
    }
}
