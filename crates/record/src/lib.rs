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
pub mod display;
mod document;
mod entity;
mod explain;
mod field;
mod flag;
mod grounded;
mod mapped;
mod record_file;
pub mod template;
mod transcript;
mod value;
mod verify;
mod window;

pub use citation::Citation;
pub use document::{Break, Document};
pub use entity::{Age, Annotation, ClockTime, Correction, Entity, Quote};
pub use explain::{Explain, Lang};
pub use field::{Field, GroundingError, Origin, Reason, State};
pub use flag::Flag;
pub use grounded::{Grounded, Kept, Missing, NormalForm, PersonBuilder, RowBuilder};
pub use mapped::{AppliedEdit, EditError, MappedText, Remap, Replacement};
pub use record_file::{Conflict, Gap, RECORD_SCHEMA, Record, TemplateRef, Unassigned};
pub use transcript::{Edit, EngineInfo, Segment, Source, SourceFile, Token, Transcript};
pub use value::{Person, Row, Trace, Value, ValueRange};
pub use verify::{Violation, verify};
pub use window::{Piece, SAMPLE_RATE, TimeMap, Window, samples_to_ms};
