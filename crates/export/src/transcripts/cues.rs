//! The one time line of a job, as subtitles need it.

use record::Segment;

use crate::error::Problem;
use crate::{Result, TranscriptFile};

/// A segment on the time line of all recordings played one after the other.
#[derive(Debug)]
pub(super) struct Cue<'t> {
    pub(super) start_ms: u64,
    /// After the start, and not after the start of the next cue that is shown.
    pub(super) end_ms: u64,
    pub(super) segment: &'t Segment,
}

/// The segments in order, those kept out of the record included; only the shown ones are kept apart from each other.
///
/// Where two shown segments overlap, the first one ends as the second starts; where they start together, the second
/// one follows the first. Several recordings are laid end to end.
pub(super) fn cues<'t>(file: &'t TranscriptFile, format: &'static str) -> Result<Vec<Cue<'t>>> {
    let segments = &file.transcript.segments;
    if !segments.is_empty() && segments.iter().all(|s| s.end_ms == 0) {
        return Err(Problem::NoTimes { format }.into());
    }
    let starts = file_starts(file);
    let start_of = |s: &Segment| starts.get(s.file).or(starts.last()).copied().unwrap_or(0);
    let mut cues: Vec<Cue<'t>> = segments
        .iter()
        .map(|segment| {
            let start = start_of(segment);
            let at = |ms| start.saturating_add(ms);
            Cue { start_ms: at(segment.start_ms), end_ms: at(segment.end_ms), segment }
        })
        .collect();
    cues.sort_by_key(|cue| (cue.segment.file, cue.start_ms));

    let shown: Vec<usize> = (0..cues.len()).filter(|&i| cues[i].segment.is_mapped()).collect();
    let mut free_from = 0;
    for (n, &index) in shown.iter().enumerate() {
        let start = cues[index].start_ms.max(free_from);
        let wanted = cues[index].end_ms.max(start.saturating_add(1));
        let next = shown.get(n + 1).map_or(u64::MAX, |&next| cues[next].start_ms);
        let end = if next > start { wanted.min(next) } else { wanted };
        (cues[index].start_ms, cues[index].end_ms) = (start, end);
        free_from = end;
    }
    Ok(cues)
}

/// Where each recording starts on the time line.
fn file_starts(file: &TranscriptFile) -> Vec<u64> {
    let mut start = 0u64;
    let files = file.source.files.iter().enumerate();
    files
        .map(|(index, source)| {
            let here = start;
            let said = file.transcript.segments.iter().filter(|s| s.file == index).map(|s| s.end_ms).max();
            start = start.saturating_add(source.duration_ms.max(said.unwrap_or(0)));
            here
        })
        .collect()
}

/// `hh:mm:ss`, the separator, `mmm`; hours take as many digits as they need.
pub(super) fn timestamp(ms: u64, separator: char) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{separator}{:03}", ms % 1000)
}
