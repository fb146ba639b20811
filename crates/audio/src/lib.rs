//! Recordings to windows of speech: decoding, resampling, voice activity detection and packing.
//!
//! ```text
//! file, stream ─▶ AudioReader ─▶ Vad ─▶ Packer ─▶ PackedWindow
//!                 16 kHz mono    per     ≤ 30 s    samples, way back to the recording,
//!                 blocks         frame             where speech was heard
//! ```
//!
//! Sound that is still being spoken comes from a microphone, or a file played as one, through [`capture`].
//!
//! Everything streams: memory does not grow with the recording. Sample `n` of an [`AudioReader`] is the sound at
//! `n / 16000` s of the recording, and a window's [`TimeMap`](record::TimeMap) leads back to exactly that sample.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("a.wav");
//! # let mut writer = audio::wav::WavWriter::create(&path)?;
//! # writer.write(&vec![0.0; 32_000])?;
//! # writer.finish()?;
//! use audio::{AudioReader, PackConfig, vad};
//!
//! let reader = AudioReader::open(&path)?;
//! let mut windows = audio::windows(reader, vad::by_name(vad::DEFAULT)?, PackConfig::default(), 0)?;
//! for packed in &mut windows {
//!     let packed = packed?;
//!     println!("{} ms, speech in {:?}", packed.window.duration_ms(), packed.speech);
//! }
//! if windows.source().is_partial() {
//!     println!("the recording broke off after {} ms", windows.source().decoded_ms());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Adding a voice activity detector
//!
//! Implement [`vad::Vad`], add a line to the registry in `vad/mod.rs`; the registry's test runs
//! [`vad::conformance`] on it.

pub mod capture;
mod codecs;
mod decode;
mod error;
pub mod flac;
mod format;
mod guard;
#[cfg(feature = "mic")]
pub mod mic;
mod pack;
mod reader;
mod resample;
mod source;
mod trim;
pub mod vad;
pub mod wav;
mod windows;

pub use decode::Sanitised;
pub use error::{Error, ErrorKind, Result};
pub use pack::{HARD_LIMIT_MS, PackConfig, PackedWindow, Packer};
pub use reader::{AudioReader, MAX_BLOCK, SampleSource};
pub use resample::Resampler;
pub use windows::{Windows, windows};
