//! How Whisper models are laid out in files: what converting a model and running it have in common.
//!
//! * [`hugging_face`]: sizes, names and shards of a Hugging Face directory.
//! * [`vocabulary`]: byte-level text of tokens back to bytes.
//! * [`mel`]: the filter bank that such directories lack.
//!
//! Nothing here opens a file.

pub mod hugging_face;
pub mod mel;
pub mod vocabulary;

/// Why a model's description is not one of a Whisper model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is not JSON, or JSON of something else.
    #[error("not the JSON that it should be")]
    Json(#[from] serde_json::Error),
    /// The configuration is that of another kind of model.
    #[error("not a Whisper model")]
    NotWhisper,
    /// The index names files elsewhere, or too many.
    #[error("shards must be files beside the index")]
    Shards,
    /// Numbers of tokens are not 0, 1, 2, ….
    #[error("token ids have gaps or repeat")]
    Gaps,
    /// A token holds a character that stands for no byte.
    #[error("token {token} is not byte-level BPE")]
    NotBytes {
        /// Its number.
        token: usize,
    },
    /// The token that ends the text tokens is missing.
    #[error("no {} token", vocabulary::END_OF_TEXT)]
    NoEnd,
}
