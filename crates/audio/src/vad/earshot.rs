//! The `earshot` neural detector; its 40 KB of weights are in the crate.

use std::fmt;

use super::{FRAME_LEN, Framer, Vad};

/// The `earshot` crate's detector: a small recurrent network over mel features, 16 ms frames, about 3,000 times real time.
///
/// A frame's probability comes from the 48 ms that end with it and two frames before.
pub struct Earshot {
    detector: Box<earshot::Detector>,
    framer: Framer<FRAME_LEN>,
}

impl Earshot {
    /// A detector for a new stream.
    #[must_use]
    pub fn new() -> Self {
        Self { detector: Box::new(earshot::Detector::default()), framer: Framer::new() }
    }
}

impl Default for Earshot {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Earshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Earshot").finish_non_exhaustive()
    }
}

impl Vad for Earshot {
    fn push(&mut self, samples: &[f32], probabilities: &mut Vec<f32>) {
        let detector = &mut self.detector;
        self.framer.push(samples, |frame| {
            let probability = detector.predict_f32(frame);
            // The network's output is a sigmoid; a NaN would poison every comparison after it.
            probabilities.push(if probability.is_nan() { 0.0 } else { probability.clamp(0.0, 1.0) });
        });
    }
}
