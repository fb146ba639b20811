//! Sound that is still being spoken: words appear, stay, and become final at pauses.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::sync::mpsc::sync_channel;
use std::time::Duration;

use asr::{Control, DecodeOptions, Engine, Hypothesis, HypothesisSegment, Session};
use pipeline::{LiveEvent, LiveTranscription, Tier, TranscribeOptions, transcribe_live};
use record::{EngineInfo, Token, Window};

/// Hears one kana for every 200 ms of a window.
struct Counting(EngineInfo);
struct CountingSession;

impl Engine for Counting {
    fn info(&self) -> &EngineInfo {
        &self.0
    }

    fn session(&self) -> asr::Result<Box<dyn Session>> {
        Ok(Box::new(CountingSession))
    }
}

impl Session for CountingSession {
    fn decode(&mut self, window: &Window, _: &DecodeOptions, control: &Control) -> asr::Result<Hypothesis> {
        control.check()?;
        let tokens: Vec<Token> = "あいうえおかきくけこさしすせそたちつてと"
            .chars()
            .cycle()
            .zip((0..window.duration_ms() / 200).map(|i| i * 200))
            .map(|(c, start_ms)| Token { text: c.into(), start_ms, end_ms: start_ms + 200, logprob: -0.1 })
            .collect();
        let Some(last) = tokens.last() else { return Ok(Hypothesis::default()) };
        let (start_ms, end_ms) = (0, last.end_ms);
        let segment = HypothesisSegment { start_ms, end_ms, tokens, avg_logprob: -0.1, no_speech_prob: 0.0 };
        Ok(Hypothesis { segments: vec![segment], temperature: 0.0 })
    }
}

/// Blocks of 100 ms: syllables where somebody speaks, silence elsewhere.
fn blocks(parts: &[(bool, usize)]) -> Vec<Vec<f32>> {
    let spoken = parts.iter().flat_map(|(spoken, blocks)| std::iter::repeat_n(*spoken, *blocks));
    spoken
        .enumerate()
        .map(|(at, spoken)| {
            (0..1_600)
                .map(|i| {
                    let seconds = (at * 1_600 + i) as f32 / 16_000.0;
                    let syllable = 0.2 + (seconds * 12.0).sin().abs();
                    if spoken { 0.2 * syllable * (seconds * 1_500.0).sin() } else { 0.0 }
                })
                .collect()
        })
        .collect()
}

#[derive(Debug, PartialEq)]
enum Seen {
    Partial { words: String, stable: usize },
    Final { words: String, until_ms: u64 },
}

/// What is seen when each block is there before the next decoding.
fn listen(parts: &[(bool, usize)], control: &Control) -> (Vec<Seen>, LiveTranscription) {
    let (sender, receiver) = sync_channel(0);
    let blocks = blocks(parts);
    std::thread::spawn(move || {
        blocks.into_iter().all(|block| {
            // So that the next one is not there as well.
            std::thread::sleep(Duration::from_millis(2));
            sender.send(block).is_ok()
        })
    });
    let mut options = TranscribeOptions::live(Tier::default());
    options.vad = "energy".into();
    options.guard.min_modulation_db = 0.0;
    let mut seen = Vec::new();
    let done =
        transcribe_live(&receiver, &Counting(EngineInfo::default()), &options, control, &mut |event| {
            let words = |segments: &[record::Segment]| segments.iter().map(|s| s.text.as_str()).collect();
            seen.push(match event {
                LiveEvent::Partial { segments, stable } => Seen::Partial { words: words(segments), stable },
                LiveEvent::Final { segments, until_ms } => Seen::Final { words: words(segments), until_ms },
                other => panic!("{other:?}"),
            });
        });
    (seen, done.unwrap())
}

#[test]
fn words_appear_grow_and_become_final_at_a_pause() {
    let (seen, done) =
        listen(&[(false, 5), (true, 30), (false, 25), (true, 20), (false, 3)], &Control::new());
    let finals: Vec<&Seen> = seen.iter().filter(|s| matches!(s, Seen::Final { .. })).collect();
    assert_eq!(finals.len(), 2, "{seen:?}");
    let before = seen.iter().take_while(|s| matches!(s, Seen::Partial { .. }));
    let lengths: Vec<(usize, usize)> = before
        .filter_map(|s| match s {
            Seen::Partial { words, stable } => Some((words.chars().count(), *stable)),
            Seen::Final { .. } => None,
        })
        .collect();
    assert!(lengths.len() >= 3 && lengths.is_sorted(), "{lengths:?}");
    assert!(lengths.last().is_some_and(|(words, stable)| *stable > 0 && stable <= words), "{lengths:?}");
    // The final words are the transcript, in the sound's time.
    let words: String = finals
        .iter()
        .filter_map(|s| match s {
            Seen::Final { words, .. } => Some(words.as_str()),
            Seen::Partial { .. } => None,
        })
        .collect();
    let kept: String = done.transcript.segments.iter().map(|s| s.text.as_str()).collect();
    assert_eq!(words, kept);
    assert_eq!((done.duration_ms, done.work.windows), (8_300, 2));
    assert!(matches!(finals[0], Seen::Final { until_ms: 3_000..=4_000, .. }), "{finals:?}");
    assert!(done.transcript.segments.last().is_some_and(|s| s.end_ms > 7_500 && s.end_ms <= 8_300));
}

#[test]
fn silence_shows_nothing() {
    let (seen, done) = listen(&[(false, 40)], &Control::new());
    assert_eq!((seen, done.transcript.segments.len(), done.partials), (Vec::new(), 0, 0));
}

#[test]
fn a_cancelled_dictation_keeps_what_was_final() {
    let control = Control::new();
    control.cancel();
    let (_, done) = listen(&[(true, 30)], &control);
    assert!(done.transcript.segments.is_empty());
}
