//! whisper.cpp through its C API.

mod alignment;
mod ffi;
mod processor;
mod worker;

use std::ffi::{CString, c_int};
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use record::{EngineInfo, SAMPLE_RATE, Window};

use self::ffi::{Context, ContextOptions, Params, RawResult, RawToken, Sound};
use self::worker::{Outcome, Worker};
use crate::bias::TokenBias;
use crate::engine::{Hypothesis, HypothesisSegment, check_window};
use crate::error::Cause;
use crate::ggml::{self, Contents, Header};
use crate::mel::{HOP, MelSpectrogram};
use crate::merge::{ByteToken, merge};
use crate::times::{self, Timed};
use crate::vocabulary::Vocabulary;
use crate::{Bias, Control, DecodeOptions, Engine, EngineConfig, Gpu, Result, Search, Session};

/// Registry name.
pub(crate) const NAME: &str = "whisper.cpp";

/// whisper.cpp gives nothing for less than a second of audio; shorter windows are padded with silence to 1.1 s.
pub(crate) const MIN_SAMPLES: usize = SAMPLE_RATE as usize * 11 / 10;
/// Samples per encoder position: 20 ms.
pub(crate) const SAMPLES_PER_POSITION: usize = SAMPLE_RATE as usize / 50;
/// Frames of the spectrogram per encoder position.
const FRAMES_PER_POSITION: usize = SAMPLES_PER_POSITION / HOP;
/// Half of the decoder's context holds the prompt, less the token that opens it.
pub(crate) const MAX_PROMPT_TOKENS: usize = 223;
/// Bytes of a prompt that are cut into tokens: more than [`MAX_PROMPT_TOKENS`] of any text.
pub(crate) const MAX_PROMPT_BYTES: usize = 4_000;
/// Whether a back end for graphics processors was compiled in.
const HAS_GPUS: bool = cfg!(any(feature = "cuda", feature = "metal", feature = "vulkan"));
/// Tokens that a loop is looked for in, as in whisper.cpp.
pub(crate) const LOOP_TOKENS: usize = 32;

/// What was compiled into whisper.cpp: instruction sets, `LLAMAFILE`, back ends.
///
/// A build made with `SOURCE_DATE_EPOCH` in the environment has neither AVX2 nor FMA and is several times slower: unset
/// it, or set `GGML_NATIVE=OFF GGML_AVX2=ON GGML_FMA=ON GGML_F16C=ON` beside it, and clean `whisper-rs-sys`, whose build
/// script does not notice a changed environment. `LLAMAFILE = 1` comes from `.cargo/config.toml`.
///
/// # Errors
/// [`ErrorKind::Processor`](crate::ErrorKind::Processor).
pub fn system_info() -> Result<String> {
    processor::check()?;
    Ok(ffi::system_info())
}

/// Version of the whisper.cpp that is linked in.
#[must_use]
pub fn whisper_cpp_version() -> String {
    ffi::version()
}

/// The graphics processors that whisper.cpp can use, in the order of their numbers.
pub(crate) fn gpus() -> Result<Vec<Gpu>> {
    if !HAS_GPUS {
        return Ok(Vec::new());
    }
    processor::check()?;
    Ok(ffi::gpus())
}

/// Whisper weights in ggml format, run by whisper.cpp.
///
/// The file's structure is checked before the C++ code reads it (see [`ggml`]), but a file that was *made* to pass
/// could still do harm: compare its SHA-256 with the manifest before opening it.
#[derive(Debug)]
pub struct WhisperEngine {
    info: EngineInfo,
    header: Header,
    context: Arc<Context>,
    /// Absent where tokens are not aligned: whisper.cpp then estimates their times from the samples.
    mel: Option<Arc<MelSpectrogram>>,
    vocabulary: Arc<Vocabulary>,
    bias: SharedBias,
}

/// What was last expected, and its tokens.
type SharedBias = Arc<Mutex<Option<(Arc<Bias>, Arc<TokenBias>)>>>;

impl WhisperEngine {
    /// Loads the model file into memory.
    ///
    /// # Errors
    /// [`ErrorKind::Model`](crate::ErrorKind::Model) for a file that is missing, foreign, cut short or damaged in its
    /// structure; [`ErrorKind::Processor`](crate::ErrorKind::Processor).
    pub fn open(config: &EngineConfig) -> Result<Self> {
        processor::check()?;
        let path = &config.model_path;
        let unreadable = |source| Cause::OpenModel { path: path.clone(), source };
        let mut reader = open_file(path).map_err(unreadable)?;
        let Contents { header, filters } =
            ggml::inspect(&mut reader).map_err(|source| Cause::BadModel { path: path.clone(), source })?;
        reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let gpu = if HAS_GPUS { config.gpu } else { None };
        let alignment = (config.align_tokens && !config.flash_attn).then(|| alignment::alignment(&header));
        let mel = alignment.is_some().then(|| Arc::new(MelSpectrogram::new(&filters)));
        let options = ContextOptions { gpu, flash_attn: config.flash_attn, alignment };
        let context =
            Context::load(reader, options).ok_or_else(|| Cause::LoadModel { path: path.clone() })?;
        let vocabulary = Arc::new(Vocabulary::new(context.text_entries()));
        Ok(Self {
            info: config.info(NAME),
            header,
            context: Arc::new(context),
            mel,
            vocabulary,
            bias: SharedBias::default(),
        })
    }

    /// Dimensions of the model.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }
}

/// Opens a regular file; a directory, a device or a pipe is refused rather than waited for.
fn open_file(path: &Path) -> std::io::Result<BufReader<File>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok(BufReader::with_capacity(1 << 20, File::open(path)?))
}

impl Engine for WhisperEngine {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn session(&self) -> Result<Box<dyn Session>> {
        let worker = Worker::start(&self.context)?;
        Ok(Box::new(WhisperSession {
            context: Arc::clone(&self.context),
            header: self.header,
            mel: self.mel.clone(),
            vocabulary: Arc::clone(&self.vocabulary),
            worker: Some(worker),
            bias: Arc::clone(&self.bias),
        }))
    }
}

/// A state on its own thread.
struct WhisperSession {
    context: Arc<Context>,
    header: Header,
    mel: Option<Arc<MelSpectrogram>>,
    vocabulary: Arc<Vocabulary>,
    /// Absent after a decoding that had to be left behind.
    worker: Option<Worker>,
    bias: SharedBias,
}

impl Session for WhisperSession {
    fn decode(&mut self, window: &Window, options: &DecodeOptions, control: &Control) -> Result<Hypothesis> {
        check_window(window)?;
        let params = self.params(window, options)?;
        control.check()?;
        // Digital silence holds no words; whisper.cpp would fill it with a loop.
        if window.samples.iter().all(|sample| *sample == 0.0) {
            return Ok(Hypothesis::default());
        }
        let sound = Arc::new(self.sound(&window.samples, options.audio_ctx));
        let mut best: Option<Attempt> = None;
        for &temperature in &options.temperatures {
            let params = Params { temperature, ..params.clone() };
            let result = self.run(Arc::clone(&sound), params, control)?;
            let attempt = Attempt::new(result, temperature, options);
            let good = attempt.is_good;
            if best.as_ref().is_none_or(|best| attempt.beats(best)) {
                best = Some(attempt);
            }
            if good {
                break;
            }
        }
        Ok(best.map_or_else(Hypothesis::default, |attempt| attempt.into_hypothesis(window)))
    }
}

impl WhisperSession {
    /// What the encoder hears: the window, and silence as far as it looks.
    fn sound(&self, samples: &[f32], audio_ctx: Option<usize>) -> Sound {
        let len = samples.len().max(MIN_SAMPLES);
        if let Some(mel) = &self.mel {
            let positions = audio_ctx.unwrap_or(self.header.n_audio_ctx as usize);
            Sound::Mel(mel.compute(samples, len / HOP + FRAMES_PER_POSITION * positions), len)
        } else {
            let mut samples = samples.to_vec();
            samples.resize(len, 0.0);
            Sound::Samples(samples)
        }
    }

    /// Decodes once, on a new worker where the last one was left behind.
    fn run(&mut self, sound: Arc<Sound>, params: Params, control: &Control) -> Result<RawResult> {
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::start(&self.context)?,
        };
        let result = match worker.decode(sound, params, control) {
            Outcome::Lost(cause) => return Err(cause.into()),
            Outcome::Done(result) => Ok(result),
            Outcome::Cancelled => Err(Cause::Cancelled.into()),
            Outcome::Failed(code) => Err(Cause::Decode { code }.into()),
        };
        self.worker = Some(worker);
        result
    }

    /// Translates the options, refusing what whisper.cpp would answer with an abort or a wrong result.
    fn params(&self, window: &Window, options: &DecodeOptions) -> Result<Params> {
        within("threads", options.threads, 1, 64)?;
        match options.search {
            Search::Greedy { best_of } => within("best_of", best_of, 1, 8)?,
            Search::Beam { size } => within("beam size", size, 2, 8)?,
        }
        if options.temperatures.is_empty() || options.temperatures.iter().any(|t| !(0.0..=1.0).contains(t)) {
            let value = format!("{:?}", options.temperatures);
            return Err(
                Cause::Option { name: "temperatures", allowed: "numbers in 0..=1".into(), value }.into()
            );
        }
        if let Some(positions) = options.audio_ctx {
            let needed = window.samples.len().clamp(MIN_SAMPLES, crate::MAX_WINDOW_SAMPLES);
            within(
                "audio_ctx",
                positions,
                needed.div_ceil(SAMPLES_PER_POSITION),
                self.header.n_audio_ctx as usize,
            )?;
        }
        if let Some(tokens) = options.max_tokens {
            within("max_tokens", tokens, 1, self.header.n_text_ctx as usize / 2)?;
        }
        Ok(Params {
            language: self.language(options.language.as_deref())?,
            prompt: self.prompt(options.prompt.as_deref()),
            threads: options.threads as c_int,
            search: options.search,
            temperature: 0.0,
            entropy_threshold: options.thresholds.entropy,
            audio_ctx: options.audio_ctx.unwrap_or(0) as c_int,
            timestamps: options.timestamps,
            max_tokens: options.max_tokens.unwrap_or(0) as c_int,
            suppress_non_speech: options.suppress_non_speech,
            bias: self.token_bias(options.bias.as_ref())?,
        })
    }

    /// The tokens of what is expected; all sessions of an engine share the last.
    fn token_bias(&self, bias: Option<&Arc<Bias>>) -> Result<Option<Arc<TokenBias>>> {
        let Some(bias) = bias.filter(|bias| !bias.is_empty()) else { return Ok(None) };
        for (name, value, high) in [
            ("bias weight", bias.weight, 2.0),
            ("bias boost", bias.boost, 20.0),
            ("bias start", bias.start, 20.0),
            ("bias cap", bias.cap, 100.0),
            ("bias back-off", bias.back_off, 1.0),
        ] {
            if !(0.0..=high).contains(&value) {
                let (allowed, value) = (format!("0..={high}").into(), value.to_string());
                return Err(Cause::Option { name, allowed, value }.into());
            }
        }
        let mut last = self.bias.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, tokens)) = &*last
            && (Arc::ptr_eq(known, bias) || known == bias)
        {
            return Ok(Some(Arc::clone(tokens)));
        }
        let tokens = Arc::new(TokenBias::new(bias, &self.vocabulary));
        *last = Some((Arc::clone(bias), Arc::clone(&tokens)));
        Ok(Some(tokens))
    }

    /// The language as a C string, if the model knows it. English-only models know English alone.
    fn language(&self, code: Option<&str>) -> Result<Option<CString>> {
        let Some(code) = code else {
            return Ok(if self.header.is_multilingual() { None } else { Some(c"en".to_owned()) });
        };
        let unknown = || Cause::Language { language: code.to_owned() };
        // whisper.cpp also takes English names and "auto", and reports others on its log: two or three letters only.
        if !(2..=3).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(unknown().into());
        }
        let code_c = CString::new(code).map_err(|_| unknown())?;
        let known =
            Context::language_id(&code_c).is_some() && (self.header.is_multilingual() || code == "en");
        if known { Ok(Some(code_c)) } else { Err(unknown().into()) }
    }

    /// The prompt's last tokens.
    fn prompt(&self, text: Option<&str>) -> Vec<c_int> {
        let text = text.unwrap_or_default();
        let start = text.ceil_char_boundary(text.len().saturating_sub(MAX_PROMPT_BYTES));
        let mut tokens = self.vocabulary.encode(&text[start..]);
        let surplus = tokens.len().saturating_sub(MAX_PROMPT_TOKENS);
        tokens.split_off(surplus)
    }
}

/// Refuses a number outside `low..=high`.
pub(crate) fn within(name: &'static str, value: usize, low: usize, high: usize) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Cause::Option { name, allowed: format!("{low}..={high}").into(), value: value.to_string() }.into())
}

/// One decoding of a window.
struct Attempt {
    result: RawResult,
    temperature: f32,
    avg_logprob: f32,
    is_loop: bool,
    is_good: bool,
}

impl Attempt {
    fn new(result: RawResult, temperature: f32, options: &DecodeOptions) -> Self {
        let segments = &result.segments;
        let avg_logprob =
            mean(segments.iter().flat_map(|segment| &segment.tokens).map(|token| token.logprob));
        let ids: Vec<c_int> =
            segments.iter().flat_map(|segment| &segment.tokens).map(|token| token.id).collect();
        let is_loop = ids.len() > LOOP_TOKENS
            && ids.windows(LOOP_TOKENS).any(|window| entropy(window) < options.thresholds.entropy);
        let is_good = !is_loop && avg_logprob >= options.thresholds.avg_logprob;
        Self { result, temperature, avg_logprob, is_loop, is_good }
    }

    /// Whether this is the better of two attempts: no loop, then the higher probability.
    fn beats(&self, other: &Self) -> bool {
        (!self.is_loop, self.avg_logprob) > (!other.is_loop, other.avg_logprob)
    }

    fn into_hypothesis(self, window: &Window) -> Hypothesis {
        let limit_ms = window.duration_ms();
        let segments: Vec<Vec<Timed<'_>>> =
            self.result.segments.iter().map(|s| s.tokens.iter().map(timed).collect()).collect();
        let spans = times::spans(&segments, &window.samples);
        let no_speech_prob = self.result.no_speech_prob;
        let mut earliest = 0;
        let segments = self.result.segments.into_iter().zip(spans).filter_map(|(segment, spans)| {
            let avg_logprob = mean(segment.tokens.iter().map(|token| token.logprob));
            let tokens = segment.tokens.into_iter().zip(spans).map(|(token, (start_ms, end_ms))| ByteToken {
                bytes: token.bytes,
                start_ms: start_ms.max(earliest),
                end_ms: end_ms.max(earliest),
                logprob: token.logprob,
            });
            let tokens = merge(tokens, limit_ms);
            let (start_ms, end_ms) = (tokens.first()?.start_ms, tokens.last()?.end_ms);
            earliest = end_ms;
            Some(HypothesisSegment { start_ms, end_ms, tokens, avg_logprob, no_speech_prob })
        });
        Hypothesis { segments: segments.collect(), temperature: self.temperature }
    }
}

/// What tells when a token was spoken.
fn timed(token: &RawToken) -> Timed<'_> {
    let ms = |centiseconds: i64| u64::try_from(centiseconds).ok().map(|cs| cs * 10);
    let (start, end) = token.estimated_cs;
    Timed {
        bytes: &token.bytes,
        aligned_end_ms: ms(token.aligned_end_cs),
        estimated_ms: (ms(start).unwrap_or(0), ms(end).unwrap_or(0)),
    }
}

/// Arithmetic mean; 0 of nothing.
pub(crate) fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) =
        values.fold((0.0_f32, 0_u16), |(sum, count), value| (sum + value, count.saturating_add(1)));
    if count == 0 { 0.0 } else { sum / f32::from(count) }
}

/// Shannon entropy of the tokens' frequencies, in nats.
pub(crate) fn entropy(ids: &[c_int]) -> f32 {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted
        .chunk_by(|a, b| a == b)
        .map(|run| {
            let share = run.len() as f32 / ids.len() as f32;
            -share * share.ln()
        })
        .sum()
}
