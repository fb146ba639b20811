//! Whisper in Rust: int8 products, many windows at once.
//!
//! ```text
//! windows ─▶ mel ─▶ Encoder ─▶ Sound ─▶ Pass ┐
//!                                            ├─▶ Decoder::step ─▶ Pass::advance ─▶ … ─▶ phrases ─▶ Hypothesis
//! waiting windows fill the places of finished ┘
//! ```
//!
//! The encoder takes one window at a time with all threads; the decoder reads the weights once for a token of every
//! window of the batch. Results do not depend on the batch or the number of threads.

mod align;
mod batch;
mod decoder;
mod dequantise;
mod encoder;
mod hugging_face;
#[cfg(test)]
mod oracle;
mod phrases;
mod room;
mod rules;
mod search;
mod tokens;
mod weights;

use std::sync::Arc;

use kernels::{Isa, Precision, Threads};
use record::{EngineInfo, Window};

use self::batch::Batch;
use self::tokens::Tokens;
use self::weights::{Loaded, Weights};
use crate::engine::{Hypothesis, Request, alone};
use crate::error::Cause;
use crate::ggml::{self, ModelError};
use crate::mel::MelSpectrogram;
use crate::registry::instructions;
use crate::request::SharedBias;
use crate::vocabulary::Vocabulary;
use crate::{Control, DecodeOptions, Engine, EngineConfig, Result, Session};

/// Registry name.
pub(crate) const NAME: &str = "native";
/// Registry name of the engine that computes with floating-point weights, to hold the other against.
pub(crate) const EXACT_NAME: &str = "native-f32";

/// Sequences that are decoded at once: as many rows as the widest kernels take for the price of one.
const SEQUENCES: usize = 12;
/// Memory for what the decoder attends to, in bytes; of large models fewer windows are decoded at once.
const SOUND_MEMORY: usize = 512 << 20;

/// Whisper weights in ggml or safetensors format, run in Rust on the CPU.
#[derive(Clone)]
pub struct NativeEngine {
    info: EngineInfo,
    shared: Arc<Shared>,
}

/// What all sessions use.
struct Shared {
    weights: Weights,
    mel: MelSpectrogram,
    tokens: Arc<Tokens>,
    vocabulary: Vocabulary,
    bias: SharedBias,
    /// Sequences that are decoded at once.
    places: usize,
    /// Layers and numbers of the heads that tokens are aligned by; none where they are not.
    aligned: Vec<(usize, usize)>,
}

impl std::fmt::Debug for NativeEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeEngine").field("info", &self.info).finish_non_exhaustive()
    }
}

impl NativeEngine {
    /// Loads the model into memory, as bytes: a ggml file, a Hugging Face directory, or a `.safetensors` file in one.
    ///
    /// # Errors
    /// [`ErrorKind::Model`](crate::ErrorKind::Model) for a model that is missing, foreign, cut short, of an unknown
    /// quantisation or damaged in its structure; [`ErrorKind::Options`](crate::ErrorKind::Options) for instructions that the
    /// processor lacks; [`ErrorKind::Memory`](crate::ErrorKind::Memory) where the system gives less memory than it takes.
    pub fn open(config: &EngineConfig) -> Result<Self> {
        Self::load(config, NAME, Precision::Int8)
    }

    /// The same with floating-point weights: four times the memory, several times slower.
    ///
    /// # Errors
    /// As [`NativeEngine::open`].
    pub fn open_exact(config: &EngineConfig) -> Result<Self> {
        Self::load(config, EXACT_NAME, Precision::Float)
    }

    fn load(config: &EngineConfig, name: &str, precision: Precision) -> Result<Self> {
        let isa = instructions(config.kernels.as_deref())?;
        let path = &config.model_path;
        let bad = |source| match source {
            ModelError::Memory { bytes } => Cause::Memory { bytes },
            source => Cause::BadModel { path: path.clone(), source },
        };
        let loaded = if hugging_face::is_one(path) {
            hugging_face::load(path, isa, precision).map_err(bad)?
        } else {
            let file =
                ggml::open_file(path).map_err(|source| Cause::OpenModel { path: path.clone(), source })?;
            weights::load(file, isa, precision).map_err(bad)?
        };
        tracing::debug!(%isa, ?precision, layers = loaded.weights.header.n_text_layer, "native engine opened");
        let shared = Shared::new(loaded, config.align_tokens).map_err(bad)?;
        Ok(Self { info: config.info(name), shared: Arc::new(shared) })
    }
}

impl Shared {
    fn new(loaded: Loaded, align_tokens: bool) -> std::result::Result<Self, ModelError> {
        let header = loaded.weights.header;
        let vocabulary = Vocabulary::new(loaded.tokens.iter().cloned());
        let entries = loaded.tokens.len() as u32;
        let tokens = Tokens::new(&header, loaded.tokens, &vocabulary)
            .ok_or(ModelError::Vocabulary { entry: entries })?;
        let sound = decoder::sound_bytes(&header, loaded.weights.precision);
        Ok(Self {
            weights: loaded.weights,
            mel: MelSpectrogram::new(&loaded.contents.filters),
            tokens: Arc::new(tokens),
            vocabulary,
            bias: SharedBias::default(),
            places: (SOUND_MEMORY / sound).clamp(1, SEQUENCES),
            aligned: if align_tokens { align::heads(&header) } else { Vec::new() },
        })
    }
}

/// Reads a ggml model from its bytes as [`NativeEngine::open`] reads a file, for fuzzing.
///
/// # Errors
/// As [`NativeEngine::open`].
#[doc(hidden)]
pub fn read_ggml(bytes: &[u8]) -> std::result::Result<(), ModelError> {
    let loaded = weights::load(std::io::Cursor::new(bytes), Isa::best(), Precision::Int8)?;
    Shared::new(loaded, true).map(|_| ())
}

impl Engine for NativeEngine {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn session(&self) -> Result<Box<dyn Session>> {
        room::ask(room::session(&self.shared.weights.header, self.shared.places))?;
        Ok(Box::new(NativeSession {
            shared: Arc::clone(&self.shared),
            threads: None,
            batch: Batch::default(),
        }))
    }

    /// Twice as many as are decoded at once, so that those that take long do not leave places empty.
    fn preferred_batch(&self) -> usize {
        2 * self.shared.places
    }
}

/// Room for the work of one batch after the other.
struct NativeSession {
    shared: Arc<Shared>,
    threads: Option<Threads>,
    batch: Batch,
}

impl Session for NativeSession {
    fn decode(&mut self, window: &Window, options: &DecodeOptions, control: &Control) -> Result<Hypothesis> {
        alone(|deliver| self.decode_batch(&[Request { window, options }], control, deliver))
    }

    fn decode_batch(
        &mut self,
        requests: &[Request<'_>],
        control: &Control,
        deliver: &mut (dyn FnMut(usize, Result<Hypothesis>) + Send),
    ) {
        let wanted = requests.iter().map(|request| request.options.threads).max().unwrap_or(1).clamp(1, 64);
        let threads = match self.threads.take().filter(|threads| threads.count() == wanted) {
            Some(threads) => threads,
            None => match Threads::new(wanted) {
                Ok(threads) => threads,
                Err(error) => {
                    for place in 0..requests.len() {
                        let source = std::io::Error::new(error.kind(), error.to_string());
                        deliver(place, Err(Cause::Spawn { source }.into()));
                    }
                    return;
                }
            },
        };
        let (shared, batch) = (&self.shared, &mut self.batch);
        threads.enter(|| batch.run(shared, requests, &threads, control, deliver));
        self.threads = Some(threads);
    }
}
