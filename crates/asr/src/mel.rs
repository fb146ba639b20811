//! The log-mel spectrogram that Whisper's encoder hears.
//!
//! The reference is `whisper/audio.py` (`log_mel_spectrogram`): frames of 400 samples every 160 under a Hann window, the
//! power spectrum through the model's own mel filters, the logarithm to base 10, clamped to 8 below the loudest value,
//! then `(x + 4) / 4`. whisper.cpp computes the same with a transform of its own and pads every window with 30 s of
//! silence, which it transforms too; here a real-valued FFT does the spoken part alone.

use std::ops::Range;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

/// Samples under the window: 25 ms.
const FRAME: usize = 400;
/// Samples from frame to frame: 10 ms.
pub(crate) const HOP: usize = 160;
/// Bins of the spectrum of a frame.
pub(crate) const BINS: usize = FRAME / 2 + 1;
/// Power below which everything is equally silent.
const FLOOR: f32 = 1e-10;
/// What is quieter than the loudest value by more decades than this is raised to it.
const RANGE: f32 = 8.0;

/// Spectrogram of one window, `[bands][frames]`, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrogram {
    /// Normalised log power; band after band.
    pub values: Vec<f32>,
    /// Frames of 10 ms each.
    pub frames: usize,
}

/// Computes spectrograms with the filters of one model.
pub struct MelSpectrogram {
    filters: Vec<Filter>,
    hann: [f32; FRAME],
    fft: Arc<dyn RealToComplex<f32>>,
}

/// A mel filter without its zeros.
struct Filter {
    bins: Range<usize>,
    weights: Vec<f32>,
}

impl std::fmt::Debug for MelSpectrogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MelSpectrogram").field("bands", &self.filters.len()).finish_non_exhaustive()
    }
}

impl MelSpectrogram {
    /// Takes the filters as model files hold them: `[bands][201]`, row by row. A last row that is not whole is left out.
    #[must_use]
    pub fn new(filters: &[f32]) -> Self {
        let filters = filters
            .chunks_exact(BINS)
            .map(|row| {
                let first = row.iter().position(|w| *w != 0.0).unwrap_or(0);
                let last = row.iter().rposition(|w| *w != 0.0).map_or(first, |last| last + 1);
                Filter { bins: first..last, weights: row[first..last].to_vec() }
            })
            .collect();
        let hann = std::array::from_fn(|i| {
            let angle = std::f64::consts::TAU * i as f64 / FRAME as f64;
            (0.5 * (1.0 - angle.cos())) as f32
        });
        Self { filters, hann, fft: RealFftPlanner::new().plan_fft_forward(FRAME) }
    }

    /// Number of mel bands.
    #[must_use]
    pub fn bands(&self) -> usize {
        self.filters.len()
    }

    /// Spectrogram of `samples` (16 kHz), cut or filled with silence to `frames`.
    ///
    /// The samples are mirrored at their start and silent after their end, as in the reference.
    #[must_use]
    pub fn compute(&self, samples: &[f32], frames: usize) -> Spectrogram {
        // Frame i is centred on sample 160 i.
        let heard = (samples.len() + FRAME / 2).div_ceil(HOP).min(frames);
        let floor = FLOOR.log10();
        let mut values = vec![floor; self.bands() * frames];
        let mut loudest = floor;
        let mut frame = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut power = [0.0_f32; BINS];
        for at in 0..heard {
            self.window(samples, at, &mut frame);
            if self.fft.process_with_scratch(&mut frame, &mut spectrum, &mut scratch).is_err() {
                continue;
            }
            for (power, bin) in power.iter_mut().zip(&spectrum) {
                *power = Complex32::norm_sqr(bin);
            }
            for (band, filter) in self.filters.iter().enumerate() {
                let energy: f32 =
                    power[filter.bins.clone()].iter().zip(&filter.weights).map(|(p, w)| p * w).sum();
                // Samples may be as large as a number can be; their energy may not.
                let energy = if energy.is_finite() { energy.max(FLOOR) } else { f32::MAX };
                let value = energy.log10();
                loudest = loudest.max(value);
                values[band * frames + at] = value;
            }
        }
        for value in &mut values {
            *value = (value.max(loudest - RANGE) + 4.0) / 4.0;
        }
        Spectrogram { values, frames }
    }

    /// Frame number `at` under the Hann window.
    fn window(&self, samples: &[f32], at: usize, frame: &mut [f32]) {
        let start = (at * HOP) as isize - (FRAME / 2) as isize;
        for (i, (out, weight)) in frame.iter_mut().zip(&self.hann).enumerate() {
            let index = (start + i as isize).unsigned_abs();
            *out = weight * samples.get(index).copied().unwrap_or(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two bands: the lower and the upper half of the spectrum.
    fn filters() -> Vec<f32> {
        (0..2 * BINS).map(|i| if (i % BINS < BINS / 2) == (i < BINS) { 0.01 } else { 0.0 }).collect()
    }

    fn tone(hertz: f32, len: usize) -> Vec<f32> {
        (0..len).map(|n| 0.3 * (std::f32::consts::TAU * hertz * n as f32 / 16_000.0).sin()).collect()
    }

    /// The formula as it stands in the reference, with a transform from its definition.
    fn reference(samples: &[f32], filters: &[f32], frames: usize) -> Vec<f32> {
        let padded = |index: isize| samples.get(index.unsigned_abs()).copied().map_or(0.0, f64::from);
        let bands = filters.len() / BINS;
        let mut values = vec![0.0_f64; bands * frames];
        for at in 0..frames {
            let power: Vec<f64> = (0..BINS)
                .map(|bin| {
                    let (mut re, mut im) = (0.0, 0.0);
                    for n in 0..FRAME {
                        let turn = std::f64::consts::TAU * n as f64 / FRAME as f64;
                        let x = padded((at * HOP + n) as isize - 200) * 0.5 * (1.0 - turn.cos());
                        re += x * (turn * bin as f64).cos();
                        im -= x * (turn * bin as f64).sin();
                    }
                    re * re + im * im
                })
                .collect();
            for band in 0..bands {
                let row = &filters[band * BINS..(band + 1) * BINS];
                let sum: f64 = row.iter().zip(&power).map(|(w, p)| f64::from(*w) * p).sum();
                values[band * frames + at] = sum.max(1e-10).log10();
            }
        }
        let loudest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        values.iter().map(|v| ((v.max(loudest - 8.0) + 4.0) / 4.0) as f32).collect()
    }

    #[test]
    fn it_is_the_formula_of_the_reference() {
        for samples in [tone(440.0, 3_000), tone(5_000.0, 1_601), vec![0.0; 800], vec![0.5], Vec::new()] {
            let found = MelSpectrogram::new(&filters()).compute(&samples, 30);
            let expected = reference(&samples, &filters(), 30);
            let furthest = found.values.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(furthest < 1e-4, "{} samples: {furthest}", samples.len());
        }
    }

    #[test]
    fn a_tone_is_in_its_band_and_silence_follows() {
        let mel = MelSpectrogram::new(&filters());
        let spectrogram = mel.compute(&tone(440.0, 1_600), 100);
        assert_eq!((mel.bands(), spectrogram.frames, spectrogram.values.len()), (2, 100, 200));
        let (low, high) = spectrogram.values.split_at(100);
        assert!(low[5] > high[5] + 0.5);
        assert!(low[50..].iter().all(|v| (v - low[50]).abs() < f32::EPSILON) && low[50] < low[5]);
    }

    #[test]
    fn samples_of_any_size_give_numbers() {
        for loud in [f32::MAX, f32::MIN, 1e20, f32::MIN_POSITIVE] {
            let samples: Vec<f32> = (0..800).map(|i| if i % 7 == 0 { loud } else { 0.0 }).collect();
            let spectrogram = MelSpectrogram::new(&filters()).compute(&samples, 10);
            assert!(spectrogram.values.iter().all(|value| value.is_finite()), "{loud}");
        }
    }
}
