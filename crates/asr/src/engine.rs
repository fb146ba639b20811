//! The two traits that every engine has, and what passes through them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use record::{EngineInfo, SAMPLE_RATE, Token, Window};
use serde::{Deserialize, Serialize};

use crate::error::Cause;
use crate::{Bias, Result, exact};

/// The longest window an engine takes: 30 s, the length of Whisper's encoder.
pub const MAX_WINDOW_SAMPLES: usize = 30 * SAMPLE_RATE as usize;

/// A loaded model: immutable, shared by any number of sessions.
///
/// # For implementations
///
/// * The weights are in memory once, however many sessions there are; [`IsolatedEngine`](crate::isolated::IsolatedEngine)
///   alone has them once in each session's process.
/// * Sessions of one engine give the same result for the same window and options, at the same time or one by one.
/// * Nothing is written to standard output or standard error, and no transcribed text goes to a log.
pub trait Engine: Send + Sync {
    /// The names and the hash that go into a transcript's source.
    fn info(&self) -> &EngineInfo;

    /// A new decoding state. It keeps the weights alive by itself.
    ///
    /// # Errors
    /// [`ErrorKind::Memory`](crate::ErrorKind::Memory) when there is no memory for it.
    fn session(&self) -> Result<Box<dyn Session>>;

    /// How many windows [`Session::decode_batch`] likes to get at once; 1 where a batch gains nothing.
    ///
    /// Where it is more, one session of many threads serves as well as many sessions of one.
    fn preferred_batch(&self) -> usize {
        1
    }
}

/// A decoding state: one per worker thread, never shared.
///
/// # For implementations
///
/// * A window is decoded by itself: nothing of an earlier window changes the result.
/// * Windows that break the contract are refused with [`ErrorKind::Window`](crate::ErrorKind::Window): more than
///   [`MAX_WINDOW_SAMPLES`], or a sample that is not finite.
///   An empty window gives an empty hypothesis; a short one is padded with silence, never refused.
/// * All times are milliseconds of the window, rise from token to token and stay in `0..=window.duration_ms()`.
/// * The texts of a segment's tokens, joined, are the segment's text; special tokens are not among them, and a segment
///   has at least one token.
/// * Cancelling returns [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) within one second, also in the middle of
///   an encoder pass, and the session can be used again afterwards.
/// * [`Control::note_progress`] is called while the decoding advances, and only then: who hears nothing for long takes it
///   for stuck.
/// * Nothing is dropped for being doubtful: text over silence is returned with its probabilities, and the caller marks it.
/// * Same window, same options: same result.
pub trait Session: Send {
    /// Decodes one window.
    fn decode(&mut self, window: &Window, options: &DecodeOptions, control: &Control) -> Result<Hypothesis>;

    /// Decodes several windows, and calls `deliver` once for each, by its place and as soon as its result is known: the same
    /// as by itself.
    ///
    /// Engines that read the weights once for a whole batch override this; here the windows go one by one.
    fn decode_batch(
        &mut self,
        requests: &[Request<'_>],
        control: &Control,
        deliver: &mut (dyn FnMut(usize, Result<Hypothesis>) + Send),
    ) {
        for (place, Request { window, options }) in requests.iter().enumerate() {
            deliver(place, self.decode(window, options, control));
        }
    }
}

/// A window of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The window.
    pub window: &'r Window,
    /// How it is decoded. Windows of a batch may differ in all but the number of threads; the largest counts.
    pub options: &'r DecodeOptions,
}

/// How a window is decoded.
///
/// The default is greedy, Japanese, at temperature 0 with one thread: the same input always gives the same output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecodeOptions {
    /// ISO 639-1 code of the spoken language. `None` lets the model guess, which costs a second encoder pass.
    pub language: Option<String>,
    /// Threads of one session, 1..=64. Several sessions of one thread use cores better than one session of several.
    pub threads: usize,
    /// How the next token is chosen.
    pub search: Search,
    /// Sampling temperatures in the order of trial, each 0.0..=1.0, at least one. The second and later ones are tried
    /// only while the result is below [`DecodeOptions::thresholds`]; each costs a whole decoding of the window.
    #[serde(with = "exact::floats")]
    pub temperatures: Vec<f32>,
    /// When a result is bad enough to try the next temperature.
    pub thresholds: Thresholds,
    /// Words in the style and with the names that are expected; the model imitates them. Only the end that fits into
    /// the model's prompt (223 tokens) is used. Never put words of another case here.
    pub prompt: Option<String>,
    /// Words that are made more probable while they are being written; see [`Bias`].
    pub bias: Option<Arc<Bias>>,
    /// Encoder positions of 20 ms each to compute, at most the model's (1500). It must cover the window (at least
    /// 1.1 s). Fewer are faster and, near the window's length, less accurate. `None` computes all.
    pub audio_ctx: Option<usize>,
    /// Whether the model predicts timestamps. Without them a segment's times come from the signal's energy alone.
    pub timestamps: bool,
    /// Most tokens in one decoder pass, a guard against loops; `None` for the model's limit (220).
    pub max_tokens: Option<usize>,
    /// Never emit symbols that nobody says (♪, brackets, 「」). The reference implementation does so by default.
    pub suppress_non_speech: bool,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self {
            language: Some("ja".into()),
            threads: 1,
            search: Search::default(),
            temperatures: vec![0.0],
            thresholds: Thresholds::default(),
            prompt: None,
            bias: None,
            audio_ctx: None,
            timestamps: true,
            max_tokens: None,
            suppress_non_speech: true,
        }
    }
}

/// How the next token is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Search {
    /// The most probable token; above temperature 0 the best of several sampled sequences.
    Greedy {
        /// Sequences sampled above temperature 0, 1..=8.
        best_of: usize,
    },
    /// Beam search at temperature 0, the best of as many samples above it.
    Beam {
        /// Sequences kept, 2..=8.
        size: usize,
    },
}

impl Default for Search {
    fn default() -> Self {
        Self::Greedy { best_of: 1 }
    }
}

/// A result below these is tried again at the next temperature.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Lowest average natural-log probability of the window's tokens. Whisper's reference value is −1.0.
    #[serde(with = "exact::float")]
    pub avg_logprob: f32,
    /// Lowest entropy, in nats, of the last 32 text tokens; a repetition loop has few different tokens. whisper.cpp's
    /// value is 2.4.
    #[serde(with = "exact::float")]
    pub entropy: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { avg_logprob: -1.0, entropy: 2.4 }
    }
}

/// Stops a decoding from another thread, and tells there that it advances. Clones share the flag, which can be raised
/// only once, and the count.
#[derive(Clone, Debug, Default)]
pub struct Control {
    cancelled: Arc<AtomicBool>,
    progress: Arc<AtomicU64>,
}

impl Control {
    /// A control that nobody has cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every decoding with this control to stop.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether [`Control::cancel`] was called on this control or a clone.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// An error of kind [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) once cancelled.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Cause::Cancelled.into()) } else { Ok(()) }
    }

    /// Counts a step of a decoding, of whatever length.
    pub fn note_progress(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
    }

    /// How many steps were counted on this control and its clones; only that it changes has a meaning.
    #[must_use]
    pub fn progress(&self) -> u64 {
        self.progress.load(Ordering::Relaxed)
    }
}

/// What an engine heard in one window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// Segments in order; empty where nothing was heard.
    pub segments: Vec<HypothesisSegment>,
    /// The temperature that gave them.
    #[serde(with = "exact::float")]
    pub temperature: f32,
}

impl Hypothesis {
    /// The words of all segments, joined.
    #[must_use]
    pub fn text(&self) -> String {
        self.segments.iter().flat_map(|segment| &segment.tokens).map(|token| token.text.as_str()).collect()
    }
}

/// A phrase of a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HypothesisSegment {
    /// Start in the window, in milliseconds: the first token's start.
    pub start_ms: u64,
    /// End in the window, in milliseconds: the last token's end.
    pub end_ms: u64,
    /// The words, with times of the window in milliseconds; at least one, each of whole characters.
    #[serde(with = "exact::tokens")]
    pub tokens: Vec<Token>,
    /// Mean natural-log probability of the engine's text tokens, at most 0.
    #[serde(with = "exact::float")]
    pub avg_logprob: f32,
    /// Probability that the whole window holds no speech, 0..=1; the same for all segments of a window.
    #[serde(with = "exact::float")]
    pub no_speech_prob: f32,
}

impl HypothesisSegment {
    /// The words.
    #[must_use]
    pub fn text(&self) -> String {
        self.tokens.iter().map(|token| token.text.as_str()).collect()
    }
}

/// A window by itself: the result that `decode` delivers.
pub(crate) fn alone(
    decode: impl FnOnce(&mut (dyn FnMut(usize, Result<Hypothesis>) + Send)),
) -> Result<Hypothesis> {
    let mut found = Err(Cause::WorkerGone.into());
    decode(&mut |_, result| found = result);
    found
}

/// Refuses a window that is too long or holds a sample that is not finite.
pub(crate) fn check_window(window: &Window) -> Result<()> {
    let samples = window.samples.len();
    if samples > MAX_WINDOW_SAMPLES {
        return Err(Cause::WindowTooLong { samples }.into());
    }
    match window.samples.iter().position(|sample| !sample.is_finite()) {
        Some(index) => Err(Cause::NotFinite { index }.into()),
        None => Ok(()),
    }
}
