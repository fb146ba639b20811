//! One module for each command, and what several of them share.

pub(crate) mod batch;
pub(crate) mod bench;
pub(crate) mod devices;
pub(crate) mod dictate;
pub(crate) mod doctor;
pub(crate) mod engine_worker;
pub(crate) mod eval;
pub(crate) mod generate;
pub(crate) mod jobs;
pub(crate) mod lexicon;
pub(crate) mod map;
pub(crate) mod models;
pub(crate) mod record;
pub(crate) mod recover;
pub(crate) mod templates;
pub(crate) mod transcribe;
pub(crate) mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ::models::Store;
use ::record::{Segment, Source, SourceFile, Transcript};
use asr::isolated::{IsolatedEngine, IsolationConfig, WorkerCommand};
use asr::{Bias, Control, Engine, EngineConfig};
use extract::Proposer;
use extract::model::Tagger;
use pipeline::{Event, Input, MapOptions, RecordedAt, Tier, TranscribeOptions, Transcription};
use tempfile::NamedTempFile;

use crate::args::{EngineArgs, FormArgs, Global, RecordedArgs};
use crate::failure::Failure;
use crate::places;
use crate::progress::Progress;
use crate::stats::Stats;

/// Recordings to read; standard input is kept in a temporary file while they are used.
pub(crate) struct Inputs {
    pub(crate) inputs: Vec<Input>,
    _spooled: Option<NamedTempFile>,
}

impl Inputs {
    pub(crate) fn open(files: &[PathBuf]) -> Result<Self, Failure> {
        let mut spooled = None;
        let mut inputs = Vec::with_capacity(files.len());
        for file in files {
            if file != Path::new("-") {
                inputs.push(Input::new(file));
                continue;
            }
            if spooled.is_some() {
                return Err(Failure::usage("`-` は一度だけ使えます", "`-` can be given only once"));
            }
            let mut temp = NamedTempFile::new().map_err(|e| Failure::io(&std::env::temp_dir(), &e))?;
            std::io::copy(&mut std::io::stdin().lock(), &mut temp)
                .map_err(|e| Failure::io(Path::new("-"), &e))?;
            inputs.push(Input { path: temp.path().to_owned(), name: "-".to_owned() });
            spooled = Some(temp);
        }
        Ok(Self { inputs, _spooled: spooled })
    }
}

/// When the first recording was made: as said, else the file's own time. Standard input has none.
pub(crate) fn recorded_at(args: &RecordedArgs, first: Option<&Path>) -> Result<Option<RecordedAt>, Failure> {
    if let Some(given) = &args.recorded_at {
        return parse_recorded_at(given).map(Some);
    }
    let metadata = first.filter(|p| *p != Path::new("-")).and_then(|p| p.metadata().ok());
    Ok(metadata.and_then(|m| RecordedAt::of_file(&m)))
}

pub(crate) fn parse_recorded_at(given: &str) -> Result<RecordedAt, Failure> {
    given.parse().map_err(|_| {
        Failure::usage(format!("日時として読めません: {given}"), format!("not a date and time: {given}"))
            .with_hint("例: --recorded-at 2025-06-03T16:10", "for example: --recorded-at 2025-06-03T16:10")
    })
}

/// Checks the model and loads it.
pub(crate) fn engine(args: &EngineArgs) -> Result<Arc<dyn Engine>, Failure> {
    let (name, gpu) = args.chosen()?;
    // Not with fused attention, which leaves words without times.
    let mut config = EngineConfig { gpu, kernels: args.kernels.clone(), ..EngineConfig::default() };
    if asr::by_name(name)?.takes_models {
        let store = Store::new(places::models()?)?;
        let name = match &args.model {
            Some(name) => name.clone(),
            None => store.manifest().default_model()?.name.clone(),
        };
        let model = store.resolve(&name, args.allow_unverified_model)?;
        (config.model_path, config.model_name, config.model_sha256) = (model.path, model.name, model.sha256);
    } else {
        config.model_path = args.model.clone().unwrap_or_default().into();
    }
    if !args.isolate {
        return Ok(asr::open(name, &config)?);
    }
    let program = WorkerCommand::this_program(["engine-worker"]).map_err(|e| Failure::internal(e.into()))?;
    Ok(Arc::new(IsolatedEngine::new(program, name, config, IsolationConfig::default())?))
}

/// `prompt` is the form's; the one on the command line wins. What is `expected` is raised.
pub(crate) fn transcribe_options(
    args: &EngineArgs,
    inputs: &[Input],
    prompt: Option<&str>,
    expected: Bias,
) -> Result<TranscribeOptions, Failure> {
    let mut tier = Tier::by_name(&args.tier)?;
    if let Some(size) = args.beam_size {
        tier = tier.with_beam(size.into());
    }
    Ok(configured(
        TranscribeOptions::for_job(tier, inputs, asr::by_name(args.chosen()?.0)?.batches),
        args,
        prompt,
        expected,
    ))
}

/// What the command line says, over the defaults.
pub(crate) fn configured(
    mut options: TranscribeOptions,
    args: &EngineArgs,
    prompt: Option<&str>,
    expected: Bias,
) -> TranscribeOptions {
    if let Some(seconds) = args.window {
        options = options.with_window_ms(u32::from(seconds) * 1_000);
    }
    if let Some(sessions) = args.sessions {
        options.sessions = sessions.into();
        options.decode.threads = 1;
    }
    if let Some(threads) = args.threads {
        options.decode.threads = threads.into();
    }
    options.decode.prompt = args.prompt.clone().or(prompt.map(ToOwned::to_owned));
    options.decode.bias = args.bias.towards(expected);
    options.decode.language = (args.language != "auto").then(|| args.language.clone());
    options
}

/// A transcription and what it took.
pub(crate) struct Heard {
    pub(crate) done: Transcription,
    pub(crate) stats: Stats,
}

/// A transcription that came to no end.
pub(crate) struct Broken {
    pub(crate) failure: Failure,
    /// What was heard until then, without a hole; empty where nothing was.
    pub(crate) heard: Box<(Source, Transcript)>,
}

impl Broken {
    /// Of each recording it is known how far it was heard.
    pub(crate) fn new(
        failure: impl Into<Failure>,
        inputs: &[Input],
        engine: &dyn Engine,
        segments: Vec<Segment>,
    ) -> Self {
        let until = |file| segments.iter().filter(|s| s.file == file).map(|s| s.end_ms).max().unwrap_or(0);
        let file = |(file, input): (usize, &Input)| SourceFile {
            name: input.name.clone(),
            sha256: String::new(),
            duration_ms: until(file),
            partial: true,
        };
        let files = inputs.iter().enumerate().map(file).collect();
        let source = Source { files, engine: Some(engine.info().clone()) };
        let transcript = Transcript { segments, ..Transcript::default() };
        Self { failure: failure.into(), heard: Box::new((source, transcript)) }
    }
}

/// Where nothing is to be kept.
impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        broken.failure
    }
}

/// Before anything was heard.
impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self { failure, heard: Box::default() }
    }
}

/// Transcribes with progress.
pub(crate) fn transcription(
    inputs: &Inputs,
    args: &EngineArgs,
    prompt: Option<&str>,
    expected: Bias,
    global: &Global,
    control: &Control,
) -> Result<Heard, Broken> {
    let options = transcribe_options(args, &inputs.inputs, prompt, expected)?;
    let start = Instant::now();
    let engine = engine(args)?;
    let load = start.elapsed();
    let mut progress = Progress::new(global, inputs.inputs.len());
    let mut so_far = Vec::new();
    let done = pipeline::transcribe(&inputs.inputs, &*engine, &options, control, &mut |event| {
        if let Event::Progress { segments, .. } = event {
            so_far.extend_from_slice(segments);
        }
        progress.on(&event);
    });
    progress.finish();
    let done = done.map_err(|error| Broken::new(error, &inputs.inputs, &*engine, so_far))?;
    let stats = Stats::new(&done, &options, load, start.elapsed().saturating_sub(load));
    if !done.cancelled {
        progress.heard(&done.transcript);
    }
    Ok(Heard { done, stats })
}

/// The tagger of the model pass, unless it is switched off.
pub(crate) fn tagger(off: bool) -> Result<Option<Tagger>, Failure> {
    Ok(if off { None } else { Some(Tagger::shipped()?) })
}

/// How a dictation is mapped: with the office's terms, and the tagger beside the rules.
pub(crate) fn map_options<'t>(
    args: &FormArgs,
    recorded_at: Option<RecordedAt>,
    tagger: Option<&'t Tagger>,
) -> Result<MapOptions<'t>, Failure> {
    let (lexicon, proposers) = (crate::lexicon::office()?, proposers(tagger));
    Ok(MapOptions { recorded_at, passes: args.passes.clone(), lexicon, proposers })
}

/// What speaks beside the rules.
pub(crate) fn proposers(tagger: Option<&Tagger>) -> Vec<&dyn Proposer> {
    tagger.into_iter().map(|t| -> &dyn Proposer { t }).collect()
}
