//! The test signal, and shortcuts.

use std::io::Cursor;
use std::path::PathBuf;

use audio::{AudioReader, Result};

/// Centres of the chirps, in seconds.
pub(crate) const CENTRES: [f64; 3] = [0.25, 1.0, 1.75];

/// A committed file.
pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The signal of `tests/data/make_data.sh` at `t` seconds.
pub(crate) fn signal(t: f64) -> f64 {
    CENTRES.iter().map(|centre| chirp(t - centre)).sum()
}

fn chirp(t: f64) -> f64 {
    0.5 * (-(t / 0.02).powi(2)).exp() * (std::f64::consts::TAU * (1_500.0 * t + 20_000.0 * t * t)).sin()
}

/// How much later than it should be the chirp at `centre` is, in milliseconds: the peak of the cross-correlation, to a
/// fraction of a sample.
pub(crate) fn lateness_ms(samples: &[f32], centre: f64) -> f64 {
    let from = (centre * 16_000.0) as i64 - 800;
    let reference: Vec<f64> = (from..from + 1_600).map(|at| chirp(at as f64 / 16_000.0 - centre)).collect();
    let heard =
        |at: i64| usize::try_from(at).ok().and_then(|at| samples.get(at)).copied().map_or(0.0, f64::from);
    let correlation =
        |lag: i64| -> f64 { (from..).zip(&reference).map(|(at, sample)| heard(at + lag) * sample).sum() };
    let best = (-500..=500).max_by(|a, b| correlation(*a).total_cmp(&correlation(*b))).unwrap();
    let (before, peak, after) = (correlation(best - 1), correlation(best), correlation(best + 1));
    let fraction = 0.5 * (before - after) / (before - 2.0 * peak + after);
    (best as f64 + fraction) / 16.0
}

/// All samples of a reader.
pub(crate) fn drain(reader: &mut AudioReader) -> Vec<f32> {
    let mut samples = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        assert!(!block.is_empty() && block.len() <= audio::MAX_BLOCK);
        assert!(block.iter().all(|s| s.is_finite() && s.abs() <= 1.0));
        samples.extend_from_slice(block);
    }
    assert!(reader.next_block().unwrap().is_none());
    samples
}

/// A reader of bytes that cannot seek.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<AudioReader> {
    AudioReader::from_reader(Box::new(Cursor::new(bytes.to_vec())), "bytes")
}

/// A WAV file in memory.
pub(crate) fn wav(
    spec: hound::WavSpec,
    write: impl FnOnce(&mut hound::WavWriter<&mut Cursor<Vec<u8>>>),
) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    write(&mut writer);
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// 16-bit PCM with the test signal on every channel.
pub(crate) fn pcm(rate: u32, channels: u16, frames: usize) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    wav(spec, |writer| {
        for n in 0..frames {
            let sample = (signal(n as f64 / f64::from(rate)) * 32_767.0).round() as i16;
            (0..channels).for_each(|_| writer.write_sample(sample).unwrap());
        }
    })
}
