//! `SubRip` subtitles (`.srt`): a number, `hh:mm:ss,mmm --> hh:mm:ss,mmm`, the words, an empty line.
//!
//! The format has no comments, so segments that were kept out of the record are left out; txt, vtt and json have them.
//! Several recordings are laid end to end on one time line.

use std::io::Write;

use super::cues::{cues, timestamp};
use super::{TranscriptExporter, spoken};
use crate::{Error, Result, TranscriptFile};

pub(super) struct Srt;

impl TranscriptExporter for Srt {
    fn name(&self) -> &'static str {
        "srt"
    }

    fn export(&self, transcript: &TranscriptFile, out: &mut dyn Write) -> Result<()> {
        let cues = cues(transcript, self.name())?;
        let shown = cues.iter().filter(|cue| cue.segment.is_mapped());
        let mut number = 0;
        for cue in shown {
            // An arrow in the words would be read as a line of times.
            let words = spoken(cue.segment).replace("-->", "→");
            if words.is_empty() {
                continue;
            }
            number += 1;
            let (start, end) = (timestamp(cue.start_ms, ','), timestamp(cue.end_ms, ','));
            write!(out, "{number}\n{start} --> {end}\n{words}\n\n").map_err(Error::write)?;
        }
        if number == 0 {
            out.write_all(b"\n").map_err(Error::write)?;
        }
        Ok(())
    }
}
