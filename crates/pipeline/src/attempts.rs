//! Decoding windows, and decoding one again where the result cannot be right.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::{Mutex, PoisonError};

use asr::{Control, DecodeOptions, Engine, Hypothesis, Request, Session};
use audio::PackedWindow;
use record::{Flag, SAMPLE_RATE, Segment, Window};
use serde::{Deserialize, Serialize};
use text::guard::chars_per_second;

use crate::error::Cause;
use crate::options::TranscribeOptions;
use crate::segments::{Found, lost, segments};
use crate::tier::Attempt;
use crate::{Error, Input};

/// A recording on which the engine crashes so often is given up.
const MAX_CRASHES: usize = 3;
/// Nobody speaks slower than this for [`SPARSE_MS`], in characters per second of speech.
const SPARSE_CHARS_PER_S: f32 = 1.0;
const SPARSE_MS: u64 = 3_000;
/// A text that has less than this share of another's characters leaves words out.
const MIN_COMPLETE: f32 = 0.95;

/// What a transcription took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Windows decoded.
    pub windows: usize,
    /// Decodings, the repeated ones included.
    pub decodings: usize,
    /// Windows that were decoded more than once.
    pub retried: usize,
    /// Tokens of the results that were kept.
    pub tokens: usize,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.windows += other.windows;
        self.decodings += other.decodings;
        self.retried += other.retried;
        self.tokens += other.tokens;
    }
}

/// What came of a window.
pub(crate) struct Decoded {
    pub(crate) segments: Vec<Segment>,
    pub(crate) work: Work,
}

impl Decoded {
    fn new(segments: Vec<Segment>, work: Work) -> Self {
        let tokens = segments.iter().map(|segment| segment.tokens.len()).sum();
        Self { segments, work: Work { tokens, ..work } }
    }
}

/// How often the engine crashed on each recording of a job.
#[derive(Debug)]
pub(crate) struct Crashes<'i> {
    inputs: &'i [Input],
    counts: Mutex<BTreeMap<usize, usize>>,
}

impl<'i> Crashes<'i> {
    pub(crate) fn new(inputs: &'i [Input]) -> Self {
        Self { inputs, counts: Mutex::default() }
    }

    /// Counts one more for recording number `file`; an error where it is one too many.
    fn count(&self, file: usize, source: asr::Error) -> Result<(), Error> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(file).or_default();
        *count += 1;
        if *count < MAX_CRASHES {
            return Ok(());
        }
        let name = self.inputs.get(file).map(|input| input.name.clone()).unwrap_or_default();
        Err(Cause::Quarantined { name, source }.into())
    }
}

/// A session that is opened when the first window comes, and again when it was lost.
pub(crate) struct Decoder<'e> {
    engine: &'e dyn Engine,
    options: &'e TranscribeOptions,
    crashes: &'e Crashes<'e>,
    session: Option<Box<dyn Session>>,
}

impl<'e> Decoder<'e> {
    pub(crate) fn new(
        engine: &'e dyn Engine,
        options: &'e TranscribeOptions,
        crashes: &'e Crashes<'e>,
    ) -> Self {
        Self { engine, options, crashes, session: None }
    }

    /// Decodes windows, all at once in the tier's first way, and each doubtful one by itself in the further ways; gives each
    /// when it is beyond doubt.
    ///
    /// A window that the engine cannot decode is marked as lost. A window on which it crashes is decoded again; a
    /// recording on which it does so [`MAX_CRASHES`] times is given up.
    pub(crate) fn decode(
        &mut self,
        batch: &[PackedWindow],
        control: &Control,
        give: &mut (dyn FnMut(&PackedWindow, Decoded) + Send),
    ) -> Result<(), Error> {
        let judge = Judge { options: self.options };
        let attempt = self.options.tier.ladder[0];
        let options: Vec<_> = batch
            .iter()
            .map(|packed| attempt.options(&self.options.decode, packed.window.samples.len()))
            .collect();
        let requests: Vec<_> = batch
            .iter()
            .zip(&options)
            .map(|(packed, options)| Request { window: &packed.window, options })
            .collect();
        let mut doubtful = Vec::new();
        self.open()?.decode_batch(&requests, control, &mut |place, first| match first
            .map(|heard| judge.settled(&batch[place], heard))
        {
            Ok(Ok(decoded)) => give(&batch[place], decoded),
            Ok(Err(heard)) => doubtful.push((place, Some(Ok(heard)))),
            Err(error) => doubtful.push((place, Some(Err(error)))),
        });
        if doubtful.iter().filter(|(_, first)| first.as_ref().is_some_and(is_crash)).count() > 1 {
            // One crash, by any of them: each is decoded by itself.
            let crashes = doubtful.iter_mut().filter(|(_, first)| first.as_ref().is_some_and(is_crash));
            let sources: Vec<_> =
                crashes.filter_map(|(place, first)| Some((*place, first.take()?))).collect();
            if let Some((place, Err(source))) = sources.into_iter().next() {
                self.crashed(batch[place].window.file, source)?;
            }
        }
        for (place, first) in doubtful {
            give(&batch[place], self.climb(&batch[place], first, control)?);
        }
        Ok(())
    }

    /// Goes up the tier's ladder until the result is beyond doubt.
    fn climb(
        &mut self,
        packed: &PackedWindow,
        mut first: Option<asr::Result<Hypothesis>>,
        control: &Control,
    ) -> Result<Decoded, Error> {
        let judge = Judge { options: self.options };
        let mut work = Work { windows: 1, ..Work::default() };
        let mut best: Option<(Rank, Vec<Segment>)> = None;
        for attempt in &self.options.tier.ladder {
            if best.as_ref().is_some_and(|(rank, heard)| !is_doubtful(rank, heard, attempt)) {
                continue;
            }
            let options = attempt.options(&self.options.decode, packed.window.samples.len());
            work.decodings += 1;
            let Some(heard) = self.once(&packed.window, &options, first.take(), control)? else { continue };
            let (rank, found) = judge.judge(packed, &heard);
            if best.as_ref().is_none_or(|(before, _)| rank.beats(before)) {
                best = Some((rank, found));
            }
        }
        work.retried = usize::from(work.decodings > 1);
        Ok(Decoded::new(best.map_or_else(|| vec![lost(packed)], |(_, segments)| segments), work))
    }

    /// One decoding, of which the result may be there already; nothing where the engine cannot decode the window.
    pub(crate) fn once(
        &mut self,
        window: &Window,
        options: &DecodeOptions,
        mut result: Option<asr::Result<Hypothesis>>,
        control: &Control,
    ) -> Result<Option<Hypothesis>, Error> {
        loop {
            let heard = match result.take() {
                Some(result) => result,
                None => self.open()?.decode(window, options, control),
            };
            match heard.map_err(|error| (error.kind(), error)) {
                Ok(heard) => return Ok(Some(heard)),
                Err((asr::ErrorKind::Decode, _)) => return Ok(None),
                Err((asr::ErrorKind::Crashed | asr::ErrorKind::SessionLost, source)) => {
                    self.crashed(window.file, source)?;
                }
                Err((_, source)) => return Err(Cause::Engine { source }.into()),
            }
        }
    }

    /// Counts a crash; an error where it is one too many.
    fn crashed(&mut self, file: usize, source: asr::Error) -> Result<(), Error> {
        // A session whose process crashed starts another by itself.
        if source.kind() == asr::ErrorKind::SessionLost {
            self.session = None;
        }
        self.crashes.count(file, source)
    }

    fn open(&mut self) -> Result<&mut Box<dyn Session>, Error> {
        match &mut self.session {
            Some(session) => Ok(session),
            empty => Ok(empty.insert(self.engine.session().map_err(|source| Cause::Engine { source })?)),
        }
    }
}

/// What makes a result doubtful, under these options.
struct Judge<'o> {
    options: &'o TranscribeOptions,
}

impl Judge<'_> {
    /// What is done with a result that no further way of decoding is tried on; else the result.
    fn settled(&self, packed: &PackedWindow, heard: Hypothesis) -> Result<Decoded, Hypothesis> {
        let (rank, found) = self.judge(packed, &heard);
        if self.options.tier.ladder[1..].iter().any(|attempt| is_doubtful(&rank, &found, attempt)) {
            return Err(heard);
        }
        Ok(Decoded::new(found, Work { windows: 1, decodings: 1, ..Work::default() }))
    }

    /// A result as segments, and how good it is.
    fn judge(&self, packed: &PackedWindow, heard: &Hypothesis) -> (Rank, Vec<Segment>) {
        let found = segments(packed, heard, &self.options.guard);
        (self.rank(packed, &found), found.segments)
    }

    fn rank(&self, packed: &PackedWindow, found: &Found) -> Rank {
        let segments = &found.segments;
        let loops = spoken(segments).any(|segment| segment.flags.contains(&Flag::Repetition));
        let improbable = is_unsure(segments, self.options.guard.min_avg_logprob);
        let tokens: usize = segments.iter().map(|segment| segment.tokens.len()).sum();
        let sum: f32 =
            segments.iter().map(|s| s.avg_logprob.unwrap_or_default() * s.tokens.len() as f32).sum();
        Rank {
            no_loop: !loops,
            sound: !loops && !improbable && !found.is_guessed && !is_sparse(packed, segments),
            placed: !found.is_misplaced,
            avg_logprob: sum / tokens.max(1) as f32,
            chars: spoken(segments).map(|segment| segment.text.chars().count()).sum(),
        }
    }
}

fn is_crash(result: &asr::Result<Hypothesis>) -> bool {
    let kind = result.as_ref().map_err(asr::Error::kind);
    matches!(kind, Err(asr::ErrorKind::Crashed | asr::ErrorKind::SessionLost))
}

/// How good a result is.
#[derive(Clone, Copy)]
struct Rank {
    no_loop: bool,
    /// It loops nowhere, is probable, guesses nothing, and has words for all of the speech.
    sound: bool,
    /// No words stand where nobody speaks, or are too many for their time.
    placed: bool,
    /// Mean natural-log probability of a token.
    avg_logprob: f32,
    /// Characters that somebody may have said.
    chars: usize,
}

impl Rank {
    /// Whether to take this result for the one before. Of two sound ones the more probable is taken, unless it owes that to
    /// words it leaves out.
    fn beats(&self, before: &Self) -> bool {
        let order = |rank: &Self| (rank.no_loop, rank.sound, rank.placed, rank.avg_logprob);
        let complete = self.chars as f32 >= before.chars as f32 * MIN_COMPLETE;
        order(self) > order(before) && (complete || !before.sound)
    }
}

/// Whether a window is to be decoded in this further way. Sampling mends no misplaced words: it invents more.
fn is_doubtful(best: &Rank, heard: &[Segment], attempt: &Attempt) -> bool {
    !best.sound || is_unsure(heard, attempt.below) || !best.placed && attempt.temperature <= 0.0
}

/// What another decoding could mend: invented text over noise stays invented, however often it is decoded.
fn spoken(segments: &[Segment]) -> impl Iterator<Item = &Segment> {
    segments.iter().filter(|segment| !segment.flags.contains(&Flag::PossibleHallucination))
}

fn is_unsure(segments: &[Segment], below: f32) -> bool {
    spoken(segments).any(|segment| segment.avg_logprob.is_some_and(|mean| mean < below))
}

/// Far fewer words than the time of speech has room for: the engine has skipped some.
fn is_sparse(packed: &PackedWindow, segments: &[Segment]) -> bool {
    let spoken: usize = packed.speech.iter().map(std::ops::Range::len).sum();
    let spoken_ms = spoken as u64 * 1_000 / u64::from(SAMPLE_RATE);
    let words: String = segments.iter().map(|segment| segment.text.as_str()).collect();
    spoken_ms >= SPARSE_MS && chars_per_second(&words, spoken_ms) < SPARSE_CHARS_PER_S
}

#[cfg(test)]
mod tests;
