//! What the recorder is doing, for the screen.

use std::time::Duration;

/// A look at a recording that is being made.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// What is going on.
    pub phase: Phase,
    /// What the speaker must be told at once.
    pub alarm: Option<Alarm>,
    /// Milliseconds since the recording began, pauses and gaps included.
    pub elapsed_ms: u64,
    /// Milliseconds of it that a power failure would leave.
    pub saved_ms: u64,
    /// Loudness now.
    pub level: Level,
    /// Gaps so far, pauses left out.
    pub gaps: usize,
    /// Marks so far.
    pub marks: usize,
    /// The listener was too slow for some of the sound; the recording has it.
    pub listener_missed: bool,
}

/// What a recorder is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Waiting for the first sample.
    Opening,
    /// Samples arrive and are kept.
    Recording,
    /// Samples arrive and are not kept.
    Paused,
    /// No samples arrive.
    Waiting,
    /// The last samples are being kept and the recording is saved.
    Finishing,
}

/// What the speaker must be told at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alarm {
    /// No samples arrive.
    NoSamples,
    /// All samples are zero: a microphone that is switched off.
    AllZero,
    /// The microphone is gone.
    Lost,
    /// The system switched to another microphone, which is not recorded.
    Switched,
    /// The sound system failed.
    Broken,
}

/// Loudness.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// Largest absolute sample of the last moment, 0..=1; falls slowly.
    pub peak: f32,
    /// Samples reached full scale within the last second.
    pub clipped: bool,
}

/// No samples for so long: an alarm.
pub(crate) const NO_SAMPLES: Duration = Duration::from_secs(2);
/// Nothing but zeros for so long: an alarm.
pub(crate) const ALL_ZERO: Duration = Duration::from_millis(2_500);
/// "Recording" is said no longer than this after the last sample.
pub(crate) const FRESH: Duration = Duration::from_secs(1);
