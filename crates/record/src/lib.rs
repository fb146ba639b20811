//! kikitori's domain types: what the other crates pass to each other.
//!
//! No I/O happens here and no other crate of ours is used:
//!
//! ```text
//!                    kikitori (crates/cli)
//!        ┌───────┬─────────┼─────────┬─────────┐
//!     models  pipeline   export   (store, server: later)
//!        │   ┌───┴──┬─────┬──────┐   │
//!        │ audio   asr  text  extract│
//!        └───┴──────┴──┬──┴──────┴───┘
//!                   record   (this crate)
//! ```
//!
//! An arrow that points the wrong way fails `tests/architecture.rs`.
mod citation;
mod document;
mod entity;
mod explain;
mod flag;
mod mapped;
mod transcript;
mod window;

pub use citation::Citation;
pub use document::{Break, Document};
pub use entity::{Age, Annotation, ClockTime, Correction, Entity, Quote};
pub use explain::{Explain, Lang};
pub use flag::Flag;
pub use mapped::{AppliedEdit, EditError, MappedText, Remap, Replacement};
pub use transcript::{Edit, EngineInfo, Segment, Source, SourceFile, Token, Transcript};
pub use window::{Piece, SAMPLE_RATE, TimeMap, Window, samples_to_ms};
