//! Engines by name.

use std::path::PathBuf;
use std::sync::Arc;

use kernels::Isa;
use record::EngineInfo;
use serde::{Deserialize, Serialize};

use crate::error::Cause;
use crate::{Engine, NativeEngine, ReplayEngine, Result, WhisperEngine, exact, native, replay, whisper};

/// The engine that is used where nobody names one.
pub const DEFAULT_ENGINE: &str = native::NAME;
/// The engine that runs on a graphics processor.
pub const GPU_ENGINE: &str = whisper::NAME;

/// What an engine is opened with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineConfig {
    /// The model file; a fixture for `replay`, a directory for `ct2`.
    #[serde(with = "exact::path")]
    pub model_path: PathBuf,
    /// Name of the model in the manifest; the file's stem where this is empty.
    pub model_name: String,
    /// SHA-256 of the model file as the caller verified it, lower-case hex. Engines do not compute it.
    pub model_sha256: String,
    /// Number of the GPU to use, where the crate was built with `cuda`, `metal` or `vulkan`; `None` for the CPU.
    pub gpu: Option<u32>,
    /// Fused attention kernels, meant for GPUs. They halve a session's memory and leave tokens without alignment.
    pub flash_attn: bool,
    /// Align every token with the audio: on by default. Without it, or with `flash_attn`, a token's times are
    /// interpolated between timestamps that are wrong by a second or more; decoding then takes about a tenth less time.
    pub align_tokens: bool,
    /// Instructions that the native engine uses, as [`instructions`] takes them. Other engines choose for themselves.
    pub kernels: Option<String>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            model_path: PathBuf::new(),
            model_name: String::new(),
            model_sha256: String::new(),
            gpu: None,
            flash_attn: false,
            align_tokens: true,
            kernels: None,
        }
    }
}

impl EngineConfig {
    /// The transcript's description of an engine opened with this.
    pub(crate) fn info(&self, engine: &str) -> EngineInfo {
        let stem = || self.model_path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        EngineInfo {
            name: engine.to_owned(),
            model: if self.model_name.is_empty() { stem() } else { self.model_name.clone() },
            model_sha256: self.model_sha256.clone(),
        }
    }
}

/// An engine that can be opened.
#[derive(Clone, Copy, Debug)]
pub struct Registration {
    /// Name on the command line and in transcripts.
    pub name: &'static str,
    /// One English phrase for lists.
    pub summary: &'static str,
    /// Whether its models are those that `kikitori models` keeps; else it is given a path.
    pub takes_models: bool,
    /// Whether one session of many threads serves as well as many sessions of one, as it decodes many windows at once.
    pub batches: bool,
    /// Loads the model.
    pub open: fn(&EngineConfig) -> Result<Arc<dyn Engine>>,
}

static ENGINES: &[Registration] = &[
    Registration {
        name: native::NAME,
        summary: "Whisper models in ggml format, in Rust: several windows at once on the CPU",
        takes_models: true,
        batches: true,
        open: |config| Ok(Arc::new(NativeEngine::open(config)?)),
    },
    Registration {
        name: native::EXACT_NAME,
        summary: "as native with floating-point weights, to hold it against",
        takes_models: true,
        batches: true,
        open: |config| Ok(Arc::new(NativeEngine::open_exact(config)?)),
    },
    Registration {
        name: whisper::NAME,
        summary: "the same models by whisper.cpp, on the CPU or a GPU",
        takes_models: true,
        batches: false,
        open: |config| Ok(Arc::new(WhisperEngine::open(config)?)),
    },
    #[cfg(feature = "ct2")]
    Registration {
        name: crate::ct2::NAME,
        summary: "Whisper models in CTranslate2's format, several windows at once on the CPU",
        takes_models: false,
        batches: true,
        open: |config| Ok(Arc::new(crate::Ct2Engine::open(config)?)),
    },
    Registration {
        name: replay::NAME,
        summary: "plays a JSON fixture, without a model",
        takes_models: false,
        batches: false,
        open: |config| Ok(Arc::new(ReplayEngine::open(config)?)),
    },
];

/// The instructions of this name for the native engine; the best that the processor has where nothing or an empty name is
/// given.
///
/// # Errors
/// [`ErrorKind::Options`](crate::ErrorKind::Options), listing what the processor has.
pub fn instructions(name: Option<&str>) -> Result<Isa> {
    match name.filter(|name| !name.is_empty()) {
        Some(name) => Ok(name.parse().map_err(Cause::Kernels)?),
        None => Ok(Isa::best()),
    }
}

/// A graphics processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpu {
    /// What it calls itself.
    pub name: String,
    /// It shares the processor's memory.
    pub is_integrated: bool,
}

/// The graphics processors that the engine of this name can use here, in the order of their numbers; none where the crate
/// was built without `cuda`, `metal` and `vulkan`.
///
/// # Errors
/// [`ErrorKind::Processor`](crate::ErrorKind::Processor).
pub fn gpus(engine: &str) -> Result<Vec<Gpu>> {
    if engine == whisper::NAME { whisper::gpus() } else { Ok(Vec::new()) }
}

/// All engines, the default first.
#[must_use]
pub fn engines() -> &'static [Registration] {
    ENGINES
}

/// The engine of this name.
///
/// # Errors
/// [`ErrorKind::UnknownEngine`](crate::ErrorKind::UnknownEngine), listing the known names.
pub fn by_name(name: &str) -> Result<&'static Registration> {
    ENGINES.iter().find(|engine| engine.name == name).ok_or_else(|| {
        let known = ENGINES.iter().map(|engine| engine.name).collect::<Vec<_>>().join(", ");
        Cause::UnknownEngine { known, name: name.to_owned() }.into()
    })
}

/// Opens the engine of this name.
///
/// # Errors
/// As [`by_name`], and what the engine says about the model.
pub fn open(name: &str, config: &EngineConfig) -> Result<Arc<dyn Engine>> {
    (by_name(name)?.open)(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = by_name("wisper").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownEngine);
        let whisper = if cfg!(feature = "ct2") { "whisper.cpp, ct2" } else { "whisper.cpp" };
        let known = format!("native, native-f32, {whisper}, replay");
        assert_eq!(error.to_string(), format!("unknown engine (known: {known}): wisper"));
    }

    #[test]
    fn instructions_are_named_or_the_best() {
        use record::{Explain, Lang};

        assert_eq!(instructions(None).unwrap(), Isa::best());
        assert_eq!(instructions(Some("")).unwrap(), Isa::best());
        assert_eq!(instructions(Some("portable")).unwrap(), Isa::Portable);
        let config = EngineConfig { kernels: Some("sse9".into()), ..EngineConfig::default() };
        let error = open(DEFAULT_ENGINE, &config).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Options);
        for (lang, start) in [(Lang::Ja, "このパソコンのCPU"), (Lang::En, "This processor has no such")]
        {
            let text = error.explain(lang);
            assert!(
                text.starts_with(start) && text.contains("portable") && text.ends_with(": sse9"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_build_without_back_ends_has_no_gpu() {
        let is_built_for_one = cfg!(any(feature = "cuda", feature = "metal", feature = "vulkan"));
        for engine in engines() {
            let gpus = gpus(engine.name).unwrap();
            assert!(gpus.is_empty() || is_built_for_one && engine.name == whisper::NAME, "{gpus:?}");
        }
    }

    #[test]
    fn the_default_is_registered_first() {
        assert_eq!(engines()[0].name, DEFAULT_ENGINE);
    }

    #[test]
    fn a_model_without_a_name_is_called_by_its_file() {
        let config = EngineConfig { model_path: "somewhere/ggml-base.bin".into(), ..EngineConfig::default() };
        assert_eq!(config.info("whisper.cpp").model, "ggml-base");
    }
}
