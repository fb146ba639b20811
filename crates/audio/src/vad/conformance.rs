//! What every detector must keep.

use super::Vad;

/// One second of vowel-like sound: a 140 Hz pulse train through three formants, swelling four times a second.
fn vowel() -> Vec<f32> {
    let mut state = [(0.0_f32, 0.0_f32); 3];
    let formants = [(700.0_f32, 90.0_f32), (1_220.0, 110.0), (2_600.0, 160.0)];
    (0..16_000)
        .map(|n| {
            let pulse = if n % 114 == 0 { 1.0 } else { 0.0 };
            let swell = 0.55 + 0.45 * (std::f32::consts::TAU * 4.0 * n as f32 / 16_000.0).sin();
            let mut sound = 0.0;
            for ((y1, y2), (frequency, bandwidth)) in state.iter_mut().zip(formants) {
                let radius = (-std::f32::consts::PI * bandwidth / 16_000.0).exp();
                let angle = std::f32::consts::TAU * frequency / 16_000.0;
                let y = pulse + 2.0 * radius * angle.cos() * *y1 - radius * radius * *y2;
                (*y1, *y2) = (y, *y1);
                sound += y;
            }
            (0.12 * swell * sound).clamp(-1.0, 1.0)
        })
        .collect()
}

fn run(make: &dyn Fn() -> Box<dyn Vad>, samples: &[f32], block: usize) -> Vec<f32> {
    let mut vad = make();
    let mut probabilities = Vec::new();
    for part in samples.chunks(block) {
        vad.push(part, &mut probabilities);
    }
    probabilities
}

/// Checks a detector against the contract of [`Vad`]. For tests of implementations.
///
/// # Panics
/// When the detector breaks the contract; `name` is in the message.
pub fn conformance(name: &str, make: &dyn Fn() -> Box<dyn Vad>) {
    let frame_len = make().frame_len();
    assert!((80..=1_600).contains(&frame_len), "{name}: a frame is 5 to 100 ms long");

    let silence = vec![0.0; 48_000];
    let samples = [silence.as_slice(), &vowel(), &silence].concat();
    let whole = run(make, &samples, samples.len());
    assert_eq!(whole.len(), samples.len() / frame_len, "{name}: one probability per whole frame");
    assert!(whole.iter().all(|p| (0.0..=1.0).contains(p)), "{name}: probabilities are in 0..=1");
    for block in [1, 7, 160, frame_len - 1, frame_len, frame_len + 1, 4_000] {
        assert_eq!(run(make, &samples, block), whole, "{name}: blocks of {block} give the same");
    }

    let quiet = &whole[..48_000 / frame_len];
    assert!(quiet.iter().all(|p| *p < 0.5), "{name}: digital silence is no speech");
    let mean = |p: &[f32]| p.iter().sum::<f32>() / p.len() as f32;
    let voiced = &whole[48_000 / frame_len + 2..64_000 / frame_len];
    assert!(mean(voiced) > mean(quiet) + 0.3, "{name}: a vowel is more like speech than silence is");

    let full_scale: Vec<f32> = (0..16_000).map(|n| if n % 2 == 0 { 1.0 } else { -1.0 }).collect();
    let loud = run(make, &full_scale, 1_000);
    assert!(loud.iter().all(|p| (0.0..=1.0).contains(p)), "{name}: full scale stays in 0..=1");
    let mut nothing = Vec::new();
    make().push(&[], &mut nothing);
    assert!(nothing.is_empty(), "{name}: no samples, no frames");
}
