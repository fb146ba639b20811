//! What every engine that runs Whisper must do with the real model, beyond [`asr::conformance`].
//!
//! [`duties`] makes a test of each for one engine.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use asr::{Bias, Control, DecodeOptions, Engine, EngineConfig, Error, ErrorKind, Hypothesis, Search};
use record::Window;

use super::{config, model_path, speech, window};

/// The duties as tests of the engine of this name.
#[allow(unused_macros, reason = "each test binary uses its part")]
macro_rules! duties {
    ($name:literal) => {
        $crate::common::hearing::duties! { $name:
            the_engine_keeps_the_contract,
            silence_is_told_from_speech_by_its_probability,
            words_are_placed_where_they_are_spoken,
            i3_clips_of_any_length_are_decoded_or_empty,
            a_long_window_stops_within_a_second_of_a_cancellation_in_the_encoder,
            every_way_of_decoding_hears_the_words,
            expected_words_are_written_where_they_are_spoken,
            expected_words_that_nobody_says_are_not_written,
            sampling_is_repeatable_whatever_was_decoded_before,
            a_prompt_of_any_length_is_survived,
            options_outside_their_range_are_named,
            m1_a_damaged_model_is_refused_at_load,
            a_session_outlives_its_engine,
        }
    };
    ($name:literal: $($duty:ident,)*) => {
        $(
            #[test]
            fn $duty() {
                $crate::common::hearing::$duty($name);
            }
        )*
    };
}
pub(crate) use duties;

fn engine(by: &str) -> Arc<dyn Engine> {
    asr::open(by, &config()).unwrap()
}

fn decode(engine: &dyn Engine, window: &Window, options: &DecodeOptions) -> Result<Hypothesis, Error> {
    engine.session().unwrap().decode(window, options, &Control::new())
}

/// Three seconds of noise at about −100 dB, the same in every run.
fn silence() -> Window {
    window((0..48_000_u32).map(|i| (i.wrapping_mul(7_919) % 1_000) as f32 * 2e-8 - 1e-5).collect())
}

pub(crate) fn the_engine_keeps_the_contract(by: &str) {
    asr::conformance::run(&*engine(by), &speech(), &silence()).unwrap();
}

pub(crate) fn silence_is_told_from_speech_by_its_probability(by: &str) {
    let engine = engine(by);
    let no_speech = |window: &Window| {
        let hypothesis = decode(&*engine, window, &DecodeOptions::default()).unwrap();
        hypothesis.segments.iter().map(|segment| segment.no_speech_prob).next()
    };
    assert!(no_speech(&speech()).unwrap() < 0.3);
    assert!(no_speech(&silence()).is_none_or(|probability| probability > 0.6));
    assert_eq!(no_speech(&window(vec![0.0; 48_000])), None, "digital silence is not decoded");
}

pub(crate) fn words_are_placed_where_they_are_spoken(by: &str) {
    let hypothesis = decode(&*engine(by), &speech(), &DecodeOptions::default()).unwrap();
    let tokens: Vec<_> = hypothesis.segments.iter().flat_map(|segment| &segment.tokens).collect();
    let start_of = |text: &str| tokens.iter().find(|token| token.text.starts_with(text)).unwrap().start_ms;
    assert!(tokens.first().unwrap().start_ms.abs_diff(256) <= 200);
    assert!(start_of("保").abs_diff(2_300) <= 300);
    assert!(start_of("目").abs_diff(3_987) <= 200);
    assert!(tokens.last().unwrap().end_ms.abs_diff(5_523) <= 250);
}

pub(crate) fn i3_clips_of_any_length_are_decoded_or_empty(by: &str) {
    let engine = engine(by);
    let mut session = engine.session().unwrap();
    let speech = speech();
    // A fraction of a word can send the model into a loop; the limit only makes it shorter.
    let options = DecodeOptions { max_tokens: Some(20), audio_ctx: Some(256), ..DecodeOptions::default() };
    for length in [0, 1, 2, 1_599, 1_600, 15_999, 16_000, 16_001] {
        let window = window(speech.samples[4_800..4_800 + length].to_vec());
        let hypothesis = session.decode(&window, &options, &Control::new()).unwrap();
        assert!(hypothesis.segments.iter().all(|segment| segment.end_ms <= window.duration_ms()), "{length}");
    }
}

pub(crate) fn a_long_window_stops_within_a_second_of_a_cancellation_in_the_encoder(by: &str) {
    let engine = engine(by);
    let mut session = engine.session().unwrap();
    let one = speech();
    let long = window(one.samples.iter().copied().cycle().take(28 * 16_000).collect());
    let control = Control::new();
    let (outcome, late) = thread::scope(|scope| {
        let canceller = scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            control.cancel();
            Instant::now()
        });
        let outcome = session.decode(&long, &DecodeOptions::default(), &control);
        let returned = Instant::now();
        (outcome, returned.saturating_duration_since(canceller.join().unwrap()))
    });
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(late < Duration::from_secs(1), "{late:?}");
    // The session works on, although its thread may still be in the encoder.
    assert!(!session.decode(&one, &DecodeOptions::default(), &Control::new()).unwrap().segments.is_empty());
}

pub(crate) fn every_way_of_decoding_hears_the_words(by: &str) {
    let engine = engine(by);
    let speech = speech();
    let fits = speech.samples.len().div_ceil(320);
    let plain = DecodeOptions { audio_ctx: Some(512), ..DecodeOptions::default() };
    for options in [
        DecodeOptions { search: Search::Beam { size: 3 }, ..plain.clone() },
        DecodeOptions { timestamps: false, ..plain.clone() },
        DecodeOptions { audio_ctx: Some(fits + 64), ..plain.clone() },
        DecodeOptions { language: None, ..plain.clone() },
        DecodeOptions { threads: 2, audio_ctx: None, ..plain.clone() },
        DecodeOptions {
            prompt: Some("家庭訪問の記録。保健師と児童福祉司。".into()), ..plain.clone()
        },
        DecodeOptions { suppress_non_speech: false, ..plain.clone() },
    ] {
        let hypothesis = decode(&*engine, &speech, &options).unwrap();
        assert!(hypothesis.text().contains("安全確認"), "{options:?}");
        let times: Vec<_> =
            hypothesis.segments.iter().flat_map(|s| &s.tokens).flat_map(|t| [t.start_ms, t.end_ms]).collect();
        assert!(
            times.is_sorted() && times.last().is_some_and(|ms| *ms <= speech.duration_ms()),
            "{options:?}"
        );
    }
}

fn expecting(terms: &[&str]) -> Bias {
    Bias::new(terms.iter().map(|term| (*term).to_owned()).collect())
}

/// The sample's words with these expected ones.
fn heard_with(engine: &dyn Engine, bias: Bias, search: Search) -> String {
    let options = DecodeOptions {
        bias: Some(Arc::new(bias)),
        search,
        audio_ctx: Some(512),
        ..DecodeOptions::default()
    };
    decode(engine, &speech(), &options).unwrap().text()
}

pub(crate) fn expected_words_are_written_where_they_are_spoken(by: &str) {
    let engine = engine(by);
    let plain = DecodeOptions { audio_ctx: Some(512), ..DecodeOptions::default() };
    assert!(!decode(&*engine, &speech(), &plain).unwrap().text().contains("保険師"));
    let strong = Bias { boost: 8.0, start: 4.0, cap: 10.0, ..expecting(&["対応者", "保険師"]) };
    for search in [Search::default(), Search::Beam { size: 3 }] {
        let text = heard_with(&*engine, strong.clone(), search);
        assert!(text.contains("保険師"), "{search:?}: {text}");
    }
}

pub(crate) fn expected_words_that_nobody_says_are_not_written(by: &str) {
    let text = heard_with(&*engine(by), expecting(&["緊急受理会議", "立入調査", "臨検"]), Search::default());
    assert!(text.contains("安全確認"), "{text}");
    assert!(["緊急受理", "立入", "臨検"].iter().all(|term| !text.contains(term)), "{text}");
}

pub(crate) fn sampling_is_repeatable_whatever_was_decoded_before(by: &str) {
    let engine = engine(by);
    let options = DecodeOptions {
        temperatures: vec![0.0, 0.6],
        thresholds: asr::Thresholds { avg_logprob: 0.0, ..asr::Thresholds::default() },
        search: Search::Greedy { best_of: 2 },
        audio_ctx: Some(512),
        ..DecodeOptions::default()
    };
    let mut session = engine.session().unwrap();
    let first = session.decode(&speech(), &options, &Control::new()).unwrap();
    let again = session.decode(&speech(), &options, &Control::new()).unwrap();
    assert_eq!(first, again);
}

pub(crate) fn a_prompt_of_any_length_is_survived(by: &str) {
    let engine = engine(by);
    let prompt = "保健師の大西さん、児童福祉司の森田さん。".repeat(2_000);
    let options = DecodeOptions { prompt: Some(prompt), audio_ctx: Some(512), ..DecodeOptions::default() };
    decode(&*engine, &speech(), &options).unwrap();
}

pub(crate) fn options_outside_their_range_are_named(by: &str) {
    let engine = engine(by);
    let plain = DecodeOptions::default();
    for (options, message) in [
        (
            DecodeOptions { language: Some("jp".into()), ..plain.clone() },
            "the model does not know the language: jp",
        ),
        (
            DecodeOptions { language: Some("auto".into()), ..plain.clone() },
            "the model does not know the language: auto",
        ),
        (DecodeOptions { threads: 0, ..plain.clone() }, "the option must be 1..=64: threads = 0"),
        (
            DecodeOptions { search: Search::Beam { size: 9 }, ..plain.clone() },
            "the option must be 2..=8: beam size = 9",
        ),
        (
            DecodeOptions { audio_ctx: Some(100), ..plain.clone() },
            "the option must be 285..=1500: audio_ctx = 100",
        ),
        (
            DecodeOptions { max_tokens: Some(0), ..plain.clone() },
            "the option must be 1..=224: max_tokens = 0",
        ),
        (
            DecodeOptions { temperatures: vec![1.5], ..plain.clone() },
            "the option must be numbers in 0..=1: temperatures = [1.5]",
        ),
        (
            DecodeOptions {
                bias: Some(Arc::new(Bias { boost: f32::NAN, ..Bias::new(vec!["実母".into()]) })),
                ..plain.clone()
            },
            "the option must be 0..=20: bias boost = NaN",
        ),
    ] {
        let error = decode(&*engine, &speech(), &options).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Options, message.to_owned()));
    }
}

fn refusal(by: &str, path: &Path) -> ErrorKind {
    let config = EngineConfig { model_path: path.into(), ..config() };
    asr::open(by, &config).map(|_| ()).unwrap_err().kind()
}

pub(crate) fn m1_a_damaged_model_is_refused_at_load(by: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.bin");
    assert_eq!(refusal(by, &path), ErrorKind::Model, "missing");
    assert_eq!(refusal(by, directory.path()), ErrorKind::Model, "a directory");

    let good = fs::read(model_path()).unwrap();
    for length in [0, 3, 4, 47, 48, 10_000, 600_000, 40_000_000, good.len() - 1] {
        fs::write(&path, &good[..length]).unwrap();
        assert_eq!(refusal(by, &path), ErrorKind::Model, "cut to {length} bytes");
    }
    let mut grown = fs::File::create(&path).unwrap();
    grown.write_all(&good).unwrap();
    grown.write_all(&[0; 64]).unwrap();
    drop(grown);
    assert_eq!(refusal(by, &path), ErrorKind::Model, "bytes after the end");

    // A name that no Whisper model has passes the check of the structure.
    let mut renamed = good;
    let name = b"decoder.token_embedding.weight";
    let at = renamed.windows(name.len()).position(|bytes| bytes == name).unwrap();
    renamed[at] = b'D';
    fs::write(&path, &renamed).unwrap();
    assert_eq!(refusal(by, &path), ErrorKind::Model, "an unknown tensor");
}

pub(crate) fn a_session_outlives_its_engine(by: &str) {
    let engine = engine(by);
    let mut session = engine.session().unwrap();
    drop(engine);
    assert!(
        !session.decode(&speech(), &DecodeOptions::default(), &Control::new()).unwrap().segments.is_empty()
    );
}
