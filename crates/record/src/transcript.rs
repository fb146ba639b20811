//! What was heard: segments with times, and what the passes changed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Flag;

/// Everything that was heard in one job, before and after the text passes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Transcript {
    /// Segments by file, then by start.
    pub segments: Vec<Segment>,
    /// What the text passes changed.
    #[serde(default)]
    pub edits: Vec<Edit>,
}

/// Words between two moments of one recording.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Segment {
    /// Index into [`Source::files`].
    pub file: usize,
    /// Start in the recording, in milliseconds.
    pub start_ms: u64,
    /// End in the recording, in milliseconds, not before the start.
    pub end_ms: u64,
    /// The engine's words.
    pub raw: String,
    /// The words after the text passes; equal to `raw` where none ran.
    pub text: String,
    /// Who spoke, where it is known.
    #[serde(default)]
    pub speaker: Option<String>,
    /// Review items.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// Average natural-log probability of the tokens; 0 is certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avg_logprob: Option<f32>,
    /// Probability that the window holds no speech, 0..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_speech_prob: Option<f32>,
    /// The pieces of `raw` with their own times, in order; their texts joined are `raw`. Empty where the engine gives none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<Token>,
}

impl Segment {
    /// Whether the text passes and the field rules may see this segment.
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        !self.flags.iter().any(|flag| flag.bars_mapping())
    }
}

/// A run of one or more engine tokens whose bytes are whole characters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// The characters.
    pub text: String,
    /// Start in the recording, in milliseconds.
    pub start_ms: u64,
    /// End in the recording, in milliseconds, not before the start.
    pub end_ms: u64,
    /// Natural-log probability; the lowest of the merged tokens.
    pub logprob: f32,
}

/// A change that a text pass made to a segment's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// Index into [`Transcript::segments`]; of the first one where the change spans several.
    pub segment: usize,
    /// The words before.
    pub from: String,
    /// The words after; empty for a deletion.
    pub to: String,
    /// Name of the pass.
    pub pass: String,
    /// Why, for the reviewer.
    pub reason: String,
}

/// Where a transcript came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The recordings, or the text file, in order.
    pub files: Vec<SourceFile>,
    /// The speech engine; absent where the input was text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineInfo>,
}

/// One input file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceFile {
    /// File name without its directory.
    pub name: String,
    /// SHA-256 of the bytes, lower-case hex; empty where the work stopped before the end of the file.
    pub sha256: String,
    /// Decoded length in milliseconds; 0 for text.
    pub duration_ms: u64,
    /// The file ended early: this is what could be decoded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

/// The engine and the model that made a transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EngineInfo {
    /// Registry name of the engine: `whisper.cpp`, `replay`.
    pub name: String,
    /// Name of the model in the manifest, or the file's stem.
    pub model: String,
    /// SHA-256 of the model file, lower-case hex.
    pub model_sha256: String,
}
