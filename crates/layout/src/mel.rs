//! The mel filter bank that a ggml file carries.

/// Width of the filters: bins of a 400-point FFT.
pub const BINS: usize = 201;

/// Samples per second of the filters' input.
const SAMPLE_RATE: f64 = 16_000.0;
/// Hertz per mel below the break.
const HERTZ_PER_MEL: f64 = 200.0 / 3.0;
/// Where the scale turns from linear to logarithmic.
const BREAK_HERTZ: f64 = 1_000.0;
const BREAK_MEL: f64 = 15.0;
/// Mels per factor e above the break: 27 mels per factor 6.4.
fn log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

fn mel_of(hertz: f64) -> f64 {
    if hertz < BREAK_HERTZ {
        hertz / HERTZ_PER_MEL
    } else {
        BREAK_MEL + (hertz / BREAK_HERTZ).ln() / log_step()
    }
}

fn hertz_of(mel: f64) -> f64 {
    if mel < BREAK_MEL { HERTZ_PER_MEL * mel } else { BREAK_HERTZ * (log_step() * (mel - BREAK_MEL)).exp() }
}

/// `n_mels` triangular filters over [`BINS`] FFT bins, row by row (`[n_mels][201]`), for 16 kHz and 0–8,000 Hz.
///
/// Slaney's scale and area normalisation (M. Slaney, *Auditory Toolbox*, 1998), computed in the order of
/// `librosa.filters.mel(sr=16000, n_fft=400, n_mels=n_mels)`, of which `OpenAI`'s `mel_filters.npz` is the output; the
/// 80 filters equal that file bit for bit. Weights are per hertz, so that each filter's area is 1.
#[must_use]
pub fn filters(n_mels: usize) -> Vec<f32> {
    let top = mel_of(SAMPLE_RATE / 2.0);
    let step = top / (n_mels + 1) as f64;
    let edge = |i: usize| hertz_of(if i == n_mels + 1 { top } else { step * i as f64 });
    let mut weights = Vec::with_capacity(n_mels * BINS);
    for m in 0..n_mels {
        let (low, centre, high) = (edge(m), edge(m + 1), edge(m + 2));
        let area = 2.0 / (high - low);
        for bin in 0..BINS {
            let hertz = SAMPLE_RATE / 2.0 / (BINS - 1) as f64 * bin as f64;
            let rise = -(low - hertz) / (centre - low);
            let fall = (high - hertz) / (high - centre);
            let height = rise.min(fall);
            // No negative zero; rounded to f32 before and after the normalisation, as the reference does.
            let height = if height > 0.0 { height as f32 } else { 0.0 };
            weights.push((f64::from(height) * area) as f32);
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_80_filters_are_those_of_the_published_model_files() {
        let bytes: Vec<u8> = filters(80).iter().flat_map(|w| w.to_le_bytes()).collect();
        let digest =
            Sha256::digest(&bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert_eq!(digest, "85818f156f7e189453901a515e4726d270d307f976e161cf9403e8caab405498");
    }

    #[test]
    fn the_scale_is_linear_to_1000_hertz_and_returns_what_went_in() {
        assert!((mel_of(500.0) - 7.5).abs() < 1e-12);
        assert!((mel_of(6_400.0) - 42.0).abs() < 1e-9);
        for hertz in [0.0, 66.0, 999.0, 1_000.0, 1_001.0, 7_999.0] {
            assert!((hertz_of(mel_of(hertz)) - hertz).abs() < 1e-9);
        }
    }

    #[test]
    fn every_filter_has_weights_and_area_one_where_it_is_wider_than_the_bins() {
        for n_mels in [80, 128] {
            let all = filters(n_mels);
            assert_eq!(all.len(), n_mels * BINS);
            for (m, row) in all.chunks(BINS).enumerate() {
                let area = row.iter().sum::<f32>() * 40.0;
                assert!(area > 0.0, "filter {m} of {n_mels} is empty");
                if m > n_mels / 2 {
                    assert!((area - 1.0).abs() < 0.1, "filter {m} of {n_mels} has area {area}");
                }
            }
        }
    }
}
