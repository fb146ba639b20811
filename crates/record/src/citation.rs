//! The way back from a value to the words and the second of audio.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Words of the transcript and when they were spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Citation {
    /// Index into [`crate::Source::files`].
    pub file: usize,
    /// Start in that recording, in milliseconds; 0 where the input was text.
    pub start_ms: u64,
    /// End in that recording, in milliseconds; 0 where the input was text.
    pub end_ms: u64,
    /// A substring of the transcript's text after the passes.
    pub quote: String,
}
