//! What a job is to do, as it stands in the queue. Any machine of a fleet can do it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::Reason;

use crate::args::{EngineArgs, FormArgs};
use crate::failure::Failure;
use crate::gpu::GpuSetting;
use crate::places;

/// A record to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobSpec {
    /// The recordings, in order.
    pub(crate) files: Vec<JobFile>,
    /// What is done with them.
    pub(crate) settings: Settings,
}

/// A recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobFile {
    /// Where it is: a path, or an address in a store.
    pub(crate) place: String,
    /// Its name in the record.
    pub(crate) name: String,
    /// SHA-256 of its bytes when it was queued.
    pub(crate) sha256: String,
}

/// Everything that the result depends on beside the recordings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) templates: Vec<String>,
    pub(crate) recorded_at: Option<String>,
    pub(crate) passes: Option<Vec<String>>,
    pub(crate) no_model_pass: bool,
    pub(crate) engine: String,
    pub(crate) model: Option<String>,
    pub(crate) allow_unverified_model: bool,
    pub(crate) tier: String,
    pub(crate) beam_size: Option<u8>,
    pub(crate) window: Option<u8>,
    pub(crate) prompt: Option<String>,
    pub(crate) bias: String,
    pub(crate) language: String,
}

/// What a machine adds to a job: how it decodes, not what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Machine {
    pub(crate) sessions: Option<u8>,
    pub(crate) threads: Option<u8>,
    pub(crate) gpu: GpuSetting,
    /// The native engine's instructions; `None` for the best.
    pub(crate) kernels: Option<String>,
}

impl Settings {
    /// The settings of the command line. The default model is named, so that a job keeps it.
    pub(crate) fn new(
        form: &FormArgs,
        engine: &EngineArgs,
        recorded_at: Option<String>,
    ) -> Result<Self, Failure> {
        let model = match &engine.model {
            None if asr::by_name(engine.chosen()?.0)?.takes_models => {
                let store = models::Store::new(places::models()?)?;
                Some(store.manifest().default_model()?.name.clone())
            }
            // A file, or a directory that an engine reads, is found from any directory.
            Some(path)
                if Path::new(path).is_file()
                    || Path::new(path).join("config.json").is_file()
                    || engine.engine != asr::DEFAULT_ENGINE && Path::new(path).is_dir() =>
            {
                let path = std::path::absolute(path).map_err(|e| Failure::io(Path::new(path), &e))?;
                Some(path.to_string_lossy().into_owned())
            }
            named => named.clone(),
        };
        Ok(Self {
            templates: form.template.clone(),
            recorded_at,
            passes: form.passes.clone(),
            no_model_pass: form.no_model_pass,
            engine: engine.engine.clone(),
            model,
            allow_unverified_model: engine.allow_unverified_model,
            tier: engine.tier.clone(),
            beam_size: engine.beam_size,
            window: engine.window,
            prompt: engine.prompt.clone(),
            bias: engine.bias.to_string(),
            language: engine.language.clone(),
        })
    }

    /// As the engine's options of a machine. The engine has processes of its own: a recording that crashes it must not
    /// take the other jobs down.
    pub(crate) fn engine(&self, machine: &Machine) -> Result<EngineArgs, Failure> {
        let bias = self.bias.parse().map_err(|e: String| Failure::internal(anyhow::anyhow!(e)))?;
        Ok(EngineArgs {
            model: self.model.clone(),
            allow_unverified_model: self.allow_unverified_model,
            engine: self.engine.clone(),
            sessions: machine.sessions,
            threads: machine.threads,
            tier: self.tier.clone(),
            beam_size: self.beam_size,
            window: self.window,
            prompt: self.prompt.clone(),
            bias,
            language: self.language.clone(),
            isolate: true,
            gpu: machine.gpu,
            kernels: machine.kernels.clone(),
        })
    }
}

impl JobSpec {
    /// What makes two jobs the same: the bytes of the recordings and the settings, not where the recordings are.
    pub(crate) fn key(&self) -> Result<String, Failure> {
        let bytes: Vec<&str> = self.files.iter().map(|file| file.sha256.as_str()).collect();
        let text = serde_json::to_vec(&(bytes, &self.settings)).map_err(|e| Failure::internal(e.into()))?;
        Ok(hex_of(&text))
    }

    pub(crate) fn to_text(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(|e| Failure::internal(e.into()))
    }

    /// Reads what [`JobSpec::to_text`] wrote.
    pub(crate) fn from_text(text: &str) -> Result<Self, Reason> {
        serde_json::from_str(text).map_err(|error| Reason {
            code: "internal".into(),
            ja: format!("このジョブは別の版の kikitori のものです: {error}"),
            en: format!("the job is of another version of kikitori: {error}"),
        })
    }
}

/// SHA-256 in lower-case hex.
pub(crate) fn hex_of(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex
}
