use proptest::prelude::*;

use super::*;
use crate::vad::regions_reference;

const FRAME: usize = 256;

/// A recording whose sample `n` tells its position, so that a map can be checked sample by sample.
fn recording(len: usize) -> Vec<f32> {
    (0..len).map(|n| (n % 16_777_213) as f32 / 16_777_216.0 + 1e-7).collect()
}

fn pack(config: PackConfig, samples: &[f32], probabilities: &[f32], block: usize) -> Vec<PackedWindow> {
    let mut packer = Packer::new(config, FRAME, 3).unwrap();
    let mut windows = Vec::new();
    let mut given = 0;
    for (n, part) in samples.chunks(block).enumerate() {
        let complete = (((n + 1) * block).min(samples.len()) / FRAME).min(probabilities.len());
        packer.push(part, &probabilities[given..complete]);
        given = complete;
        windows.extend(std::iter::from_fn(|| packer.pop()));
        let limit = 2 * config.max_window_ms as usize * 16 + 2 * block + 3 * 16_000;
        assert!(packer.buffered_samples() <= limit, "{} samples held", packer.buffered_samples());
    }
    packer.push(&[], &probabilities[given..]);
    packer.finish();
    windows.extend(std::iter::from_fn(|| packer.pop()));
    windows
}

fn probabilities(runs: &[(f32, usize)]) -> Vec<f32> {
    runs.iter().flat_map(|(p, frames)| std::iter::repeat_n(*p, *frames)).collect()
}

/// Checks everything that [`Packer`] promises about its windows.
fn check(config: PackConfig, samples: &[f32], probabilities: &[f32], windows: &[PackedWindow]) {
    let joint = u64::from(config.joint_ms) * 16;
    let half = u64::from(config.overlap_ms) * 16 / 2;
    let mut pieces: Vec<Piece> = Vec::new();
    for (index, packed) in windows.iter().enumerate() {
        assert_eq!(packed.cut_before, index.checked_sub(1).and_then(|before| windows[before].cut_after));
        let window = &packed.window;
        assert_eq!((window.index, window.file), (index, 3));
        assert!(window.samples.len() <= config.max_window_ms as usize * 16, "window {index} is too long");
        assert!(!window.samples.is_empty());
        for (n, sample) in window.samples.iter().enumerate() {
            let inside = window
                .map
                .pieces()
                .iter()
                .any(|p| (p.window_start..p.window_start + p.len).contains(&(n as u64)));
            let expected = if inside { samples[window.map.to_file_sample(n as u64) as usize] } else { 0.0 };
            assert!(sample.to_bits() == expected.to_bits(), "window {index}, sample {n}");
        }
        for speech in &packed.speech {
            assert!(speech.start < speech.end && speech.end <= window.samples.len());
            let at = window.map.to_file_sample(speech.start as u64) as usize;
            assert!(probabilities[at / FRAME] >= config.regions.off);
        }
        assert!(packed.speech.windows(2).all(|w| w[0].end < w[1].start), "speech is in order and joined");
        // What is behind a cut is counted with the window that follows, and what is before it here.
        for (n, piece) in window.map.pieces().iter().enumerate() {
            let mut piece = *piece;
            if let Some(cut) = packed.cut_before.filter(|_| n == 0) {
                assert_eq!(piece.file_start + half, cut);
                (piece.file_start, piece.len) = (cut, piece.len - half);
            }
            let end = piece.file_start + piece.len;
            if let Some(cut) = packed.cut_after.filter(|_| n + 1 == window.map.pieces().len()) {
                assert!(cut <= end && end <= cut + half);
                piece.len -= end - cut;
            }
            pieces.push(piece);
        }
    }
    assert!(pieces.windows(2).all(|w| w[0].file_start + w[0].len <= w[1].file_start), "pieces are in order");

    // The pieces are the regions, but for cuts and short pauses.
    let mut covered: Vec<(u64, u64)> = Vec::new();
    for piece in &pieces {
        match covered.last_mut() {
            Some(last) if last.1 == piece.file_start => last.1 += piece.len,
            _ => covered.push((piece.file_start, piece.file_start + piece.len)),
        }
    }
    let regions = regions_reference(config.regions, FRAME, probabilities, samples.len() as u64);
    let mut expected = regions.iter().copied().peekable();
    for (start, end) in covered {
        let first = expected.next().expect("a piece belongs to a region");
        assert_eq!(first.0, start);
        let mut at = first.1;
        while let Some(next) = expected.next_if(|next| next.1 <= end) {
            assert!(next.0 - at <= joint, "a pause of {} samples was kept", next.0 - at);
            at = next.1;
        }
        assert_eq!(at, end, "no speech is lost");
    }
    assert_eq!(expected.next(), None, "every region is packed");
}

#[test]
fn silence_gives_no_window() {
    let samples = vec![0.0; 60 * 16_000];
    assert!(pack(PackConfig::default(), &samples, &vec![0.01; samples.len() / FRAME], 16_000).is_empty());
}

#[test]
fn two_utterances_share_a_window_with_a_short_joint() {
    // 2 s of speech, 20 s of silence, 2 s of speech.
    let probabilities = probabilities(&[(0.0, 60), (0.9, 125), (0.0, 1_250), (0.9, 125), (0.0, 60)]);
    let samples = recording(probabilities.len() * FRAME);
    let windows = pack(PackConfig::default(), &samples, &probabilities, 4_000);
    check(PackConfig::default(), &samples, &probabilities, &windows);
    assert_eq!(windows.len(), 1);
    let packed = &windows[0];
    let config = PackConfig::default();
    let samples = |ms: u32| ms as usize * 16;
    let (lead, trail) = (samples(config.regions.lead_ms), samples(config.regions.trail_ms));
    assert_eq!(packed.window.samples.len(), 2 * (125 * FRAME + lead + trail) + samples(config.joint_ms));
    assert_eq!(packed.speech.len(), 2);
    assert_eq!(packed.speech[0], lead..lead + 125 * FRAME);
    assert!(packed.rms > 0.0 && packed.peak <= 1.0);
}

#[test]
fn speech_without_a_pause_is_cut_at_its_quietest_point() {
    // 70 s; the level drops for 300 ms at 25 s and 48 s, the detector does not notice.
    let len = 70 * 16_000;
    let quiet =
        |n: usize| [25.0, 48.0].iter().any(|at| (at * 16_000.0..(at + 0.3) * 16_000.0).contains(&(n as f64)));
    let samples: Vec<f32> = (0..len)
        .map(|n| {
            let tone = (std::f32::consts::TAU * 180.0 * n as f32 / 16_000.0).sin();
            if quiet(n) { 0.001 * tone } else { 0.3 * tone }
        })
        .collect();
    let probabilities = vec![0.9; len / FRAME];
    let windows = pack(PackConfig::default(), &samples, &probabilities, 16_000);
    let ends: Vec<f64> = windows
        .iter()
        .map(|packed| packed.window.map.to_file_sample(packed.window.samples.len() as u64) as f64 / 16_000.0)
        .collect();
    assert_eq!(windows.len(), 3, "{ends:?}");
    assert!((25.0..25.3).contains(&ends[0]) && (48.0..48.3).contains(&ends[1]), "{ends:?}");
    assert_eq!(windows.iter().map(|packed| packed.window.samples.len()).sum::<usize>(), len);
}

#[test]
fn settings_out_of_range_are_refused() {
    let default = PackConfig::default();
    for config in [
        PackConfig { max_window_ms: 30_001, ..default },
        PackConfig { max_window_ms: 1_000, ..default },
        PackConfig { joint_ms: 5_000, ..default },
        PackConfig { cut_search_ms: 20_000, ..default },
        PackConfig { overlap_ms: 8_000, ..default },
    ] {
        assert_eq!(Packer::new(config, FRAME, 0).err().unwrap().kind(), ErrorKind::Config, "{config:?}");
    }
}

#[test]
fn later_recordings_go_on_counting() {
    let mut packer = Packer::new(PackConfig::default(), FRAME, 1).unwrap().starting_at(7);
    packer.push(&recording(100 * FRAME), &[0.9; 100]);
    packer.finish();
    assert_eq!(packer.pop().unwrap().window.index, 7);
}

#[test]
fn live_windows_are_done_at_a_pause_and_shown_before() {
    let mut packer = Packer::new(PackConfig::live(), FRAME, 0).unwrap();
    assert_eq!(packer.peek(), None);
    // 3.2 s of speech: shown, not done.
    packer.push(&recording(200 * FRAME), &[0.9; 200]);
    let shown = packer.peek().unwrap();
    assert!((3_000..=3_300).contains(&shown.window.duration_ms()), "{}", shown.window.duration_ms());
    assert_eq!(packer.pop(), None);
    // A pause of 1.6 s and the frames that find it: done, and nothing more to show.
    packer.push(&vec![0.0; 130 * FRAME], &[0.0; 130]);
    let done = packer.pop().unwrap();
    assert!(done.window.duration_ms() >= 3_200 && packer.peek().is_none());
    // Speech over 5 s is done with its region, not 1.5 s later.
    packer.push(&recording(400 * FRAME), &[0.9; 400]);
    packer.push(&vec![0.0; 60 * FRAME], &[0.0; 60]);
    assert_eq!(packer.pop().unwrap().window.index, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn speech_is_packed_whole_once_and_in_order(
        runs in proptest::collection::vec((prop_oneof![Just(0.0_f32), Just(0.95), 0.0_f32..=1.0], 1_usize..250), 1..16),
        max_window_ms in 2_000_u32..8_000,
        joint_ms in 0_u32..300,
        lead_ms in 0_u32..500,
        trail_ms in 0_u32..300,
        overlap_ms in prop_oneof![Just(0_u32), 0_u32..500],
        close_after_ms in 500_u32..8_000,
        settle_ms in proptest::option::of(100_u32..3_000),
        tail in 0_usize..FRAME,
        block in 1_usize..20_000,
    ) {
        let config = PackConfig {
            max_window_ms,
            joint_ms,
            cut_search_ms: max_window_ms / 3,
            overlap_ms,
            close_after_ms,
            settle_ms,
            regions: RegionConfig { lead_ms, trail_ms, ..RegionConfig::default() },
        };
        let probabilities = probabilities(&runs);
        let samples = recording(probabilities.len() * FRAME - tail);
        let windows = pack(config, &samples, &probabilities, block);
        check(config, &samples, &probabilities, &windows);
    }
}
