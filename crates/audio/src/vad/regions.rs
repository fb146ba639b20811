//! Frame probabilities to regions of speech.

use crate::{Error, ErrorKind, Result};

/// When speech starts and ends. Times are in milliseconds.
///
/// The thresholds were chosen on 22 minutes of labelled Japanese reading (figures in this crate's README): with 300 ms of
/// lead and 150 ms of trail they lose 0.02–0.06 % of the speech and clip none of 240 utterances; higher ones save a tenth
/// of the windows and begin to clip. The recogniser wants more sound around the speech than the detector needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionConfig {
    /// A region starts at a frame of at least this probability, 0..=1.
    pub on: f32,
    /// A region goes on while frames have at least this probability, 0..=`on`.
    pub off: f32,
    /// A region with less speech than this is dropped: clicks, coughs.
    pub min_speech_ms: u32,
    /// A region ends when there was no speech for this long. At least `trail_ms`.
    pub min_silence_ms: u32,
    /// Sound kept before the speech: detectors hear a word that starts voiceless (しかし) up to 200 ms late.
    pub lead_ms: u32,
    /// Sound kept after the speech: soft ends of words.
    pub trail_ms: u32,
}

impl Default for RegionConfig {
    fn default() -> Self {
        Self { on: 0.5, off: 0.35, min_speech_ms: 96, min_silence_ms: 500, lead_ms: 500, trail_ms: 500 }
    }
}

impl RegionConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        let invalid = |detail| Err(Error::new(ErrorKind::Config, detail));
        if !(self.off > 0.0 && self.off <= self.on && self.on <= 1.0) {
            return invalid("speech thresholds must be 0 < off <= on <= 1");
        }
        if self.trail_ms > self.min_silence_ms {
            return invalid("padding after speech must not be longer than the shortest silence");
        }
        if self.min_silence_ms > 5_000 || self.min_speech_ms > 5_000 || self.lead_ms > 5_000 {
            return invalid("padding, shortest speech and silence must be at most 5000 ms");
        }
        Ok(())
    }
}

/// What a frame decided. Positions are samples of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionEvent {
    /// A region is certain; it starts here, padding included.
    Open {
        /// First sample.
        start: u64,
    },
    /// The open region is over.
    Close {
        /// One past the last sample, padding included.
        end: u64,
    },
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    /// First frame with probability ≥ `on`.
    first: u64,
    /// One past the last frame with probability ≥ `off`.
    end: u64,
    /// Number of frames with probability ≥ `off`.
    voiced: u64,
    opened: bool,
}

/// Streaming hysteresis over the probabilities of one stream.
///
/// Regions do not overlap; two whose paddings meet touch.
#[derive(Clone, Debug)]
pub struct Regions {
    config: RegionConfig,
    frame_len: u64,
    min_speech: u64,
    min_silence: u64,
    lead: u64,
    trail: u64,
    frame: u64,
    candidate: Option<Candidate>,
    last_end: u64,
}

impl Regions {
    /// A machine for frames of `frame_len` samples.
    ///
    /// # Errors
    /// [`ErrorKind::Config`].
    pub fn new(config: RegionConfig, frame_len: usize) -> Result<Self> {
        config.validate()?;
        if frame_len == 0 {
            return Err(Error::new(ErrorKind::Config, "frame length must not be 0"));
        }
        let frame_len = frame_len as u64;
        let samples = |ms: u32| u64::from(ms) * 16;
        Ok(Self {
            min_speech: samples(config.min_speech_ms).div_ceil(frame_len).max(1),
            min_silence: samples(config.min_silence_ms).div_ceil(frame_len).max(1),
            lead: samples(config.lead_ms),
            trail: samples(config.trail_ms),
            config,
            frame_len,
            frame: 0,
            candidate: None,
            last_end: 0,
        })
    }

    /// Takes the next frame's probability. A frame decides at most one thing.
    pub fn push(&mut self, probability: f32) -> Option<RegionEvent> {
        let frame = self.frame;
        self.frame += 1;
        let Some(candidate) = &mut self.candidate else {
            if probability >= self.config.on {
                self.candidate = Some(Candidate { first: frame, end: frame + 1, voiced: 1, opened: false });
                return self.open_if_certain();
            }
            return None;
        };
        if probability >= self.config.off {
            candidate.end = frame + 1;
            candidate.voiced += 1;
            return self.open_if_certain();
        }
        if frame + 1 - candidate.end >= self.min_silence {
            return self.close(u64::MAX);
        }
        None
    }

    /// The stream ended after `total` samples.
    pub fn finish(&mut self, total: u64) -> Option<RegionEvent> {
        self.close(total)
    }

    fn open_if_certain(&mut self) -> Option<RegionEvent> {
        let candidate = self.candidate.as_mut()?;
        if candidate.opened || candidate.voiced < self.min_speech {
            return None;
        }
        candidate.opened = true;
        let start = (candidate.first * self.frame_len).saturating_sub(self.lead).max(self.last_end);
        Some(RegionEvent::Open { start })
    }

    fn close(&mut self, total: u64) -> Option<RegionEvent> {
        let candidate = self.candidate.take()?;
        if !candidate.opened {
            return None;
        }
        let end = (candidate.end * self.frame_len + self.trail).min(total);
        self.last_end = end;
        Some(RegionEvent::Close { end })
    }

    /// The end that the open region would have if nothing more were said; it may lie after the last frame.
    #[must_use]
    pub fn open_end(&self) -> Option<u64> {
        let candidate = self.candidate.filter(|candidate| candidate.opened)?;
        Some(candidate.end * self.frame_len + self.trail)
    }

    /// No region that opens from now on starts before this sample.
    #[must_use]
    pub fn earliest_start(&self) -> u64 {
        let first = self.candidate.map_or(self.frame, |candidate| candidate.first);
        (first * self.frame_len).saturating_sub(self.lead).max(self.last_end)
    }
}

/// Regions of a whole stream, for tests: what [`Regions`] must find, written down independently of its state machine.
#[cfg(test)]
pub(crate) fn reference(
    config: RegionConfig,
    frame_len: usize,
    probabilities: &[f32],
    total: u64,
) -> Vec<(u64, u64)> {
    let frames = |ms: u32| (ms as usize * 16).div_ceil(frame_len).max(1);
    let (lead, trail) = (u64::from(config.lead_ms) * 16, u64::from(config.trail_ms) * 16);
    let mut raw: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < probabilities.len() {
        if probabilities[at] < config.on {
            at += 1;
            continue;
        }
        let voiced: Vec<usize> =
            (at..probabilities.len()).filter(|n| probabilities[*n] >= config.off).collect();
        let run =
            1 + voiced.windows(2).take_while(|w| w[1] - w[0] - 1 < frames(config.min_silence_ms)).count();
        let end = voiced[run - 1] + 1;
        if run >= frames(config.min_speech_ms) {
            raw.push((at, end));
        }
        at = end + frames(config.min_silence_ms);
    }
    let mut last_end = 0;
    raw.into_iter()
        .map(|(start, end)| {
            let start = ((start * frame_len) as u64).saturating_sub(lead).max(last_end);
            last_end = ((end * frame_len) as u64 + trail).min(total);
            (start, last_end)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn regions(config: RegionConfig, probabilities: &[f32], total: u64) -> Vec<(u64, u64)> {
        let mut machine = Regions::new(config, 256).unwrap();
        let mut starts = Vec::new();
        let mut ends = Vec::new();
        let mut take = |event| match event {
            Some(RegionEvent::Open { start }) => starts.push(start),
            Some(RegionEvent::Close { end }) => ends.push(end),
            None => {}
        };
        for probability in probabilities {
            take(machine.push(*probability));
        }
        take(machine.finish(total));
        starts.into_iter().zip(ends).collect()
    }

    const CONFIG: RegionConfig = RegionConfig {
        on: 0.5,
        off: 0.35,
        min_speech_ms: 96,
        min_silence_ms: 300,
        lead_ms: 300,
        trail_ms: 150,
    };

    #[test]
    fn a_word_is_padded_on_both_sides() {
        let mut probabilities = vec![0.0; 50];
        probabilities.extend([0.9; 20]);
        probabilities.extend([0.0; 50]);
        let found = regions(CONFIG, &probabilities, 120 * 256);
        assert_eq!(found, [(50 * 256 - 4_800, 70 * 256 + 2_400)]);
    }

    #[test]
    fn a_click_is_dropped_and_a_short_pause_is_kept() {
        let mut probabilities = vec![0.0; 30];
        probabilities.extend([0.9; 3]);
        probabilities.extend([0.0; 30]);
        probabilities.extend([0.9; 10]);
        probabilities.extend([0.1; 15]);
        probabilities.extend([0.4; 10]);
        probabilities.extend([0.0; 30]);
        let found = regions(CONFIG, &probabilities, 128 * 256);
        assert_eq!(found, [(63 * 256 - 4_800, 98 * 256 + 2_400)]);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let bad = [
            RegionConfig { on: 0.3, off: 0.5, ..RegionConfig::default() },
            RegionConfig { on: 1.5, ..RegionConfig::default() },
            RegionConfig { off: 0.0, ..RegionConfig::default() },
            RegionConfig { trail_ms: 400, ..CONFIG },
            RegionConfig { min_silence_ms: 60_000, ..RegionConfig::default() },
        ];
        for config in bad {
            assert_eq!(Regions::new(config, 256).unwrap_err().kind(), ErrorKind::Config, "{config:?}");
        }
    }

    proptest! {
        #[test]
        fn the_machine_finds_what_the_definition_says(
            runs in proptest::collection::vec((0.0_f32..=1.0, 1_usize..40), 1..30),
            lead_ms in 0_u32..600,
            trail_ms in 0_u32..300,
            min_speech_ms in 0_u32..400,
            tail in 0_u64..256,
        ) {
            let config = RegionConfig { min_speech_ms, lead_ms, trail_ms, ..RegionConfig::default() };
            let probabilities: Vec<f32> =
                runs.iter().flat_map(|(p, len)| std::iter::repeat_n(*p, *len)).collect();
            let total = (probabilities.len() as u64 * 256).saturating_sub(tail);
            let found = regions(config, &probabilities, total);
            prop_assert_eq!(&found, &reference(config, 256, &probabilities, total));
            prop_assert!(found.iter().all(|(start, end)| start < end));
            prop_assert!(found.windows(2).all(|w| w[0].1 <= w[1].0));
        }

        #[test]
        fn no_region_starts_before_what_was_promised(
            probabilities in proptest::collection::vec(0.0_f32..=1.0, 1..400),
        ) {
            let mut machine = Regions::new(RegionConfig::default(), 256).unwrap();
            let mut promised = 0;
            for probability in probabilities {
                if let Some(RegionEvent::Open { start }) = machine.push(probability) {
                    prop_assert!(start >= promised);
                }
                prop_assert!(machine.earliest_start() >= promised);
                promised = machine.earliest_start();
            }
        }
    }
}
