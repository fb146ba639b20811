//! Web Video Text Tracks (`.vtt`, W3C).
//!
//! Segments that were kept out of the record are no cues; a NOTE block at their place has their time, why, and their
//! words. Speakers are voice tags. Several recordings are laid end to end on one time line.

use std::io::Write;

use record::Lang;

use super::cues::{Cue, cues, timestamp};
use super::{TranscriptExporter, one_line};
use crate::{Error, Result, TranscriptFile, label};

pub(super) struct Vtt;

impl TranscriptExporter for Vtt {
    fn name(&self) -> &'static str {
        "vtt"
    }

    fn export(&self, transcript: &TranscriptFile, out: &mut dyn Write) -> Result<()> {
        let cues = cues(transcript, self.name())?;
        out.write_all(b"WEBVTT\n").map_err(Error::write)?;
        cues.iter().filter_map(block).try_for_each(|block| write!(out, "\n{block}\n")).map_err(Error::write)
    }
}

/// A cue or a comment, without the empty line around it.
fn block(cue: &Cue<'_>) -> Option<String> {
    let segment = cue.segment;
    let words = escape(&one_line(segment));
    let (start, end) = (timestamp(cue.start_ms, '.'), timestamp(cue.end_ms, '.'));
    if !segment.is_mapped() {
        let why: Vec<&str> = segment.flags.iter().map(|f| label::flag(*f, Lang::Ja)).collect();
        return Some(format!("NOTE {start} {end} [{}] {words}", why.join("] [")).trim_end().to_owned());
    }
    let voice = match segment.speaker.as_deref().map(label::one_line) {
        Some(speaker) if !speaker.is_empty() => format!("<v {}>", escape(&speaker)),
        _ => String::new(),
    };
    (!words.is_empty()).then(|| format!("{start} --> {end}\n{voice}{words}"))
}

/// Escapes what the cue text syntax takes for markup. Without `>` no arrow can be read out of the words.
fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
