//! Transcripts in the formats of other programs, and in ours.

mod cues;
mod json;
mod srt;
mod txt;
mod vtt;

use std::io::Write;

use record::Segment;

use crate::error::{Problem, What};
use crate::{Result, TranscriptFile, label};

/// Writes a transcript in one format.
///
/// # For implementations
///
/// * The name is lower-case ASCII and does not change between versions.
/// * The output is UTF-8, ends with a line feed, and is the same for the same transcript.
/// * The words of every segment that [`Segment::is_mapped`] accepts are in the output. The words of the others are
///   marked, or left out where the format has no place for a mark; they never look like speech.
/// * Nothing is assumed about times: they may overlap, be equal, or be absent.
/// * A failing writer gives [`ErrorKind::Write`](crate::ErrorKind::Write) or
///   [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull). The writer is not flushed; that is its owner's business.
/// * Run [`conformance::transcript_exporter`](crate::conformance::transcript_exporter) in the tests.
pub trait TranscriptExporter: Sync {
    /// Name on the command line.
    fn name(&self) -> &'static str;

    /// Writes the transcript.
    fn export(&self, transcript: &TranscriptFile, out: &mut dyn Write) -> Result<()>;
}

static EXPORTERS: [&dyn TranscriptExporter; 4] = [&txt::Txt, &json::Json, &srt::Srt, &vtt::Vtt];

/// All transcript formats, the default first.
#[must_use]
pub fn transcript_exporters() -> &'static [&'static dyn TranscriptExporter] {
    &EXPORTERS
}

/// The transcript format of this name.
///
/// # Errors
/// [`ErrorKind::UnknownFormat`](crate::ErrorKind::UnknownFormat), listing the known names.
pub fn transcript_by_name(name: &str) -> Result<&'static dyn TranscriptExporter> {
    EXPORTERS.iter().copied().find(|exporter| exporter.name() == name).ok_or_else(|| {
        let known = EXPORTERS.map(TranscriptExporter::name).join(", ");
        Problem::UnknownFormat { what: What::Transcript, known, name: name.to_owned() }.into()
    })
}

/// The words of a segment on one line, those of the engine where a guard kept the segment out of the passes.
fn one_line(segment: &Segment) -> String {
    let untouched = segment.text.is_empty() && !segment.is_mapped();
    label::one_line(if untouched { &segment.raw } else { &segment.text })
}

/// The words on one line, after the speaker where one is known.
fn spoken(segment: &Segment) -> String {
    match segment.speaker.as_deref().map(label::one_line) {
        Some(speaker) if !speaker.is_empty() => format!("{speaker}: {}", one_line(segment)),
        _ => one_line(segment),
    }
}
