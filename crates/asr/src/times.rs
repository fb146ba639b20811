//! When each token was spoken.
//!
//! The decoder's timestamp tokens are good to a second or two in Japanese with the small models, and token times that
//! are interpolated between them no better. An alignment by dynamic time warping over the cross-attention tells when
//! a token *ends*; what it does not see are the pauses, which it counts to the token that follows. So a token here is
//! the voiced part between two ends, and voice is energy.

use record::SAMPLE_RATE;

/// A token whose times are looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timed<'t> {
    /// UTF-8, possibly cut inside a character.
    pub(crate) bytes: &'t [u8],
    /// End by the alignment with the audio, in milliseconds of the window.
    pub(crate) aligned_end_ms: Option<u64>,
    /// Start and end between the timestamps, in milliseconds of the window.
    pub(crate) estimated_ms: (u64, u64),
}

/// Samples per energy frame: 10 ms.
const FRAME: usize = SAMPLE_RATE as usize / 100;
const FRAME_MS: u64 = 10;
/// A frame is voiced within this many decibels of the window's loud frames. Clicks and breath are below it.
const VOICE_RANGE_DB: f32 = 25.0;
/// A frame is not voiced within this many decibels of the window's quiet frames.
const NOISE_MARGIN_DB: f32 = 6.0;
/// A silence this long inside a token is a pause beside it, in frames.
const PAUSE: usize = 25;
/// Longest time that one character takes to say.
const MAX_CHARACTER_MS: u64 = 600;

/// Start and end of every token of every segment, in milliseconds of the window: by the estimate where a token was not
/// aligned.
pub(crate) fn spans(segments: &[Vec<Timed<'_>>], samples: &[f32]) -> Vec<Vec<(u64, u64)>> {
    if segments.iter().flatten().any(|token| token.aligned_end_ms.is_none()) {
        return segments.iter().map(|tokens| tokens.iter().map(|t| t.estimated_ms).collect()).collect();
    }
    let voiced = voiced_frames(samples);
    let mut earliest = 0;
    let mut span = |token: &Timed<'_>| {
        let end = token.aligned_end_ms.unwrap_or(0).max(earliest);
        let span = trim(&voiced, earliest, end, token.bytes);
        earliest = end;
        span
    };
    let mut spans: Vec<Vec<(u64, u64)>> =
        segments.iter().map(|tokens| tokens.iter().map(&mut span).collect()).collect();
    for (tokens, spans) in segments.iter().zip(&mut spans) {
        let lengths: Vec<usize> = tokens.iter().map(|token| spoken_bytes(token.bytes)).collect();
        share(spans, &lengths);
    }
    spans
}

/// Gives tokens that were aligned to one moment a part of the token before them, by their lengths in bytes.
fn share(spans: &mut [(u64, u64)], lengths: &[usize]) {
    let mut at = 0;
    while at < spans.len() {
        let (start, end) = spans[at];
        let run = 1 + spans[at + 1..].iter().take_while(|span| **span == (end, end)).count();
        let total: usize = lengths[at..at + run].iter().sum();
        if run > 1 && total > 0 {
            let mut spoken = 0;
            for (span, length) in spans[at..at + run].iter_mut().zip(&lengths[at..at + run]) {
                let edge = |bytes: usize| start + (end - start) * bytes as u64 / total as u64;
                *span = (edge(spoken), edge(spoken + length));
                spoken += length;
            }
        }
        at += run;
    }
}

/// Bytes of a token, none for punctuation.
fn spoken_bytes(bytes: &[u8]) -> usize {
    if is_punctuation(bytes) { 0 } else { bytes.len() }
}

/// The voiced part of `start..end`: after its longest pause, or before it for punctuation, which nobody speaks.
fn trim(voiced: &[bool], start: u64, end: u64, bytes: &[u8]) -> (u64, u64) {
    let frame = |ms: u64| ((ms / FRAME_MS) as usize).min(voiced.len());
    let (from, to) = (frame(start), frame(end));
    let frames: Vec<usize> = (from..to).filter(|&i| voiced[i]).collect();
    let (Some(&first), Some(&last)) = (frames.first(), frames.last()) else {
        // Nothing was said in between: the token stands at its end, or at the end of the last one if it is punctuation.
        return if is_punctuation(bytes) { (start, start) } else { (end, end) };
    };
    let pause = frames
        .windows(2)
        .map(|pair| (pair[1] - pair[0], pair))
        .filter(|(length, _)| *length > PAUSE)
        .max_by_key(|(length, _)| *length);
    let (first, last) = match pause {
        Some((_, pair)) if is_punctuation(bytes) => (first, pair[0]),
        Some((_, pair)) => (pair[1], last),
        None => (first, last),
    };
    let end = (last as u64 + 1) * FRAME_MS;
    // Three bytes are a Japanese character.
    let longest = MAX_CHARACTER_MS * (bytes.len() as u64).div_ceil(3).max(1);
    ((first as u64 * FRAME_MS).max(end.saturating_sub(longest)), end)
}

fn is_punctuation(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| text.trim().chars().all(|c| "、。，．・…！？「」『』,.!?".contains(c)))
}

/// For each frame of 10 ms whether somebody speaks, by energy relative to the window's own loud and quiet frames.
fn voiced_frames(samples: &[f32]) -> Vec<bool> {
    let levels: Vec<f32> = samples
        .chunks(FRAME)
        .map(|frame| {
            let power = frame.iter().map(|sample| sample * sample).sum::<f32>() / frame.len() as f32;
            // A floor of −100 dB keeps digital silence finite.
            10.0 * power.max(1e-10).log10()
        })
        .collect();
    let mut sorted = levels.clone();
    sorted.sort_by(f32::total_cmp);
    let percentile = |percent: usize| sorted.get(sorted.len() * percent / 100).copied().unwrap_or(0.0);
    let threshold = (percentile(95) - VOICE_RANGE_DB).max(percentile(5) + NOISE_MARGIN_DB);
    let loud: Vec<bool> = levels.iter().map(|level| *level > threshold).collect();
    // Three of five neighbours: single frames, clicks mostly, do not count.
    (0..loud.len())
        .map(|i| {
            let neighbours = &loud[i.saturating_sub(2)..(i + 3).min(loud.len())];
            neighbours.iter().filter(|loud| **loud).count() >= 3
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise at −80 dB with a loud tone in the given milliseconds.
    fn speech(length_ms: usize, tones: &[(usize, usize)]) -> Vec<f32> {
        (0..length_ms * 16)
            .map(|i| {
                let tone = tones.iter().any(|&(start, end)| (start * 16..end * 16).contains(&i));
                (if tone { 0.3 } else { 1e-4 }) * (i as f32 * 0.3).sin()
            })
            .collect()
    }

    /// Tokens that end at these milliseconds; `u64::MAX` for no alignment.
    fn segment<'t>(tokens: &[(&'t str, u64)]) -> Vec<Timed<'t>> {
        let timed = |&(text, end): &(&'t str, u64)| Timed {
            bytes: text.as_bytes(),
            aligned_end_ms: (end != u64::MAX).then_some(end),
            estimated_ms: (100, 200),
        };
        tokens.iter().map(timed).collect()
    }

    fn near(span: (u64, u64), expected: (u64, u64)) {
        let close = |a: u64, b: u64| a.abs_diff(b) <= 20;
        assert!(close(span.0, expected.0) && close(span.1, expected.1), "{span:?} is not near {expected:?}");
    }

    #[test]
    fn a_pause_before_a_token_is_not_the_token() {
        let samples = speech(3_000, &[(500, 900), (1_800, 2_300)]);
        let spans = spans(&[segment(&[("母", 700), ("が", 900), ("話す", 2350)])], &samples);
        near(spans[0][0], (500, 700));
        near(spans[0][1], (700, 900));
        near(spans[0][2], (1_800, 2_300));
    }

    #[test]
    fn punctuation_ends_with_the_words_before_it() {
        let samples = speech(3_000, &[(500, 900), (1_800, 2_300)]);
        let spans = spans(&[segment(&[("母", 850), ("。", 1900), ("父", 2350)])], &samples);
        near(spans[0][1], (850, 900));
        near(spans[0][2], (1_900, 2_300));
    }

    #[test]
    fn a_token_over_silence_takes_no_time() {
        let samples = speech(3_000, &[(500, 900)]);
        let spans = spans(&[segment(&[("母", 900), ("音", 2500)])], &samples);
        assert_eq!(spans[0][1], (2_500, 2_500));
    }

    #[test]
    fn tokens_aligned_to_one_moment_share_the_time_before_it() {
        let samples = speech(3_000, &[(500, 1_100)]);
        let spans = spans(&[segment(&[("児", 1100), ("福", 1100), ("司", 1100), ("。", 1100)])], &samples);
        near(spans[0][0], (500, 700));
        near(spans[0][2], (900, 1_100));
        near(spans[0][3], (1_100, 1_100));
    }

    #[test]
    fn without_an_alignment_the_estimate_is_used() {
        assert_eq!(spans(&[segment(&[("母", u64::MAX)])], &[0.0; 1_600]), [[(100, 200)]]);
    }
}
