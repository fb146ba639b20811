//! Recordings to windows of speech: decoding, resampling, voice activity detection and packing.
mod codecs;
mod decode;
mod error;
mod format;
mod guard;
mod reader;
mod resample;
mod source;
mod trim;

pub use decode::Sanitised;
pub use error::{Error, ErrorKind, Result};
pub use reader::{AudioReader, MAX_BLOCK, SampleSource};
pub use resample::Resampler;
