//! whisper.cpp through its C API.

mod alignment;
mod ffi;
mod processor;
mod worker;

use std::ffi::{CString, c_int};
use std::io::{Seek, SeekFrom};
use std::sync::Arc;

use record::{EngineInfo, Window};

use self::ffi::{Context, ContextOptions, Params, Sound};
use self::worker::{Outcome, Worker};
use crate::engine::{Hypothesis, check_window};
use crate::error::Cause;
use crate::ggml::{self, Contents, Header};
use crate::heard::{Attempt, Heard};
use crate::mel::{HOP, MelSpectrogram};
use crate::request::{self, MIN_SAMPLES, SAMPLES_PER_POSITION, SharedBias};
use crate::vocabulary::Vocabulary;
use crate::{Control, DecodeOptions, Engine, EngineConfig, Gpu, Result, Session};

/// Registry name.
pub(crate) const NAME: &str = "whisper.cpp";

/// Frames of the spectrogram per encoder position.
const FRAMES_PER_POSITION: usize = SAMPLES_PER_POSITION / HOP;
/// Whether a back end for graphics processors was compiled in.
const HAS_GPUS: bool = cfg!(any(feature = "cuda", feature = "metal", feature = "vulkan"));

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
        let mut reader = ggml::open_file(path).map_err(unreadable)?;
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
            bias: self.bias.clone(),
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
    fn run(&mut self, sound: Arc<Sound>, params: Params, control: &Control) -> Result<Heard> {
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
        let header = &self.header;
        request::check(window, options, header.n_audio_ctx as usize, header.n_text_ctx as usize)?;
        Ok(Params {
            language: self.language(options.language.as_deref())?,
            prompt: request::prompt(options.prompt.as_deref(), &self.vocabulary),
            threads: options.threads as c_int,
            search: options.search,
            temperature: 0.0,
            entropy_threshold: options.thresholds.entropy,
            audio_ctx: options.audio_ctx.unwrap_or(0) as c_int,
            timestamps: options.timestamps,
            max_tokens: options.max_tokens.unwrap_or(0) as c_int,
            suppress_non_speech: options.suppress_non_speech,
            bias: self.bias.tokens(options.bias.as_ref(), &self.vocabulary)?,
        })
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
}
