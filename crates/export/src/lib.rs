//! Transcripts and records as files.
//!
//! ```text
//!                  ┌ txt   one line per segment
//! TranscriptFile ──┼ srt   subtitles
//!                  ├ vtt   subtitles for the web
//!                  └ json  everything; read back by read_transcript
//!
//!                  ┌ text  for a terminal or to paste
//! Record, Template ┼ json  the record contract
//!                  └ html  one self-contained page: the form, its evidence and the sound
//! ```
//!
//! Formats are found by name, and nothing else in kikitori knows which ones exist:
//!
//! ```
//! # fn main() -> export::Result<()> {
//! let file = export::read_transcript("目的、安全確認。\n".as_bytes(), "memo.txt")?;
//! let mut out = Vec::new();
//! export::transcript_by_name("txt")?.export(&file, &mut out)?;
//! assert_eq!(out, "目的、安全確認。\n".as_bytes());
//! # Ok(())
//! # }
//! ```
//!
//! # Adding a format
//!
//! 1. A module with a [`TranscriptExporter`] or a [`RecordExporter`]; the duties are on the traits.
//! 2. One line in the table of `transcripts/mod.rs` or `records/mod.rs`.
//! 3. The tests of this crate run [`conformance`] for every row of those tables.
pub mod conformance;
mod error;
pub mod label;
mod read;
mod records;
mod schema;
mod transcript_file;
mod transcripts;

pub use error::{Error, ErrorKind, Result};
pub use read::read_transcript;
pub use records::{AudioSource, RecordExporter, RecordOptions, record_by_name, record_exporters};
pub use schema::{record_schema, transcript_schema};
pub use transcript_file::{TRANSCRIPT_SCHEMA, TranscriptFile};
pub use transcripts::{TranscriptExporter, transcript_by_name, transcript_exporters};
