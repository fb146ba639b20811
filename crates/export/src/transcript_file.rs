//! The transcript as a file of its own.

use record::{Segment, Source, Token, Transcript};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the transcript's JSON.
pub const TRANSCRIPT_SCHEMA: &str = "kikitori.transcript/1";

/// Longest position in a recording that is believed, in milliseconds: a thousand hours.
const MAX_MS: u64 = 3_600_000_000;

/// What `kikitori transcribe -f json` writes and `kikitori map` reads.
///
/// The tokens are part of it, so that `map` makes the same record out of it as `record` does out of the audio.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TranscriptFile {
    /// [`TRANSCRIPT_SCHEMA`].
    pub schema: String,
    /// When the recording was made, RFC 3339 with offset; the anchor of relative dates.
    #[serde(default)]
    pub recorded_at: Option<String>,
    /// Where it came from.
    pub source: Source,
    /// What was heard.
    pub transcript: Transcript,
}

/// A rule that a transcript breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// JSON path of the part.
    pub(crate) place: String,
    /// The rule, in English.
    pub(crate) law: &'static str,
}

impl TranscriptFile {
    /// A transcript of this version.
    #[must_use]
    pub fn new(recorded_at: Option<String>, source: Source, transcript: Transcript) -> Self {
        Self { schema: TRANSCRIPT_SCHEMA.to_owned(), recorded_at, source, transcript }
    }

    /// The first rule of a transcript file that does not hold.
    pub(crate) fn broken(&self) -> Option<Broken> {
        let at = |place: String, law| Some(Broken { place, law });
        if let Some(moment) = &self.recorded_at
            && moment.parse::<jiff::Timestamp>().is_err()
        {
            return at("recorded_at".to_owned(), "not a date and time with an offset");
        }
        let segments = &self.transcript.segments;
        let mut last = (0, 0);
        for (index, segment) in segments.iter().enumerate() {
            let place = || format!("transcript.segments[{index}]");
            if segment.file >= self.source.files.len() {
                return at(place(), "the file's number is not among the source's files");
            }
            if (segment.file, segment.start_ms) < last {
                return at(place(), "the segments are not in the order of file and start");
            }
            last = (segment.file, segment.start_ms);
            if let Some((inside, law)) = broken_segment(segment) {
                return at(format!("{}{inside}", place()), law);
            }
        }
        let dangling = self.transcript.edits.iter().position(|edit| edit.segment >= segments.len());
        dangling.and_then(|edit| {
            at(format!("transcript.edits[{edit}]"), "the segment's number is not among the segments")
        })
    }
}

fn broken_segment(segment: &Segment) -> Option<(String, &'static str)> {
    if let Some(law) = broken_times(segment.start_ms, segment.end_ms) {
        return Some((String::new(), law));
    }
    let mut last = 0;
    for (index, Token { start_ms, end_ms, .. }) in segment.tokens.iter().enumerate() {
        let law = broken_times(*start_ms, *end_ms)
            .or((*start_ms < last).then_some("the tokens are not in the order of their starts"));
        if let Some(law) = law {
            return Some((format!(".tokens[{index}]"), law));
        }
        last = *start_ms;
    }
    let mut rest = segment.raw.as_str();
    let joined = segment.tokens.iter().all(|token| match rest.strip_prefix(token.text.as_str()) {
        Some(after) => {
            rest = after;
            true
        }
        None => false,
    });
    let whole = segment.tokens.is_empty() || (joined && rest.is_empty());
    (!whole).then(|| (".tokens".to_owned(), "the tokens joined are not the raw words"))
}

fn broken_times(start_ms: u64, end_ms: u64) -> Option<&'static str> {
    if end_ms < start_ms {
        Some("it ends before it starts")
    } else if end_ms > MAX_MS {
        Some("it ends after more than a thousand hours")
    } else {
        None
    }
}
