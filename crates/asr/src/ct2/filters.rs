//! The mel filters, which a directory of `CTranslate2` does not hold.

use crate::mel::BINS;

/// Half of the sample rate, the last bin's frequency in hertz.
const TOP_HERTZ: f64 = 8_000.0;
/// Hertz per mel below the break.
const HERTZ_PER_MEL: f64 = 200.0 / 3.0;
/// Where the scale turns from linear to logarithmic.
const BREAK_HERTZ: f64 = 1_000.0;
const BREAK_MEL: f64 = 15.0;

/// Mels per factor e above the break: 27 mels per factor 6.4.
fn log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

fn hertz_of(mel: f64) -> f64 {
    if mel < BREAK_MEL { HERTZ_PER_MEL * mel } else { BREAK_HERTZ * (log_step() * (mel - BREAK_MEL)).exp() }
}

/// `[bands][201]`, row by row: triangles on Slaney's scale with area 1, as the reference's `mel_filters.npz`.
pub(super) fn filters(bands: usize) -> Vec<f32> {
    let top = BREAK_MEL + (TOP_HERTZ / BREAK_HERTZ).ln() / log_step();
    let edge = |i: usize| hertz_of(top * i as f64 / (bands + 1) as f64);
    let mut weights = Vec::with_capacity(bands * BINS);
    for band in 0..bands {
        let (low, centre, high) = (edge(band), edge(band + 1), edge(band + 2));
        for bin in 0..BINS {
            let hertz = TOP_HERTZ / (BINS - 1) as f64 * bin as f64;
            let height = ((hertz - low) / (centre - low)).min((high - hertz) / (high - centre)).max(0.0);
            weights.push((height * 2.0 / (high - low)) as f32);
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_filter_has_weights_and_the_first_is_that_of_the_reference() {
        for bands in [80, 128] {
            let all = filters(bands);
            assert_eq!(all.len(), bands * BINS);
            assert!(all.chunks(BINS).all(|row| row.iter().any(|w| *w > 0.0)));
        }
        // `mel_filters.npz`, mel_80: the first filter has one weight.
        let row = &filters(80)[..BINS];
        assert!((row[1] - 0.024_862_594).abs() < 1e-7, "{}", row[1]);
        assert_eq!(row.iter().filter(|w| **w > 0.0).count(), 1);
    }
}
