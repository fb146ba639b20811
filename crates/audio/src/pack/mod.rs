//! Regions of speech to windows for the recogniser.

mod cut;

use std::collections::VecDeque;
use std::ops::Range;

use record::{Piece, TimeMap, Window};

use crate::vad::{RegionConfig, RegionEvent, Regions};
use crate::{Error, ErrorKind, Result};

/// Longest window that a recogniser takes, in milliseconds.
pub const HARD_LIMIT_MS: u32 = 30_000;
/// Samples are dropped in lots of at least this many, so that small blocks do not move the buffer each time.
const DROP_LOT: usize = 16_000;

/// How speech is packed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PackConfig {
    /// Longest window in milliseconds, 2,000..=30,000.
    pub max_window_ms: u32,
    /// Silence that replaces a longer pause between two regions, in milliseconds, 0..=1,000. The regions' own padding
    /// comes on top.
    pub joint_ms: u32,
    /// Speech without a pause is cut within this time before `max_window_ms`, in milliseconds; at most half of it.
    pub cut_search_ms: u32,
    /// Sound around such a cut that both windows hold, in milliseconds, half of it on each side; at most a quarter of
    /// `max_window_ms`.
    pub overlap_ms: u32,
    /// A window of at least this length ends with its region of speech, in milliseconds. Below `max_window_ms` windows are
    /// done sooner and hold less.
    pub close_after_ms: u32,
    /// A pause of this length ends the window, in milliseconds; `None`: only the next region does.
    pub settle_ms: Option<u32>,
    /// What counts as speech.
    pub regions: RegionConfig,
}

impl PackConfig {
    /// For sound that is still being spoken: windows are done at the first pause after five seconds, and whatever was said
    /// before a pause of a second and a half.
    #[must_use]
    pub fn live() -> Self {
        Self {
            max_window_ms: 15_000,
            cut_search_ms: 5_000,
            overlap_ms: 0,
            close_after_ms: 5_000,
            settle_ms: Some(1_500),
            ..Self::default()
        }
    }
}

impl Default for PackConfig {
    fn default() -> Self {
        Self {
            max_window_ms: 28_000,
            joint_ms: 100,
            cut_search_ms: 8_000,
            overlap_ms: 0,
            close_after_ms: HARD_LIMIT_MS,
            settle_ms: None,
            regions: RegionConfig::default(),
        }
    }
}

/// A window and what the guards against invented text need to know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedWindow {
    /// The samples and their way back to the recording.
    pub window: Window,
    /// Where the detector heard speech, in samples of the window; in order, without overlap.
    pub speech: Vec<Range<usize>>,
    /// Root mean square of the recorded samples, joints left out; 0..=1.
    pub rms: f32,
    /// Largest absolute sample; 0..=1.
    pub peak: f32,
    /// Sample of the recording at which speech without a pause was cut before this window. It holds the sound from
    /// half an overlap before the cut on, and the window before it that up to half an overlap behind the cut.
    pub cut_before: Option<u64>,
    /// The same at its end.
    pub cut_after: Option<u64>,
}

impl PackedWindow {
    /// Share of the window's samples in which the detector heard speech, 0..=1.
    #[must_use]
    pub fn speech_share(&self) -> f32 {
        let speech: usize = self.speech.iter().map(Range::len).sum();
        speech as f32 / self.window.samples.len().max(1) as f32
    }
}

#[derive(Clone, Default)]
struct Building {
    samples: Vec<f32>,
    map: TimeMap,
    speech: Vec<Range<usize>>,
    /// End of the last piece in the recording.
    end: u64,
    recorded: usize,
    cut_before: Option<u64>,
    cut_after: Option<u64>,
}

/// Streaming packer of one recording.
///
/// * Every sample of every region is in exactly one window, in order, but for those around a cut, which are in two; nothing
///   else is, but for pauses of at most `joint_ms` between two regions, which stay as they are.
/// * A longer pause becomes `joint_ms` of zeros. Silence at the start, at the end and of any length costs nothing.
/// * A window ends where the next region does not fit. A region that alone is too long is cut at its quietest point.
pub struct Packer {
    max: u64,
    joint: u64,
    search: u64,
    half_overlap: u64,
    close_after: u64,
    settle: Option<u64>,
    off: f32,
    frame_len: u64,
    file: usize,
    next_index: usize,
    regions: Regions,
    /// Samples of the recording from `samples_start`, and probabilities from frame `frames_start`.
    samples: Vec<f32>,
    samples_start: u64,
    probabilities: VecDeque<f32>,
    frames_start: u64,
    frames: u64,
    open: Option<u64>,
    last_cut: Option<u64>,
    building: Option<Building>,
    done: VecDeque<PackedWindow>,
}

impl Packer {
    /// A packer for recording number `file`, with probabilities of `frame_len` samples each.
    ///
    /// # Errors
    /// [`ErrorKind::Config`].
    pub fn new(config: PackConfig, frame_len: usize, file: usize) -> Result<Self> {
        let invalid = |detail| Err(Error::new(ErrorKind::Config, detail));
        if !(2_000..=HARD_LIMIT_MS).contains(&config.max_window_ms) {
            return invalid("longest window must be 2000 to 30000 ms");
        }
        if config.joint_ms > 1_000 {
            return invalid("joint must be at most 1000 ms");
        }
        if config.cut_search_ms > config.max_window_ms / 2 || config.cut_search_ms < 500 {
            return invalid("search for a cut must be 500 ms to half the longest window");
        }
        if config.overlap_ms > config.max_window_ms / 4 {
            return invalid("overlap must be at most a quarter of the longest window");
        }
        let samples = |ms: u32| u64::from(ms) * 16;
        Ok(Self {
            max: samples(config.max_window_ms),
            joint: samples(config.joint_ms),
            search: samples(config.cut_search_ms),
            half_overlap: samples(config.overlap_ms) / 2,
            close_after: samples(config.close_after_ms),
            settle: config.settle_ms.map(samples),
            off: config.regions.off,
            frame_len: frame_len as u64,
            file,
            next_index: 0,
            regions: Regions::new(config.regions, frame_len)?,
            samples: Vec::new(),
            samples_start: 0,
            probabilities: VecDeque::new(),
            frames_start: 0,
            frames: 0,
            open: None,
            last_cut: None,
            building: None,
            done: VecDeque::new(),
        })
    }

    /// Numbers the windows from `index`, for the second and later recordings of a job.
    #[must_use]
    pub fn starting_at(mut self, index: usize) -> Self {
        self.next_index = index;
        self
    }

    /// Takes the recording's next samples and the probabilities of the frames that they complete. Probabilities may come
    /// later than their samples, not earlier, but for the last frame, which may be incomplete.
    pub fn push(&mut self, samples: &[f32], probabilities: &[f32]) {
        self.samples.extend_from_slice(samples);
        for probability in probabilities {
            self.probabilities.push_back(*probability);
            self.frames += 1;
            match self.regions.push(*probability) {
                Some(RegionEvent::Open { start }) => self.open = Some(start),
                Some(RegionEvent::Close { end }) => self.close(end),
                None => {}
            }
            self.cut_if_too_long();
            self.settle();
        }
        self.forget();
    }

    /// The recording is over. Call [`pop`](Self::pop) until it gives `None`.
    pub fn finish(&mut self) {
        if let Some(RegionEvent::Close { end }) = self.regions.finish(self.total()) {
            self.close(end);
        }
        self.open = None;
        self.flush();
    }

    /// The next finished window.
    pub fn pop(&mut self) -> Option<PackedWindow> {
        self.done.pop_front()
    }

    /// The window as it would be if the recording ended here; none where nobody has spoken since the last window.
    #[must_use]
    pub fn peek(&self) -> Option<PackedWindow> {
        let mut building = self.building.clone();
        if let (Some(start), Some(end)) = (self.open, self.regions.open_end()) {
            let stretch = start..end.min(self.total());
            let fits = building.as_ref().is_none_or(|building| self.fits(building, &stretch));
            let before = building.take().filter(|_| fits).unwrap_or_default();
            building = Some(if stretch.is_empty() { before } else { self.extended(before, stretch) });
        }
        building.and_then(|building| self.packed(building))
    }

    /// Samples held at this moment, windows that were not taken included. Without those at most two windows and a few
    /// seconds.
    #[must_use]
    pub fn buffered_samples(&self) -> usize {
        let done: usize = self.done.iter().map(|packed| packed.window.samples.len()).sum();
        self.samples.len() + self.building.as_ref().map_or(0, |building| building.samples.len()) + done
    }

    fn total(&self) -> u64 {
        self.samples_start + self.samples.len() as u64
    }

    fn slice(&self, range: Range<u64>) -> &[f32] {
        let at = |sample: u64| (sample.saturating_sub(self.samples_start) as usize).min(self.samples.len());
        &self.samples[at(range.start)..at(range.end)]
    }

    fn close(&mut self, end: u64) {
        let Some(start) = self.open.take() else { return };
        let end = end.min(self.total());
        if start < end {
            self.add(start..end);
        }
        let enough = |building: &Building| building.samples.len() as u64 >= self.close_after;
        if self.building.as_ref().is_some_and(enough) {
            self.flush();
        }
    }

    fn cut_if_too_long(&mut self) {
        while let (Some(start), Some(end)) = (self.open, self.regions.open_end()) {
            if end - start <= self.max {
                return;
            }
            let last = (start + self.max - self.half_overlap).min(self.total());
            let first = last.saturating_sub(self.search).max(start);
            let speech = |offset: usize| {
                let frame = (first + offset as u64) / self.frame_len;
                let known = usize::try_from(frame - self.frames_start).ok();
                known.and_then(|at| self.probabilities.get(at)).copied().unwrap_or(0.0)
            };
            let offset = cut::quietest(self.slice(first..last), speech) as u64;
            let cut = first + offset;
            self.flush();
            self.add(start..(cut + self.half_overlap).min(self.total()));
            if let Some(building) = &mut self.building {
                building.cut_after = Some(cut);
            }
            self.flush();
            self.last_cut = Some(cut);
            self.open = Some(cut - self.half_overlap);
        }
    }

    /// Adds a stretch that fits a window.
    fn add(&mut self, stretch: Range<u64>) {
        if self.building.as_ref().is_some_and(|building| !self.fits(building, &stretch)) {
            self.flush();
        }
        let building = self.building.take().unwrap_or_default();
        self.building = Some(self.extended(building, stretch));
    }

    fn fits(&self, building: &Building, stretch: &Range<u64>) -> bool {
        let gap = stretch.start - building.end;
        building.samples.len() as u64 + gap.min(self.joint) + (stretch.end - stretch.start) <= self.max
    }

    /// The window with a stretch behind it.
    fn extended(&self, mut building: Building, stretch: Range<u64>) -> Building {
        let mut start = stretch.start;
        if building.samples.is_empty() {
            building.cut_before = self.last_cut.filter(|cut| cut - self.half_overlap == start);
        } else if start - building.end <= self.joint {
            start = building.end;
        } else {
            building.samples.resize(building.samples.len() + self.joint as usize, 0.0);
        }
        let sound = self.slice(start..stretch.end);
        let window_start = building.samples.len();
        building.samples.extend_from_slice(sound);
        building.recorded += sound.len();
        building.map.push(Piece {
            window_start: window_start as u64,
            file_start: start,
            len: sound.len() as u64,
        });
        for speech in self.speech(stretch.clone()) {
            let at = |sample: u64| (sample - start) as usize + window_start;
            let (from, to) = (at(speech.start), at(speech.end));
            match building.speech.last_mut() {
                Some(last) if last.end == from => last.end = to,
                _ => building.speech.push(from..to),
            }
        }
        building.end = stretch.end;
        building
    }

    /// Ends the window where the pause behind it is long enough.
    fn settle(&mut self) {
        let heard = self.frames * self.frame_len;
        let paused = |building: &Building| {
            self.open.is_none()
                && self.settle.is_some_and(|settle| heard.saturating_sub(building.end) >= settle)
        };
        if self.building.as_ref().is_some_and(paused) {
            self.flush();
        }
    }

    /// The parts of `stretch` where the detector heard speech.
    fn speech(&self, stretch: Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let frames = stretch.start / self.frame_len..stretch.end.div_ceil(self.frame_len).min(self.frames);
        frames.filter_map(move |frame| {
            let at = usize::try_from(frame.checked_sub(self.frames_start)?).ok()?;
            let heard = *self.probabilities.get(at)? >= self.off;
            let start = (frame * self.frame_len).max(stretch.start);
            let end = ((frame + 1) * self.frame_len).min(stretch.end);
            (heard && start < end).then_some(start..end)
        })
    }

    fn flush(&mut self) {
        if let Some(packed) = self.building.take().and_then(|building| self.packed(building)) {
            self.next_index += 1;
            self.done.push_back(packed);
        }
    }

    /// The finished window; none without samples.
    fn packed(&self, building: Building) -> Option<PackedWindow> {
        let Building { samples, map, speech, recorded, cut_before, cut_after, .. } = building;
        if samples.is_empty() {
            return None;
        }
        let power: f64 = samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
        let rms = (power / recorded.max(1) as f64).sqrt() as f32;
        let peak = samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        let window = Window { index: self.next_index, file: self.file, samples, map };
        Some(PackedWindow { window, speech, rms, peak, cut_before, cut_after })
    }

    /// Drops what no region can need any more.
    fn forget(&mut self) {
        let earliest = self.open.unwrap_or_else(|| self.regions.earliest_start());
        // A pause of at most one joint before it is kept as it was.
        let needed = earliest.saturating_sub(self.joint).min(self.total());
        let droppable = needed.saturating_sub(self.samples_start) as usize;
        if droppable < DROP_LOT {
            return;
        }
        self.samples.drain(..droppable);
        self.samples_start += droppable as u64;
        let frames = (self.samples_start / self.frame_len - self.frames_start) as usize;
        self.probabilities.drain(..frames.min(self.probabilities.len()));
        self.frames_start += frames as u64;
    }
}

#[cfg(test)]
mod tests;
