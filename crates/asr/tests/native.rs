//! The native engine with the real model.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use asr::{
    Bias, Control, DecodeOptions, Engine, EngineConfig, Error, ErrorKind, Hypothesis, NativeEngine, Search,
};
use common::{config, model_path, native_engine as engine, speech, window};
use record::Window;

fn decode(engine: &NativeEngine, window: &Window, options: &DecodeOptions) -> Result<Hypothesis, Error> {
    engine.session().unwrap().decode(window, options, &Control::new())
}

/// Three seconds of noise at about −100 dB, the same in every run.
fn silence() -> Window {
    window((0..48_000_u32).map(|i| (i.wrapping_mul(7_919) % 1_000) as f32 * 2e-8 - 1e-5).collect())
}

#[test]
fn the_engine_keeps_the_contract() {
    asr::conformance::run(&engine(), &speech(), &silence()).unwrap();
}

#[test]
fn silence_is_told_from_speech_by_its_probability() {
    let engine = engine();
    let no_speech = |window: &Window| {
        let hypothesis = decode(&engine, window, &DecodeOptions::default()).unwrap();
        hypothesis.segments.iter().map(|segment| segment.no_speech_prob).next()
    };
    assert!(no_speech(&speech()).unwrap() < 0.3);
    assert!(no_speech(&silence()).is_none_or(|probability| probability > 0.6));
    assert_eq!(no_speech(&window(vec![0.0; 48_000])), None, "digital silence is not decoded");
}

#[test]
fn words_are_placed_where_they_are_spoken() {
    let hypothesis = decode(&engine(), &speech(), &DecodeOptions::default()).unwrap();
    let tokens: Vec<_> = hypothesis.segments.iter().flat_map(|segment| &segment.tokens).collect();
    let start_of = |text: &str| tokens.iter().find(|token| token.text.starts_with(text)).unwrap().start_ms;
    assert!(tokens.first().unwrap().start_ms.abs_diff(256) <= 200);
    assert!(start_of("保").abs_diff(2_300) <= 300);
    assert!(start_of("目").abs_diff(3_987) <= 200);
    assert!(tokens.last().unwrap().end_ms.abs_diff(5_523) <= 250);
}

#[test]
fn i3_clips_of_any_length_are_decoded_or_empty() {
    let engine = engine();
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

#[test]
fn a_long_window_stops_within_a_second_of_a_cancellation_in_the_encoder() {
    let engine = engine();
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

#[test]
fn every_way_of_decoding_hears_the_words() {
    let engine = engine();
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
        let hypothesis = decode(&engine, &speech, &options).unwrap();
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
fn heard_with(engine: &NativeEngine, bias: Bias, search: Search) -> String {
    let options = DecodeOptions {
        bias: Some(Arc::new(bias)),
        search,
        audio_ctx: Some(512),
        ..DecodeOptions::default()
    };
    decode(engine, &speech(), &options).unwrap().text()
}

#[test]
fn expected_words_are_written_where_they_are_spoken() {
    let engine = engine();
    let plain = DecodeOptions { audio_ctx: Some(512), ..DecodeOptions::default() };
    assert!(!decode(&engine, &speech(), &plain).unwrap().text().contains("児福司"));
    let strong =
        Bias { boost: 8.0, start: 4.0, cap: 10.0, ..expecting(&["対応者", "児福司", "保健師"]) };
    for search in [Search::default(), Search::Beam { size: 3 }] {
        let text = heard_with(&engine, strong.clone(), search);
        assert!(text.contains("児福司"), "{search:?}: {text}");
    }
}

#[test]
fn expected_words_that_nobody_says_are_not_written() {
    let text = heard_with(&engine(), expecting(&["緊急受理会議", "立入調査", "臨検"]), Search::default());
    assert!(text.contains("安全確認"), "{text}");
    assert!(["緊急受理", "立入", "臨検"].iter().all(|term| !text.contains(term)), "{text}");
}

#[test]
fn sampling_is_repeatable_whatever_was_decoded_before() {
    let engine = engine();
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

#[test]
fn a_prompt_of_any_length_is_survived() {
    let engine = engine();
    let prompt = "保健師の大西さん、児童福祉司の森田さん。".repeat(2_000);
    let options = DecodeOptions { prompt: Some(prompt), audio_ctx: Some(512), ..DecodeOptions::default() };
    decode(&engine, &speech(), &options).unwrap();
}

#[test]
fn options_outside_their_range_are_named() {
    let engine = engine();
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
        let error = decode(&engine, &speech(), &options).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Options, message.to_owned()));
    }
}

fn refusal(path: &Path) -> ErrorKind {
    let config = EngineConfig { model_path: path.into(), ..config() };
    NativeEngine::open(&config).map(|_| ()).unwrap_err().kind()
}

#[test]
fn m1_a_damaged_model_is_refused_at_load() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.bin");
    assert_eq!(refusal(&path), ErrorKind::Model, "missing");
    assert_eq!(refusal(directory.path()), ErrorKind::Model, "a directory");

    let good = fs::read(model_path()).unwrap();
    for length in [0, 3, 4, 47, 48, 10_000, 600_000, 40_000_000, good.len() - 1] {
        fs::write(&path, &good[..length]).unwrap();
        assert_eq!(refusal(&path), ErrorKind::Model, "cut to {length} bytes");
    }
    let mut grown = fs::File::create(&path).unwrap();
    grown.write_all(&good).unwrap();
    grown.write_all(&[0; 64]).unwrap();
    drop(grown);
    assert_eq!(refusal(&path), ErrorKind::Model, "bytes after the end");

    // A name that whisper.cpp does not know passes our check of the structure, and is refused by theirs.
    let mut renamed = good;
    let name = b"decoder.token_embedding.weight";
    let at = renamed.windows(name.len()).position(|bytes| bytes == name).unwrap();
    renamed[at] = b'D';
    fs::write(&path, &renamed).unwrap();
    assert_eq!(refusal(&path), ErrorKind::Model, "an unknown tensor");
}

#[test]
fn a_session_outlives_its_engine() {
    let engine = engine();
    let mut session = engine.session().unwrap();
    drop(engine);
    assert!(
        !session.decode(&speech(), &DecodeOptions::default(), &Control::new()).unwrap().segments.is_empty()
    );
}

#[test]
fn the_fast_kernels_are_compiled_in() {
    let info = asr::system_info().unwrap();
    assert!(info.contains("LLAMAFILE = 1"), "GGML_LLAMAFILE is not ON in .cargo/config.toml: {info}");
    assert!(!asr::whisper_cpp_version().is_empty());
    #[cfg(target_arch = "x86_64")]
    for (has, feature) in [
        (std::arch::is_x86_feature_detected!("avx2"), "AVX2 = 1"),
        (std::arch::is_x86_feature_detected!("fma"), "FMA = 1"),
        (std::arch::is_x86_feature_detected!("f16c"), "F16C = 1"),
    ] {
        assert!(
            !has || info.contains(feature),
            "whisper.cpp was built without {feature}: unset SOURCE_DATE_EPOCH, then `cargo clean -p whisper-rs-sys`: {info}"
        );
    }
}
