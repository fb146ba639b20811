//! Plain text: one line per segment.
//!
//! A segment with review items starts with them in brackets, so that nothing that was kept out of the record looks
//! like speech and nothing is dropped in silence:
//!
//! ```text
//! 本児は、階段で転んだと言う。
//! [無音の疑い] ご視聴ありがとうございました
//! [聞き取り不能]
//! ```

use std::io::Write;

use record::{Lang, Segment};

use super::{TranscriptExporter, spoken};
use crate::{Error, Result, TranscriptFile, label};

pub(super) struct Txt;

impl TranscriptExporter for Txt {
    fn name(&self) -> &'static str {
        "txt"
    }

    fn export(&self, transcript: &TranscriptFile, out: &mut dyn Write) -> Result<()> {
        let lines: Vec<String> =
            transcript.transcript.segments.iter().map(line).filter(|l| !l.is_empty()).collect();
        if lines.is_empty() {
            return out.write_all(b"\n").map_err(Error::write);
        }
        lines.iter().try_for_each(|line| writeln!(out, "{line}")).map_err(Error::write)
    }
}

fn line(segment: &Segment) -> String {
    let marks: Vec<&str> = segment.flags.iter().map(|f| label::flag(*f, Lang::Ja)).collect();
    let marks = if marks.is_empty() { String::new() } else { format!("[{}]", marks.join("][")) };
    let words = spoken(segment);
    match (marks.is_empty(), words.is_empty()) {
        (true, _) => words,
        (false, true) => marks,
        (false, false) => format!("{marks} {words}"),
    }
}
