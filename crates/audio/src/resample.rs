//! Any sample rate to 16 kHz, without shifting time.

use record::SAMPLE_RATE;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _, WindowFunction};

use crate::{Error, ErrorKind, Result};

/// Source rates that are accepted, in Hz. The upper bound is twice what sound cards offer; it also bounds the filter's memory.
pub(crate) const RATES: std::ops::RangeInclusive<u32> = 2_000..=384_000;

/// Shortest filter, in samples at the lower of the two rates. 512 keeps the transition band narrow (about 300 Hz below 8 kHz).
const FILTER_LEN: usize = 512;

/// Streaming mono resampler to [`SAMPLE_RATE`].
///
/// The filter is linear phase and its delay is cut off exactly, so output sample `n` is the sound at `n / 16000` s; the
/// output of `frames` input samples is `round(frames * 16000 / rate)` samples long.
pub struct Resampler {
    rate: u32,
    inner: Option<Fft<f32>>,
    chunk_in: usize,
    pending: Vec<f32>,
    chunk_out: Vec<f32>,
    /// Output samples still to drop: the filter's delay.
    delay: usize,
    frames_in: u64,
    frames_out: u64,
}

impl Resampler {
    /// A resampler from `rate` Hz.
    ///
    /// # Errors
    /// [`ErrorKind::Damaged`] outside 2–384 kHz: no recorder writes that, so the header lies.
    pub fn new(rate: u32) -> Result<Self> {
        if !RATES.contains(&rate) {
            return Err(Error::new(ErrorKind::Damaged, format!("impossible sample rate: {rate} Hz"))
                .in_japanese(format!("標本化周波数が{rate} Hz")));
        }
        let mut resampler = Self {
            rate,
            inner: None,
            chunk_in: 0,
            pending: Vec::new(),
            chunk_out: Vec::new(),
            delay: 0,
            frames_in: 0,
            frames_out: 0,
        };
        if rate != SAMPLE_RATE {
            let (from, to) = (rate as usize, SAMPLE_RATE as usize);
            let divisor = gcd(from, to);
            let (unit_in, unit_out) = (from / divisor, to / divisor);
            // An even number of units: half a block, the delay, is then whole on both sides.
            let units = FILTER_LEN.div_ceil(unit_in.min(unit_out)).next_multiple_of(2);
            let chunk = units * unit_in;
            let window = WindowFunction::BlackmanHarris2;
            let inner = Fft::new_custom(from, to, chunk, 1, 1, window, FixedSync::Both)
                .map_err(|e| Error::new(ErrorKind::Unsupported, "sample rate").with_source(e))?;
            resampler.chunk_in = inner.input_frames_next();
            resampler.chunk_out = vec![0.0; inner.output_frames_max()];
            resampler.delay = inner.output_delay();
            resampler.inner = Some(inner);
        }
        Ok(resampler)
    }

    /// The source rate, in Hz.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Appends what `mono` (at the source rate, −1.0..=1.0) adds to the output; the output is in −1.0..=1.0 too.
    pub fn push(&mut self, mono: &[f32], out: &mut Vec<f32>) -> Result<()> {
        self.frames_in += mono.len() as u64;
        if self.inner.is_none() {
            self.frames_out += mono.len() as u64;
            out.extend_from_slice(mono);
            return Ok(());
        }
        self.pending.extend_from_slice(mono);
        let mut used = 0;
        while self.pending.len() - used >= self.chunk_in {
            self.process(used, self.chunk_in, u64::MAX, out)?;
            used += self.chunk_in;
        }
        self.pending.drain(..used);
        Ok(())
    }

    /// Appends the rest: what is still inside the filter. The resampler is as new afterwards.
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Result<()> {
        let total = (u128::from(self.frames_in) * u128::from(SAMPLE_RATE) + u128::from(self.rate) / 2)
            / u128::from(self.rate);
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        while self.inner.is_some() && self.frames_out < total {
            self.process(0, self.pending.len(), total, out)?;
            self.pending.clear();
        }
        self.pending.clear();
        (self.frames_in, self.frames_out) = (0, 0);
        if let Some(inner) = &mut self.inner {
            inner.reset();
            self.delay = inner.output_delay();
        }
        Ok(())
    }

    /// Resamples one chunk: `len` samples from `start` of the pending ones, then silence. Stops at `total` output samples.
    fn process(&mut self, start: usize, len: usize, total: u64, out: &mut Vec<f32>) -> Result<()> {
        let Some(inner) = &mut self.inner else { return Ok(()) };
        let internal = |e| Error::new(ErrorKind::Unsupported, "resampling failed").with_source(e);
        let layout = |e: rubato::audioadapter_buffers::SizeError| {
            Error::new(ErrorKind::Unsupported, "resampling failed").with_source(e.to_string())
        };
        let input = InterleavedSlice::new(&self.pending[start..start + len], 1, len).map_err(layout)?;
        let capacity = self.chunk_out.len();
        let mut output = InterleavedSlice::new_mut(&mut self.chunk_out, 1, capacity).map_err(layout)?;
        let indexing = Indexing::new().partial_len(len);
        let (_, made) = inner.process_into_buffer(&input, &mut output, Some(&indexing)).map_err(internal)?;
        let skip = self.delay.min(made);
        self.delay -= skip;
        let wanted = usize::try_from(total - self.frames_out).unwrap_or(usize::MAX);
        let fresh = &self.chunk_out[skip..made.min(skip.saturating_add(wanted))];
        self.frames_out += fresh.len() as u64;
        // A steep filter overshoots at full-scale edges.
        out.extend(fresh.iter().map(|s| s.clamp(-1.0, 1.0)));
        Ok(())
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resample(rate: u32, input: &[f32], block: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(rate).unwrap();
        let mut out = Vec::new();
        for part in input.chunks(block) {
            resampler.push(part, &mut out).unwrap();
        }
        resampler.finish(&mut out).unwrap();
        out
    }

    /// A Gaussian pulse is band limited, so its centre of mass is its time at every rate.
    fn pulse(rate: u32, seconds: f64, centre: f64) -> Vec<f32> {
        let frames = (f64::from(rate) * seconds) as usize;
        (0..frames)
            .map(|n| {
                let t = n as f64 / f64::from(rate) - centre;
                (0.9 * (-(t / 0.002).powi(2)).exp()) as f32
            })
            .collect()
    }

    fn centre(samples: &[f32], rate: u32) -> f64 {
        let (mut weight, mut moment) = (0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            weight += f64::from(*sample);
            moment += f64::from(*sample) * n as f64;
        }
        moment / weight / f64::from(rate)
    }

    #[test]
    fn a_pulse_stays_where_it_was() {
        for rate in [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 44_101] {
            let out = resample(rate, &pulse(rate, 1.0, 0.4), 1152);
            let error = centre(&out, SAMPLE_RATE) - 0.4;
            assert!(error.abs() < 2e-6, "{rate} Hz: off by {error} s");
            assert_eq!(out.len(), 16_000, "{rate} Hz");
        }
    }

    #[test]
    fn a_tone_keeps_its_phase_and_level() {
        for rate in [8_000, 44_100, 48_000] {
            let tone = |rate: u32, n: usize| {
                (0.5 * (std::f64::consts::TAU * 1_000.0 * n as f64 / f64::from(rate)).sin()) as f32
            };
            let input: Vec<f32> = (0..rate as usize).map(|n| tone(rate, n)).collect();
            let out = resample(rate, &input, 4_096);
            // The first and last 50 ms hold the filter's edges.
            let worst = (800..15_200).map(|n| (out[n] - tone(SAMPLE_RATE, n)).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{rate} Hz: {worst}");
        }
    }

    #[test]
    fn sound_above_8_khz_does_not_fold_down() {
        let input: Vec<f32> = (0..48_000)
            .map(|n| (std::f64::consts::TAU * 11_000.0 * f64::from(n) / 48_000.0).sin() as f32)
            .collect();
        let out = resample(48_000, &input, 960);
        let worst = out[800..15_200].iter().fold(0.0_f32, |m, s| m.max(s.abs()));
        assert!(worst < 1e-3, "{worst}");
    }

    #[test]
    fn impossible_rates_are_refused() {
        for rate in [0, 1, 1_000_000_000, u32::MAX] {
            assert_eq!(Resampler::new(rate).err().unwrap().kind(), ErrorKind::Damaged);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn the_length_is_exact_whatever_the_rate_and_the_blocks(
            rate in prop_oneof![Just(8_000_u32), Just(11_025), Just(44_100), Just(48_000), 2_000_u32..100_000],
            frames in 0_usize..30_000,
            block in 1_usize..5_000,
        ) {
            let out = resample(rate, &vec![0.25; frames], block);
            let expected = (frames as f64 * 16_000.0 / f64::from(rate)).round() as usize;
            prop_assert_eq!(out.len(), expected);
            prop_assert!(out.iter().all(|s| s.is_finite() && s.abs() <= 1.0));
        }
    }
}
