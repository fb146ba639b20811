//! Text that nobody said (language.md pass 13): it is marked and kept out of the record, never deleted.

mod loops;
mod music;

use std::borrow::Cow;
use std::cell::LazyCell;
use std::ops::Range;

use asr::{Hypothesis, HypothesisSegment};
use audio::PackedWindow;
use record::{Flag, SAMPLE_RATE};
use text::guard as phrases;

use self::loops::Part;
use crate::tier::IMPROBABLE;

/// Samples of a frame whose level is measured: 16 ms.
const FRAME: usize = 256;
/// Energy below that of 16-bit noise, so that digital silence has a level.
const QUIETEST: f32 = 1e-10;
/// Shorter stretches say little about how steady a sound is.
const MIN_MODULATION_MS: u64 = 2_000;
/// Shorter stretches say little about whether a sound is music.
const MIN_MUSIC_MS: u64 = 4_000;

/// In a shorter time, in milliseconds, …
const MOMENT_MS: u64 = 100;
/// … nobody says so many letters.
const MOMENT_LETTERS: usize = 5;

/// What counts as invented text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuardConfig {
    /// A segment of whose time less than this share is speech is marked, 0..=1.
    pub min_speech_share: f32,
    /// Above this no-speech probability, 0..=1, a segment with a low log-probability is marked.
    pub max_no_speech_prob: f32,
    /// Below this average log-probability a segment is unsure; together with the no-speech probability it is marked.
    pub min_avg_logprob: f32,
    /// Nobody speaks faster, in characters per second.
    pub max_chars_per_s: f32,
    /// A window quieter than this root mean square, 0..=1, holds no speech.
    pub min_rms: f32,
    /// A segment around which the level changes less than this from frame to frame, in dB, is steady noise.
    pub min_modulation_db: f32,
    /// Above these log-odds that the sound around it is music and not speech a segment must look spoken to be so; one that is
    /// unsure, at even odds.
    pub max_music_log_odds: f32,
    /// Words that were really said over music have no higher no-speech probability, 0..=1, …
    pub max_no_speech_over_music: f32,
    /// … and no lower average log-probability; they do not repeat either.
    pub min_logprob_over_music: f32,
    /// Above this no-speech probability, 0..=1, a loop was not even said once, whatever the sound.
    pub max_no_speech_of_loop: f32,
    /// Below this average log-probability, of its own or of the window, a segment is a guess, whatever the sound.
    pub min_logprob: f32,
}

impl Default for GuardConfig {
    /// Whisper's own thresholds (no-speech 0.6, log-probability −1.0); the rest from language.md pass 13. The floor of
    /// the energy is −66 dBFS: a distant voice in a quiet room is above it. Modulation, measured over two seconds and more:
    /// white, pink and brown noise have 0.37–0.43 dB, the sentences of 240 clips of human speech 0.67 dB and more, those of
    /// dictations in a car and on the telephone 0.75 dB and more.
    /// A loop over breath and music has a no-speech probability of 0.47 and more; 98 % of 225 clips of human speech have less than
    /// 0.4, and none of them loops.
    /// Of 365 segments of human speech none is below −1.0, over breath many are below −1.9.
    fn default() -> Self {
        Self {
            min_speech_share: 0.2,
            max_no_speech_prob: 0.6,
            min_avg_logprob: IMPROBABLE,
            max_chars_per_s: 16.0,
            min_rms: 0.0005,
            min_modulation_db: 0.6,
            max_music_log_odds: 3.0,
            max_no_speech_over_music: 0.5,
            min_logprob_over_music: -0.7,
            max_no_speech_of_loop: 0.4,
            min_logprob: -1.5,
        }
    }
}

/// A segment, or a part of one, and what is doubtful about it.
pub(crate) struct Marked<'h> {
    pub(crate) segment: Cow<'h, HypothesisSegment>,
    pub(crate) flags: Vec<Flag>,
    /// Words in a window with speech, but where nobody speaks, or too many for their time. Another way of decoding may put
    /// them where they belong or leave them out, which it does not over noise and music.
    pub(crate) is_misplaced: bool,
    /// Nothing but its words tells against it: where somebody speaks, another way of decoding may hear what was said.
    pub(crate) is_guessed: bool,
}

/// What is known of a window as a whole.
struct Whole<F> {
    /// Mean log-probability of all tokens.
    avg_logprob: f32,
    looped: bool,
    /// Log-odds that it is music.
    odds: LazyCell<Option<f32>, F>,
}

/// The segments of the hypothesis with their marks; a loop's repeats are segments of their own.
pub(crate) fn marked<'h>(
    packed: &PackedWindow,
    hypothesis: &'h Hypothesis,
    config: &GuardConfig,
) -> Vec<Marked<'h>> {
    let parts = loops::parts(hypothesis);
    let echoes = loops::echoes(&parts, config.min_avg_logprob);
    let looped = loops::is_loop(&hypothesis.text());
    let whole = Whole {
        avg_logprob: mean_logprob(hypothesis),
        looped,
        // Music may run over all segments: what precedes and follows one tells of it too.
        odds: LazyCell::new(|| music::log_odds(&packed.window.samples)),
    };
    let spans = spans(&parts, packed.window.duration_ms());
    parts
        .into_iter()
        .zip(spans)
        .zip(echoes)
        .map(|((part, span), is_echo)| mark(packed, part, span, is_echo, &whole, config))
        .collect()
}

fn mark<'h>(
    packed: &PackedWindow,
    Part { segment, is_repeat }: Part<'h>,
    span: Range<u64>,
    is_echo: bool,
    whole: &Whole<impl FnOnce() -> Option<f32>>,
    config: &GuardConfig,
) -> Marked<'h> {
    let words = segment.text();
    let share = speech_share(packed, span.start, span.end);
    let samples = &packed.window.samples;
    let around = |least_ms| &samples[around(span.start, span.end, least_ms, samples.len())];
    let steady = modulation_db(around(MIN_MODULATION_MS)) < config.min_modulation_db;
    let unsure = segment.avg_logprob < config.min_avg_logprob;
    let unspoken = whole.looped
        || is_repeat
        || whole.avg_logprob < config.min_avg_logprob
        || segment.avg_logprob < config.min_logprob_over_music
        || segment.no_speech_prob > config.max_no_speech_over_music;
    let max_odds = if unsure { 0.0 } else { config.max_music_log_odds };
    let is_music = |odds: Option<f32>| odds.is_some_and(|odds| odds > max_odds);
    let music = unspoken && (is_music(*whole.odds) || is_music(music::log_odds(around(MIN_MUSIC_MS))));
    let noise = packed.rms < config.min_rms || steady;
    let beside_speech = share < config.min_speech_share;
    let no_speech = unsure && segment.no_speech_prob > config.max_no_speech_prob;
    // A loop has its own mark, which keeps the first time; over what is hardly speech there was none.
    let copied = is_echo || whole.looped && segment.no_speech_prob > config.max_no_speech_of_loop;
    let guessed = copied || segment.avg_logprob.min(whole.avg_logprob) < config.min_logprob;
    // A phrase that Whisper writes over silence needs less proof than other words.
    let phrase = phrases::silence_phrase(&words).is_some() && (share < 0.5 || segment.no_speech_prob > 0.5);
    // Times of a short segment are too coarse for a speed; a loop has its own mark.
    let duration_ms = (span.end - span.start).max(1_000);
    let too_fast = !is_repeat && phrases::chars_per_second(&words, duration_ms) > config.max_chars_per_s;

    let mut flags = Vec::new();
    if noise
        || beside_speech
        || music
        || no_speech
        || guessed
        || phrase
        || too_fast
        || phrases::is_remark(&words)
    {
        flags.push(Flag::PossibleHallucination);
    }
    if is_repeat {
        flags.push(Flag::Repetition);
    }
    if unsure {
        flags.push(Flag::LowConfidence);
    }
    let sounds_empty = noise || music || no_speech || phrase;
    let is_misplaced = (beside_speech || too_fast) && !sounds_empty;
    let is_guessed = guessed && !sounds_empty;
    Marked { segment, flags, is_misplaced, is_guessed }
}

/// When each part may have been spoken, in milliseconds of the window: in its own time, or, where an alignment has shrunk that to
/// a moment too short for its words, somewhere between its neighbours.
fn spans(parts: &[Part<'_>], window_ms: u64) -> Vec<Range<u64>> {
    let span = |place: usize| {
        let segment = &parts[place].segment;
        let letters = segment.text().chars().filter(|c| c.is_alphanumeric()).count();
        if segment.end_ms - segment.start_ms >= MOMENT_MS || letters < MOMENT_LETTERS {
            return segment.start_ms..segment.end_ms;
        }
        let before = place.checked_sub(1).map_or(0, |before| parts[before].segment.end_ms);
        let behind = parts.get(place + 1).map_or(window_ms, |behind| behind.segment.start_ms);
        before.min(segment.start_ms)..behind.max(segment.end_ms)
    };
    (0..parts.len()).map(span).collect()
}

/// Mean log-probability of a window's tokens; 0 of none.
fn mean_logprob(hypothesis: &Hypothesis) -> f32 {
    let segments = || hypothesis.segments.iter();
    let tokens: usize = segments().map(|segment| segment.tokens.len()).sum();
    let sum: f32 = segments().map(|segment| segment.avg_logprob * segment.tokens.len() as f32).sum();
    sum / tokens.max(1) as f32
}

/// Samples of a segment, or of the time around a shorter one, as far as the window goes.
fn around(start_ms: u64, end_ms: u64, least_ms: u64, len: usize) -> Range<usize> {
    let missing_ms = least_ms.saturating_sub(end_ms - start_ms);
    let sample = |ms: u64| ((ms * u64::from(SAMPLE_RATE) / 1_000) as usize).min(len);
    sample(start_ms.saturating_sub(missing_ms / 2))..sample(end_ms + missing_ms.div_ceil(2))
}

/// How much the level of the sound changes from one frame of 16 ms to the next: the median of the differences, in dB.
///
/// Speech rises and falls with its sounds; the hiss of a fan or of an empty line stays as it is. The level is that of the
/// differences between samples, so that a low rumble does not hide what is above it. Fewer than three frames have no level:
/// infinity.
fn modulation_db(samples: &[f32]) -> f32 {
    let level = |frame: &[f32]| {
        let energy: f32 = frame.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
        10.0 * (energy / frame.len() as f32 + QUIETEST).log10()
    };
    let levels: Vec<f32> = samples.chunks_exact(FRAME).map(level).collect();
    let mut changes: Vec<f32> = levels.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    if changes.len() < 2 {
        return f32::INFINITY;
    }
    let middle = changes.len() / 2;
    *changes.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Share of `start_ms..end_ms` of the window in which the detector heard speech. A segment without length counts as
/// the 100 ms around it.
fn speech_share(packed: &PackedWindow, start_ms: u64, end_ms: u64) -> f32 {
    let (start_ms, end_ms) =
        if end_ms > start_ms { (start_ms, end_ms) } else { (start_ms.saturating_sub(50), end_ms + 50) };
    let sample = |ms: u64| (ms * u64::from(SAMPLE_RATE) / 1_000) as usize;
    let segment = sample(start_ms)..sample(end_ms);
    let overlap = |r: &Range<usize>| r.end.min(segment.end).saturating_sub(r.start.max(segment.start));
    let spoken: usize = packed.speech.iter().map(overlap).sum();
    spoken as f32 / segment.len().max(1) as f32
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<f32> {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(|_| next() * 0.2).collect()
    }

    /// Syllables of hissing and of a gliding voice that rise and fall, with closures between them, four a second.
    pub(crate) fn syllables(len: usize) -> Vec<f32> {
        let hiss = noise(len);
        let tone = |hz: f32, n: usize| (std::f32::consts::TAU * hz * n as f32 / 16_000.0).sin();
        (0..len)
            .map(|n| {
                let (at, kind) = (n % 4_000, n / 4_000 % 2);
                let glide = tone(120.0 + 80.0 * (at as f32 / 4_000.0), n);
                let sound = if kind == 0 { hiss[n] } else { 0.3 * glide + 0.1 * hiss[n] };
                let rise = (std::f32::consts::PI * at as f32 / 2_600.0).sin();
                if at > 2_600 { 0.01 * sound } else { rise.powi(2) * sound }
            })
            .collect()
    }

    #[test]
    fn noise_is_steady_and_what_rises_and_falls_is_not() {
        let limit = GuardConfig::default().min_modulation_db;
        let steady = noise(32_000);
        assert!(modulation_db(&steady) < limit, "{}", modulation_db(&steady));
        // Four syllables a second.
        let spoken: Vec<f32> = steady
            .iter()
            .enumerate()
            .map(|(i, x)| x * (0.05 + (std::f32::consts::PI * i as f32 / 4_000.0).sin().abs()))
            .collect();
        assert!(modulation_db(&spoken) > limit, "{}", modulation_db(&spoken));
        assert!(modulation_db(&[]).is_infinite());
    }

    #[test]
    fn notes_are_music_and_syllables_are_not() {
        let tone = |hz: f32, n: usize| (std::f32::consts::TAU * hz * n as f32 / 16_000.0).sin();
        // Notes of half a second, each chord sounding into the next.
        let notes: Vec<f32> = (0..64_000)
            .map(|n| {
                let hz = [220.0, 277.2, 329.6, 440.0][n / 8_000 % 4];
                0.1 * (tone(hz, n) + tone(2.0 * hz, n) + tone(1.5 * hz, n))
            })
            .collect();
        let syllables = syllables(64_000);
        let limit = GuardConfig::default().max_music_log_odds;
        assert!(music::log_odds(&notes).is_some_and(|odds| odds > limit), "{:?}", music::log_odds(&notes));
        assert!(
            music::log_odds(&syllables).is_some_and(|odds| odds < 0.0),
            "{:?}",
            music::log_odds(&syllables)
        );
        assert_eq!(music::log_odds(&notes[..16_000]), None);
    }

    #[test]
    fn a_short_segment_is_judged_by_the_time_around_it() {
        assert_eq!(around(5_000, 5_000, 2_000, 160_000), 64_000..96_000);
        assert_eq!(around(0, 0, 2_000, 160_000), 0..16_000);
        assert_eq!(around(1_000, 4_000, 2_000, 160_000), 16_000..64_000);
        assert_eq!(around(9_900, 10_000, 2_000, 160_000).end, 160_000);
    }
}
