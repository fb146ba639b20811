//! What is decoded again, and what becomes of it.

use std::sync::Arc;

use asr::{HypothesisSegment, Search};
use record::{EngineInfo, TimeMap, Token};

use super::*;
use crate::Tier;
use crate::guard::tests::syllables;

const CLEAR: &str = "本日家庭訪問を実施し母と面談した";
const LOOP: &str = "主人公自身を限定する形、";

type Hears = Arc<dyn Fn(&DecodeOptions) -> Hypothesis + Send + Sync>;
type Asked = Arc<Mutex<Vec<(Search, f32)>>>;

/// An engine that hears what a test says.
struct Scripted {
    info: EngineInfo,
    hears: Hears,
    asked: Asked,
}

struct ScriptedSession {
    hears: Hears,
    asked: Asked,
}

impl Engine for Scripted {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn session(&self) -> asr::Result<Box<dyn Session>> {
        Ok(Box::new(ScriptedSession { hears: self.hears.clone(), asked: self.asked.clone() }))
    }
}

impl Session for ScriptedSession {
    fn decode(&mut self, _: &Window, options: &DecodeOptions, _: &Control) -> asr::Result<Hypothesis> {
        self.asked.lock().unwrap().push((options.search, options.temperatures[0]));
        Ok((self.hears)(options))
    }
}

/// A segment from `start_ms` on with tokens of `token_ms` each.
fn heard(start_ms: u64, token_ms: u64, words: &[&str], logprob: f32) -> HypothesisSegment {
    let at = |n: usize| start_ms + n as u64 * token_ms;
    let token = |(n, word): (usize, &&str)| Token {
        text: (*word).into(),
        start_ms: at(n),
        end_ms: at(n + 1),
        logprob,
    };
    HypothesisSegment {
        start_ms,
        end_ms: at(words.len()),
        tokens: words.iter().enumerate().map(token).collect(),
        avg_logprob: logprob,
        no_speech_prob: 0.0,
    }
}

fn hypothesis(segments: Vec<HypothesisSegment>) -> Hypothesis {
    Hypothesis { segments, temperature: 0.0 }
}

/// What becomes of 14 s, the first `speech_s` of which are speech, and how it was asked for.
fn decode(
    tier: &str,
    speech_s: usize,
    hears: impl Fn(&DecodeOptions) -> Hypothesis + Send + Sync + 'static,
) -> (Vec<Segment>, Vec<(Search, f32)>) {
    let samples = syllables(14 * 16_000);
    let packed = PackedWindow {
        speech: std::iter::once(0..speech_s * 16_000).collect(),
        rms: 0.1,
        peak: 0.1,
        cut_before: None,
        cut_after: None,
        window: Window { index: 0, file: 0, map: TimeMap::contiguous(0, samples.len() as u64), samples },
    };
    let engine = Scripted { info: EngineInfo::default(), hears: Arc::new(hears), asked: Asked::default() };
    let options = TranscribeOptions::new(Tier::by_name(tier).unwrap());
    let crashes = Crashes::new(&[]);
    let mut given = Vec::new();
    let mut decoder = Decoder::new(&engine, &options, &crashes);
    decoder.decode(&[packed], &Control::new(), &mut |_, found| given.push(found)).unwrap();
    let asked = engine.asked.lock().unwrap().clone();
    assert_eq!(given[0].work.decodings, asked.len());
    (given[0].segments.clone(), asked)
}

/// A loop until it is asked for at a high enough temperature.
fn looping_below(clear_at: f32) -> impl Fn(&DecodeOptions) -> Hypothesis {
    move |options| {
        let is_clear = options.temperatures[0] >= clear_at;
        let (words, logprob): (&[&str], f32) = if is_clear { (&[CLEAR], -0.3) } else { (&[LOOP; 12], -0.1) };
        hypothesis(vec![heard(0, 1_000, words, logprob)])
    }
}

const GREEDY: (Search, f32) = (Search::Greedy { best_of: 1 }, 0.0);
const BEAM: (Search, f32) = (Search::Beam { size: 5 }, 0.0);

#[test]
fn few_words_for_much_speech_are_doubtful() {
    let window = |seconds: usize| PackedWindow {
        speech: std::iter::once(0..seconds * 16_000).collect(),
        rms: 0.1,
        peak: 0.1,
        cut_before: None,
        cut_after: None,
        window: Window { index: 0, file: 0, samples: Vec::new(), map: TimeMap::default() },
    };
    let said = [Segment { text: "はい。".into(), ..Segment::default() }];
    assert!(is_sparse(&window(10), &said));
    assert!(!is_sparse(&window(2), &said));
    assert!(is_sparse(&window(10), &[]));
}

#[test]
fn a_good_result_is_decoded_once() {
    let (segments, asked) = decode("auto", 14, looping_below(0.0));
    assert_eq!(segments[0].text, CLEAR);
    assert_eq!(asked.len(), 1);
}

#[test]
fn a_loop_is_decoded_by_beam_search_and_then_at_rising_temperatures() {
    let (segments, asked) = decode("auto", 14, looping_below(0.4));
    assert_eq!(segments[0].text, CLEAR);
    assert_eq!(asked, [GREEDY, BEAM, (Search::Greedy { best_of: 5 }, 0.4)]);
}

#[test]
fn of_a_loop_that_stays_the_first_time_is_kept_and_the_repeats_are_marked() {
    let (segments, asked) = decode("auto", 14, looping_below(1.0));
    assert_eq!(asked.len(), 4);
    let [first, repeats] = &segments[..] else { panic!("{segments:?}") };
    assert_eq!((first.text.as_str(), first.is_mapped(), first.end_ms), (LOOP, true, 1_000));
    assert_eq!((repeats.text.clone(), repeats.flags.clone()), (LOOP.repeat(11), vec![Flag::Repetition]));
    assert_eq!((repeats.start_ms, repeats.end_ms), (1_000, 12_000));
}

/// The words, and others 12 s later, where nobody speaks, unless the whole encoder is computed.
fn misplacing(options: &DecodeOptions) -> Hypothesis {
    let mut segments = vec![heard(0, 4_000, &[CLEAR], -0.3)];
    if options.audio_ctx.is_some() {
        segments.push(heard(12_000, 2_000, &["次の動画で"], -0.1));
    }
    hypothesis(segments)
}

#[test]
fn text_where_nobody_speaks_is_decoded_again_with_the_whole_encoder() {
    let (segments, asked) = decode("fast", 5, misplacing);
    assert_eq!(asked, [GREEDY, GREEDY]);
    assert_eq!(segments.iter().map(|s| s.text.as_str()).collect::<Vec<_>>(), [CLEAR]);
}

#[test]
fn text_where_nobody_speaks_that_stays_is_marked_and_not_sampled() {
    let always =
        |_: &DecodeOptions| misplacing(&DecodeOptions { audio_ctx: Some(700), ..Default::default() });
    for (tier, ways) in [("fast", vec![GREEDY, GREEDY, BEAM]), ("auto", vec![GREEDY, BEAM])] {
        let (segments, asked) = decode(tier, 5, always);
        assert_eq!(asked, ways, "{tier}");
        assert!(segments[0].is_mapped());
        assert_eq!(segments[1].flags, [Flag::PossibleHallucination]);
    }
}

#[test]
fn an_echo_is_decoded_again_and_marked_where_it_stays() {
    let echo = |options: &DecodeOptions, clear_at: Option<usize>| {
        if options.audio_ctx == clear_at {
            return hypothesis(vec![heard(0, 6_000, &[CLEAR], -0.3)]);
        }
        let copy = |n: u64, logprob| heard(3_000 * n, 3_000, &["画面を見ることができると、"], logprob);
        hypothesis(vec![copy(0, -1.9), copy(1, -0.6), copy(2, -0.2)])
    };
    let (segments, asked) = decode("fast", 14, move |options| echo(options, None));
    assert_eq!(asked, [GREEDY, GREEDY]);
    assert_eq!(segments.iter().map(|s| s.text.as_str()).collect::<Vec<_>>(), [CLEAR]);
    let (segments, asked) = decode("fast", 14, move |options| echo(options, Some(1)));
    assert_eq!(asked, [GREEDY, GREEDY, BEAM]);
    assert!(segments.len() == 3 && segments.iter().all(|segment| !segment.is_mapped()), "{segments:?}");
}

#[test]
fn words_whose_time_has_shrunk_to_a_moment_are_those_of_the_speech_around_them() {
    let shrunk = |at_ms| {
        move |_: &DecodeOptions| {
            hypothesis(vec![heard(0, 1_000, &["はい"], -0.1), heard(at_ms, 0, &[CLEAR], -0.3)])
        }
    };
    let (segments, asked) = decode("fast", 5, shrunk(6_000));
    assert!(asked.len() == 1 && segments.iter().all(Segment::is_mapped), "{segments:?}");
    let (segments, _) = decode("fast", 1, shrunk(6_000));
    assert!(!segments[1].is_mapped(), "nobody speaks in all that time: {segments:?}");
}

#[test]
fn words_too_many_for_their_time_are_decoded_again() {
    let (segments, asked) = decode("fast", 14, |options| {
        let token_ms = if options.audio_ctx.is_some() { 100 } else { 4_000 };
        hypothesis(vec![heard(0, token_ms, &[CLEAR, "、父は不在"], -0.3)])
    });
    assert_eq!(asked, [GREEDY, GREEDY]);
    assert!(segments[0].is_mapped());
}

#[test]
fn a_result_without_misplaced_words_is_not_taken_where_it_leaves_out_others() {
    let (segments, _) = decode("fast", 5, |options| match options.audio_ctx {
        Some(_) => misplacing(options),
        None => hypothesis(vec![heard(0, 4_000, &["本日"], -0.1)]),
    });
    assert_eq!(segments[0].text, CLEAR);
    assert_eq!(segments[1].flags, [Flag::PossibleHallucination]);
}
