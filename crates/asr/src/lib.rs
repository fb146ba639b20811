//! Speech engines behind one trait.
//!
//! ```text
//! Engine (weights, shared) ──session()──▶ Session (state, one per worker) ──decode(window)──▶ Hypothesis
//! ```
//!
//! An engine is opened by its registered name; nothing else in kikitori knows which engines exist:
//!
//! ```no_run
//! use asr::{Control, DecodeOptions, EngineConfig};
//! # fn windows() -> Vec<record::Window> { Vec::new() }
//! # fn main() -> Result<(), asr::Error> {
//! let config = EngineConfig {
//!     model_path: "ggml-base-q8_0.bin".into(),
//!     model_name: "base-q8_0".into(),
//!     ..EngineConfig::default()
//! };
//! let engine = asr::open(asr::DEFAULT_ENGINE, &config)?;
//! let mut session = engine.session()?;
//! let (options, control) = (DecodeOptions::default(), Control::new());
//! for window in windows() {
//!     let hypothesis = session.decode(&window, &options, &control)?;
//!     assert!(hypothesis.segments.iter().all(|segment| segment.start_ms <= segment.end_ms));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Adding an engine
//!
//! 1. A module with an [`Engine`] and a [`Session`]; the duties are on the traits.
//! 2. One line in `registry.rs`.
//! 3. A test that calls [`conformance::run`].
//!
//! # Isolation
//!
//! [`isolated::IsolatedEngine`] is an engine whose sessions each run another engine in a process of their own: a crash or
//! a hang of native code becomes an error of the window, [`ErrorKind::Crashed`]. [`isolated::serve`] is that process.
//!
//! Beside `kernels` this is the only crate of kikitori with `unsafe`, and only in `whisper/ffi`.

mod bias;
pub mod conformance;
#[cfg(feature = "ct2")]
mod ct2;
mod engine;
mod error;
mod exact;
pub mod ggml;
mod heard;
pub mod isolated;
mod mel;
mod merge;
mod native;
mod ngram;
mod pooled;
mod registry;
mod replay;
mod request;
mod times;
mod vocabulary;
mod whisper;

pub use bias::Bias;
#[cfg(feature = "ct2")]
pub use ct2::Ct2Engine;
pub use engine::{
    Control, DecodeOptions, Engine, Hypothesis, HypothesisSegment, MAX_WINDOW_SAMPLES, Request, Search,
    Session, Thresholds,
};
pub use error::{Error, ErrorKind, Result};
pub use kernels::Isa;
pub use mel::{MelSpectrogram, Spectrogram};
pub use native::NativeEngine;
#[doc(hidden)]
pub use native::read_ggml;
pub use pooled::PooledEngine;
pub use registry::{
    DEFAULT_ENGINE, EngineConfig, GPU_ENGINE, Gpu, Registration, by_name, engines, gpus, instructions, open,
};
pub use replay::ReplayEngine;
pub use whisper::{WhisperEngine, system_info, whisper_cpp_version};
