//! Where to cut speech that does not pause.

/// Step of the search, in samples: 10 ms.
const HOP: usize = 160;
/// Half the length over which a place is judged, in hops. Together 160 ms: longer than the silence inside a geminate
/// consonant (促音) or a stop, so a real pause wins over those.
const HALF: usize = 8;
/// What a probability of speech of 1 counts, in dB.
const SPEECH_PENALTY: f32 = 12.0;
/// What a place earlier by one second counts, in dB: fuller windows cost less to recognise.
const EARLY_PENALTY: f32 = 0.5;
/// Level of digital silence, in dB.
const FLOOR: f32 = -80.0;

/// The best offset to cut `samples` at: where level and probability of speech are lowest over 160 ms. `speech` gives the
/// probability at an offset. The result is in `0..=samples.len()`.
pub(super) fn quietest(samples: &[f32], speech: impl Fn(usize) -> f32) -> usize {
    let costs: Vec<f32> = samples
        .chunks_exact(HOP)
        .enumerate()
        .map(|(hop, part)| {
            let power = part.iter().map(|s| s * s).sum::<f32>() / HOP as f32;
            (10.0 * (power + 1e-12).log10()).max(FLOOR) + SPEECH_PENALTY * speech(hop * HOP + HOP / 2)
        })
        .collect();
    let score = |middle: usize| {
        let around = &costs[middle.saturating_sub(HALF)..costs.len().min(middle + HALF)];
        let mean = around.iter().sum::<f32>() / around.len() as f32;
        let early = (costs.len() - middle) as f32 * HOP as f32 / 16_000.0;
        mean + EARLY_PENALTY * early
    };
    // Places closer than half a window to the borders are judged by what is on one side only; leave them out.
    let inner = HALF..costs.len().saturating_sub(HALF);
    let best = inner.min_by(|a, b| score(*a).total_cmp(&score(*b)));
    best.map_or(samples.len(), |hop| hop * HOP)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Words" of 400 ms with 80 ms closures inside and a pause of `pause_ms` at `pause_at_ms`.
    fn speech(pause_at_ms: usize, pause_ms: usize) -> Vec<f32> {
        (0..8 * 16_000)
            .map(|n| {
                let ms = n / 16;
                let closed = ms % 400 >= 320;
                let paused = (pause_at_ms..pause_at_ms + pause_ms).contains(&ms);
                let tone = (std::f32::consts::TAU * 200.0 * n as f32 / 16_000.0).sin();
                if closed || paused { 0.0005 * tone } else { 0.2 * tone }
            })
            .collect()
    }

    #[test]
    fn a_pause_wins_over_the_closures_inside_words() {
        for pause_at_ms in [900, 3_000, 6_500] {
            let cut_ms = quietest(&speech(pause_at_ms, 200), |_| 0.8) / 16;
            assert!(
                (pause_at_ms..pause_at_ms + 200).contains(&cut_ms),
                "cut at {cut_ms} ms, pause at {pause_at_ms}"
            );
        }
    }

    #[test]
    fn the_detector_decides_where_noise_hides_the_pause() {
        let noise = vec![0.1; 8 * 16_000];
        let cut = quietest(&noise, |at| if (40_000..44_000).contains(&at) { 0.05 } else { 0.9 });
        assert!((40_000..44_000).contains(&cut));
    }

    #[test]
    fn too_little_sound_is_not_cut() {
        assert_eq!(quietest(&[0.1; 100], |_| 0.5), 100);
    }
}
