//! What is known about a recording beside its sound: while it is made a line of JSON for each thing that happens, afterwards
//! one document.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Version of the notes of an unfinished recording.
pub(crate) const INFLIGHT_SCHEMA: &str = "kikitori.inflight/1";
/// Version of [`RecordingInfo`].
pub const RECORDING_SCHEMA: &str = "kikitori.recording/1";

/// How long the sound is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Until somebody deletes it.
    Always,
    /// Until the record is approved and the sound is discarded.
    #[default]
    UntilApproval,
    /// Until the transcript and the record are written.
    Never,
}

/// What a finished recording is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoundFormat {
    /// Samples as they are: every program reads it.
    #[default]
    Wav,
    /// The same samples in about half the room.
    Flac,
}

impl SoundFormat {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Wav, Self::Flac];

    /// Its usual name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Flac => "FLAC",
        }
    }

    /// Ending of a file's name.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
        }
    }

    /// Its media type.
    #[must_use]
    pub fn mime(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Flac => "audio/flac",
        }
    }
}

/// The first line: written before any sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) schema: String,
    pub(crate) id: String,
    /// RFC 3339 with offset, to the second.
    pub(crate) started_at: String,
    pub(crate) device: String,
    pub(crate) keep: Keep,
    /// Notes of an older program say nothing: it knew one.
    #[serde(default)]
    pub(crate) format: SoundFormat,
    /// Where the finished recording goes.
    pub(crate) folder: PathBuf,
    /// The process that records, for file systems without locks.
    pub(crate) pid: u32,
    pub(crate) boot_id: String,
}

/// A later line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Note {
    Gap(Gap),
    Mark(Mark),
}

/// Time of the recording without its sound. The sound is silent there, so that what follows keeps its time; a gap at the
/// end is not filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Milliseconds from the start of the recording.
    pub at_ms: u64,
    /// Length in milliseconds.
    pub length_ms: u64,
    /// Why.
    pub cause: GapCause,
}

/// Why sound is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GapCause {
    /// The speaker paused the recording.
    Pause,
    /// This machine was too slow to take the sound.
    Overrun,
    /// No sound came from the device, or the machine slept.
    Stall,
    /// The device was gone.
    Lost,
    /// The system took the sound from another device, which was not recorded.
    Switched,
    /// The sound system failed.
    Broken,
}

/// A moment that somebody marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Milliseconds from the start of the recording.
    pub at_ms: u64,
    /// What it marks.
    pub kind: MarkKind,
}

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MarkKind {
    /// Listen again here.
    Mark,
    /// What follows corrects what came before (訂正).
    Correction,
}

/// What stands beside a finished recording, in `<id>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingInfo {
    /// [`RECORDING_SCHEMA`].
    pub schema: String,
    /// Name of the recording and of its files.
    pub id: String,
    /// When it began, RFC 3339 with offset.
    pub started_at: String,
    /// The microphone, or the file that was played as one.
    pub device: String,
    /// Length of the sound in milliseconds.
    pub duration_ms: u64,
    /// SHA-256 of the sound file in lower-case hex.
    pub sha256: String,
    /// How long the sound is kept.
    pub keep: Keep,
    /// It was brought back after a crash.
    pub recovered: bool,
    /// Where sound is missing, in order.
    pub gaps: Vec<Gap>,
    /// Marked moments, in order of their making.
    pub marks: Vec<Mark>,
}

/// The header and the notes of an unfinished recording. A line that was being written when the machine stopped is left out.
pub(crate) fn parse(text: &str) -> Option<(Header, Vec<Note>)> {
    let mut lines = text.lines();
    let header: Header = serde_json::from_str(lines.next()?).ok()?;
    let notes = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
    (header.schema == INFLIGHT_SCHEMA).then_some((header, notes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_loses_that_line_alone() {
        let header = Header {
            schema: INFLIGHT_SCHEMA.into(),
            id: "a".into(),
            started_at: "2026-04-01T09:00:00+09:00".into(),
            device: "マイク".into(),
            keep: Keep::Never,
            format: SoundFormat::Flac,
            folder: "recordings".into(),
            pid: 1,
            boot_id: String::new(),
        };
        let gap = Note::Gap(Gap { at_ms: 1_000, length_ms: 500, cause: GapCause::Lost });
        let mark = Note::Mark(Mark { at_ms: 2_000, kind: MarkKind::Correction });
        let lines = [
            serde_json::to_string(&header).unwrap(),
            serde_json::to_string(&gap).unwrap(),
            serde_json::to_string(&mark).unwrap(),
        ];
        let whole = lines.join("\n");
        assert_eq!(parse(&whole), Some((header.clone(), vec![gap.clone(), mark])));
        assert_eq!(parse(&whole[..whole.len() - 3]), Some((header, vec![gap])));
        assert_eq!(parse(&whole[..20]), None);
    }
}
