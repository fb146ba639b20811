//! Keeps what is being spoken, whatever happens to the program, the microphone or the disk.
//!
//! ```text
//! CaptureSource ─▶ ring ─▶ Writer (a thread) ─┬─ 16 kHz, 16 bit ─▶ inflight/<id>.pcm   appended, synced every second
//!                                             ├─ gaps, marks ────▶ inflight/<id>.jsonl written as they happen, locked
//!                                             ├─▶ Status: level, time, alarm
//!                                             └─▶ Heard: bounded, for a listener; never waited for
//! stop ─▶ part file ─ sync ─▶ information ─▶ rename ─ sync ─▶ spool removed         (each step survives a crash)
//! ```
//!
//! The time of a recording is the clock's: where sound is missing the recording is silent and a [`Gap`] says why. A crash
//! leaves the spool, which [`interrupted`] lists and [`restore`] makes a recording of. Nothing is removed by itself.

mod clock;
mod error;
mod finish;
mod interrupted;
mod notes;
mod recorder;
mod sound;
mod spool;
mod status;
mod timeline;
mod writer;

pub use error::{Error, ErrorKind, Result};
pub use finish::{Recording, Step};
pub use interrupted::{
    Interrupted, approve, awaiting_approval, discard, interrupted, restore, restore_stepwise,
};
pub use notes::{Gap, GapCause, Keep, Mark, MarkKind, RECORDING_SCHEMA, RecordingInfo, SoundFormat};
pub use recorder::{Heard, OnStep, Recorder, RecorderConfig};
pub use status::{Alarm, Level, Phase, Status};
