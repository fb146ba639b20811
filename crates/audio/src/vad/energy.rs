//! A detector without a model: level above the noise floor.

use std::collections::VecDeque;

use super::{FRAME_LEN, Framer, Vad};

/// Length of the search for the noise floor, in frames: 2 s, longer than one breath of speech without a dip.
const FLOOR_FRAMES: usize = 125;
/// The minimum over the search lies this far below the mean level of steady noise, in dB (minimum statistics,
/// Martin 2001: the bias of a minimum over smoothed frames).
const FLOOR_BIAS: f32 = 3.0;
/// Level above the floor at which speech and noise are equally probable, in dB.
const MIDDLE: f32 = 9.0;
/// Steepness: dB from probability 0.5 to 0.73.
const SLOPE: f32 = 2.5;
/// Below this level nobody speaks, in dB relative to full scale.
const GATE: f32 = -60.0;
/// The floor is never assumed above this level, in dB: a recording that starts with speech has no noise to look at.
const MAX_FLOOR: f32 = -20.0;

/// Frame energy after a 100 Hz high-pass, compared with the lowest smoothed energy of the last 2 s.
///
/// For comparison and for machines where the network fails; it takes every loud sound for speech.
#[derive(Debug)]
pub struct Energy {
    framer: Framer<FRAME_LEN>,
    previous_in: f32,
    previous_out: f32,
    smoothed: Option<f32>,
    /// Candidates for the minimum: (frame, level), levels rising.
    minima: VecDeque<(u64, f32)>,
    frames: u64,
}

impl Energy {
    /// A detector for a new stream.
    #[must_use]
    pub fn new() -> Self {
        Self {
            framer: Framer::new(),
            previous_in: 0.0,
            previous_out: 0.0,
            smoothed: None,
            minima: VecDeque::new(),
            frames: 0,
        }
    }
}

impl Default for Energy {
    fn default() -> Self {
        Self::new()
    }
}

impl Vad for Energy {
    fn push(&mut self, samples: &[f32], probabilities: &mut Vec<f32>) {
        let Self { framer, previous_in, previous_out, smoothed, minima, frames } = self;
        framer.push(samples, |frame| {
            let mut energy = 0.0;
            for sample in frame {
                // One-pole high-pass at 100 Hz; mains hum and handling noise carry no words.
                *previous_out = 0.961 * (*previous_out + sample - *previous_in);
                *previous_in = *sample;
                energy += *previous_out * *previous_out;
            }
            let level = 10.0 * (energy / FRAME_LEN as f32 + 1e-10).log10();
            let smooth = smoothed.map_or(level, |last| 0.7 * last + 0.3 * level);
            *smoothed = Some(smooth);
            while minima.back().is_some_and(|(_, held)| *held >= smooth) {
                minima.pop_back();
            }
            minima.push_back((*frames, smooth));
            if minima.front().is_some_and(|(at, _)| at + FLOOR_FRAMES as u64 <= *frames) {
                minima.pop_front();
            }
            *frames += 1;
            let floor = minima.front().map_or(GATE, |(_, held)| *held + FLOOR_BIAS).min(MAX_FLOOR);
            let above = level - floor.max(GATE);
            probabilities.push(1.0 / (1.0 + ((MIDDLE - above) / SLOPE).exp()));
        });
    }
}
