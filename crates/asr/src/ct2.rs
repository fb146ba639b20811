//! `CTranslate2`, which decodes several windows at once.
//!
//! A model is a directory as its converters for Whisper write it: `model.bin`, `config.json`, and `vocabulary.json` or
//! `vocabulary.txt`. Weights are computed in int8, whatever the file holds.

mod directory;
mod fault;
mod filters;
mod segments;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::thread;

use ct2rs::sys::{ComputeType, Config, LogLevel, Whisper, WhisperOptions, set_log_level, set_random_seed};
use record::{EngineInfo, Window};

use self::directory::Tokens;
pub(crate) use self::fault::Fault;
use self::worker::{Batch, Outcome, Worker};
use crate::engine::{Hypothesis, alone, check_window};
use crate::error::Cause;
use crate::heard::Attempt;
use crate::mel::{HOP, MelSpectrogram};
use crate::request::{self, SAMPLES_PER_POSITION};
use crate::{
    Control, DecodeOptions, Engine, EngineConfig, MAX_WINDOW_SAMPLES, Request, Result, Search, Session,
};

/// Registry name.
pub(crate) const NAME: &str = "ct2";

/// Positions of Whisper's encoder: 30 s.
const POSITIONS: usize = MAX_WINDOW_SAMPLES / SAMPLES_PER_POSITION;
/// Frames of the spectrogram per encoder position.
const FRAMES_PER_POSITION: usize = SAMPLES_PER_POSITION / HOP;
/// Windows that a session likes to get at once.
const BATCH: usize = 8;
/// Encoder positions that are computed at once: their attention takes memory by the square of a window's positions.
const BATCH_POSITIONS: usize = 4 * POSITIONS;
/// Half of the decoder's context is for what it writes.
const MAX_TOKENS: usize = 224;

/// Whisper weights in `CTranslate2`'s format, on the CPU.
///
/// What it does not do: [`DecodeOptions::bias`] is left out, as `CTranslate2` takes no bonus on logits;
/// [`DecodeOptions::threads`] is checked and has no effect, as all sessions share the threads that the model was opened
/// with, one per core; and above temperature 0 its random numbers go on from window to window, so a result comes again
/// only in the same order of windows.
pub struct Ct2Engine {
    info: EngineInfo,
    model: Model,
}

/// What the sessions share.
#[derive(Clone)]
struct Model {
    whisper: Arc<Whisper>,
    tokens: Arc<Tokens>,
    mel: Arc<MelSpectrogram>,
    align: bool,
}

impl std::fmt::Debug for Ct2Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ct2Engine").field("info", &self.info).finish_non_exhaustive()
    }
}

impl Ct2Engine {
    /// Loads the directory at [`EngineConfig::model_path`] into memory.
    ///
    /// # Errors
    /// [`ErrorKind::Model`](crate::ErrorKind::Model) for a directory that is missing, foreign, cut short or damaged.
    pub fn open(config: &EngineConfig) -> Result<Self> {
        let path = &config.model_path;
        open_weights(path).map_err(|source| Cause::OpenModel { path: path.clone(), source })?;
        let tokens = Tokens::read(path)?;
        // Its log would go to standard error.
        set_log_level(LogLevel::Off);
        set_random_seed(0);
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let settings =
            Config { compute_type: ComputeType::INT8, num_threads_per_replica: threads, ..Config::default() };
        let whisper = Whisper::new(path, settings)
            .map_err(|error| Cause::from(Fault::Load { path: path.clone(), reason: error.to_string() }))?;
        let mel = MelSpectrogram::new(&filters::filters(whisper.n_mels()));
        let model = Model {
            whisper: Arc::new(whisper),
            tokens: Arc::new(tokens),
            mel: Arc::new(mel),
            align: config.align_tokens,
        };
        Ok(Self { info: config.info(NAME), model })
    }
}

/// Whether the weights are there; a device or a pipe is refused rather than waited for.
fn open_weights(directory: &Path) -> std::io::Result<()> {
    let path = directory.join("model.bin");
    if !std::fs::metadata(&path)?.is_file() {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file"));
    }
    std::fs::File::open(path).map(drop)
}

impl Engine for Ct2Engine {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn session(&self) -> Result<Box<dyn Session>> {
        let worker = Worker::start(&self.model.whisper, &self.model.tokens)?;
        Ok(Box::new(Ct2Session { model: self.model.clone(), worker: Some(worker) }))
    }

    fn preferred_batch(&self) -> usize {
        BATCH
    }
}

/// A thread that waits for the model.
struct Ct2Session {
    model: Model,
    /// Absent after a decoding that had to be left behind.
    worker: Option<Worker>,
}

impl Session for Ct2Session {
    fn decode(&mut self, window: &Window, options: &DecodeOptions, control: &Control) -> Result<Hypothesis> {
        alone(|deliver| self.decode_batch(&[Request { window, options }], control, deliver))
    }

    /// Neighbours that are decoded in the same way go together.
    fn decode_batch(
        &mut self,
        requests: &[Request<'_>],
        control: &Control,
        deliver: &mut (dyn FnMut(usize, Result<Hypothesis>) + Send),
    ) {
        let mut place = 0;
        for alike in requests.chunk_by(|a, b| a.options == b.options) {
            let windows: Vec<_> = alike.iter().map(|request| request.window).collect();
            for result in self.decode_alike(&windows, alike[0].options, control) {
                deliver(place, result);
                place += 1;
            }
        }
    }
}

impl Ct2Session {
    /// Decodes windows with the same options.
    fn decode_alike(
        &mut self,
        windows: &[&Window],
        options: &DecodeOptions,
        control: &Control,
    ) -> Vec<Result<Hypothesis>> {
        let mut results: Vec<Option<Result<Hypothesis>>> =
            windows.iter().map(|window| self.without_decoding(window, options, control)).collect();
        let waiting: Vec<usize> = (0..windows.len()).filter(|&i| results[i].is_none()).collect();
        let positions = options.audio_ctx.unwrap_or(POSITIONS);
        for part in waiting.chunks((BATCH_POSITIONS / positions.max(1)).max(1)) {
            let together: Vec<&Window> = part.iter().map(|&i| windows[i]).collect();
            for (&i, result) in part.iter().zip(self.decode_together(&together, options, control)) {
                results[i] = Some(result);
            }
        }
        results.into_iter().map(|result| result.unwrap_or(Err(Cause::WorkerGone.into()))).collect()
    }

    /// The result of a window that is refused, cancelled or silent.
    fn without_decoding(
        &self,
        window: &Window,
        options: &DecodeOptions,
        control: &Control,
    ) -> Option<Result<Hypothesis>> {
        let checked = check_window(window)
            .and_then(|()| self.check_options(window, options))
            .and_then(|()| control.check());
        match checked {
            Err(error) => Some(Err(error)),
            // Digital silence holds no words; the model would invent some.
            Ok(()) if window.samples.iter().all(|sample| *sample == 0.0) => Some(Ok(Hypothesis::default())),
            Ok(()) => None,
        }
    }

    fn check_options(&self, window: &Window, options: &DecodeOptions) -> Result<()> {
        request::check(window, options, POSITIONS, 2 * MAX_TOKENS)?;
        self.prompt(options).map(drop)
    }

    /// Tokens that stand before what is written, and where among them a language is still to be found.
    fn prompt(&self, options: &DecodeOptions) -> Result<(Vec<usize>, Option<usize>)> {
        let tokens = &self.model.tokens;
        let mut prompt = Vec::new();
        let style = request::prompt(options.prompt.as_deref(), &tokens.vocabulary);
        if !style.is_empty() {
            prompt.push(tokens.start_of_previous);
            prompt.extend(style.into_iter().filter_map(|number| usize::try_from(number).ok()));
        }
        prompt.push(tokens.start_of_transcript);
        let code = options.language.as_deref();
        let is_code =
            |code: &str| (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase());
        let mut unknown = None;
        match code.map(|code| tokens.language(code).filter(|_| is_code(code))) {
            Some(Some(language)) if tokens.is_multilingual() => {
                prompt.extend([language, tokens.transcribe]);
            }
            None if tokens.is_multilingual() => {
                unknown = Some(prompt.len());
                // A place for it: all languages' tokens follow this one.
                prompt.extend([tokens.start_of_transcript + 1, tokens.transcribe]);
            }
            None => {}
            Some(_) if !tokens.is_multilingual() && code == Some("en") => {}
            Some(_) => {
                return Err(Cause::Language { language: code.unwrap_or_default().to_owned() }.into());
            }
        }
        if !options.timestamps {
            prompt.push(tokens.no_timestamps);
        }
        Ok((prompt, unknown))
    }

    /// Decodes windows whose options are checked, at one temperature after the other while they are not good.
    fn decode_together(
        &mut self,
        windows: &[&Window],
        options: &DecodeOptions,
        control: &Control,
    ) -> Vec<Result<Hypothesis>> {
        let frames = FRAMES_PER_POSITION * options.audio_ctx.unwrap_or(POSITIONS);
        let spectrograms: Vec<_> =
            windows.iter().map(|w| Arc::new(self.model.mel.compute(&w.samples, frames))).collect();
        let mut best: Vec<Option<Attempt>> = windows.iter().map(|_| None).collect();
        let mut doubtful: Vec<usize> = (0..windows.len()).collect();
        for &temperature in &options.temperatures {
            let (prompt, unknown_language) = match self.prompt(options) {
                Ok(prompt) => prompt,
                Err(error) => return vec![Err(error)],
            };
            let batch = Batch {
                spectrograms: doubtful.iter().map(|&i| Arc::clone(&spectrograms[i])).collect(),
                spoken: doubtful.iter().map(|&i| spoken(windows[i], frames)).collect(),
                options: self.options(options, temperature, prompt.len()),
                prompt,
                unknown_language,
                align: self.model.align,
            };
            let heard = match self.run(batch, control) {
                Outcome::Done(heard) => heard,
                outcome => return windows.iter().map(|_| Err(cause(&outcome).into())).collect(),
            };
            for (&i, heard) in doubtful.iter().zip(heard) {
                let heard = segments::heard(&heard, &self.model.tokens, windows[i]);
                let attempt = Attempt::new(heard, temperature, options);
                if best[i].as_ref().is_none_or(|best| attempt.beats(best)) {
                    best[i] = Some(attempt);
                }
            }
            doubtful.retain(|&i| best[i].as_ref().is_some_and(|best| !best.is_good));
            if doubtful.is_empty() {
                break;
            }
        }
        let hypothesis = |(best, window): (Option<Attempt>, &&Window)| {
            best.map_or_else(Hypothesis::default, |best| best.into_hypothesis(window))
        };
        best.into_iter().zip(windows).map(hypothesis).map(Ok).collect()
    }

    /// Decodes once, on a new worker where the last one was left behind.
    fn run(&mut self, batch: Batch, control: &Control) -> Outcome {
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => match Worker::start(&self.model.whisper, &self.model.tokens) {
                Ok(worker) => worker,
                Err(_) => return Outcome::Gone,
            },
        };
        let outcome = worker.decode(batch, control);
        if !matches!(outcome, Outcome::Gone | Outcome::Cancelled { is_lost: true }) {
            self.worker = Some(worker);
        }
        outcome
    }

    /// How tokens are chosen, in `CTranslate2`'s terms.
    fn options(&self, options: &DecodeOptions, temperature: f32, prompt: usize) -> WhisperOptions {
        let tokens = &self.model.tokens;
        let sequences = match options.search {
            Search::Greedy { best_of } => best_of,
            Search::Beam { size } => size,
        };
        let is_sampled = temperature > 0.0;
        let is_beam = !is_sampled && matches!(options.search, Search::Beam { .. });
        // Never written, whatever the model's own list says: what only opens a transcript.
        let mut suppress_tokens: Vec<i32> = [
            tokens.start_of_transcript,
            tokens.start_of_previous,
            tokens.start_of_lm,
            tokens.transcribe,
            tokens.translate,
        ]
        .map(|number| number as i32)
        .to_vec();
        if options.suppress_non_speech {
            // The model's own list.
            suppress_tokens.push(-1);
        }
        WhisperOptions {
            beam_size: if is_beam { sequences } else { 1 },
            num_hypotheses: if is_sampled { sequences } else { 1 },
            sampling_topk: usize::from(!is_sampled),
            sampling_temperature: if is_sampled { temperature } else { 1.0 },
            // It writes at most half of this, and no more than this less the prompt.
            max_length: 2 * options.max_tokens.unwrap_or(MAX_TOKENS).max(prompt.min(MAX_TOKENS)),
            return_scores: true,
            return_no_speech_prob: true,
            suppress_tokens,
            ..WhisperOptions::default()
        }
    }
}

/// Frames of the window itself.
fn spoken(window: &Window, frames: usize) -> usize {
    window.samples.len().div_ceil(HOP).clamp(FRAMES_PER_POSITION, frames)
}

/// Why a batch has no results.
fn cause(outcome: &Outcome) -> Cause {
    match outcome {
        Outcome::Cancelled { .. } => Cause::Cancelled,
        Outcome::Failed(reason) => Fault::Decode { reason: reason.clone() }.into(),
        Outcome::Done(_) | Outcome::Gone => Cause::WorkerGone,
    }
}
