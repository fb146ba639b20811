//! From recordings to a transcript, and from a transcript to a record.
//!
//! ```text
//! recordings ─▶ producer thread ─▶ bounded channel ─▶ session threads ─▶ collector: order, guards, time ─▶ transcript
//!               decode, VAD, pack   2 windows each    one state each      (the calling thread)
//!
//! transcript ─▶ Document ─▶ text passes ─▶ field rules ─▶ verify ─▶ record
//! ```
//!
//! Memory holds the windows in flight and the text, never the recording.

mod attempts;
mod cores;
mod error;
mod finished;
mod guard;
mod input;
mod join;
mod live;
mod map;
mod options;
mod recorded_at;
mod segments;
mod tier;
mod transcribe;

pub use attempts::Work;
pub use error::{Error, ErrorKind};
pub use finished::{Finished, FinishedWindow};
pub use guard::GuardConfig;
pub use input::{Input, sha256};
pub use join::join;
pub use live::{LiveEvent, LiveTranscription, transcribe_live};
pub use map::{MapOptions, map, pass_names};
pub use options::TranscribeOptions;
pub use recorded_at::RecordedAt;
pub use tier::{Attempt, Context, Tier, tiers};
pub use transcribe::{Event, Transcription, resume, transcribe};
