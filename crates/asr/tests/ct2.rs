//! The `CTranslate2` engine with a real model: `KIKITORI_CT2_MODEL` names a directory with Whisper `base`, converted for
//! `CTranslate2`. Without it these tests say so and check nothing.
#![cfg(feature = "ct2")]
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use asr::{
    Control, Ct2Engine, DecodeOptions, Engine, EngineConfig, Error, ErrorKind, Hypothesis, Request, Search,
};
use common::{batch, speech, window};
use record::Window;

/// The model directory, if there is one.
fn directory(test: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("KIKITORI_CT2_MODEL").filter(|d| !d.is_empty()).map(PathBuf::from);
    if directory.is_none() {
        eprintln!("NOT RUN: {test}: KIKITORI_CT2_MODEL does not name a model directory of CTranslate2");
    }
    directory
}

/// The engine, if there is a model.
fn engine(test: &str) -> Option<Ct2Engine> {
    let config = EngineConfig { model_path: directory(test)?, ..EngineConfig::default() };
    Some(Ct2Engine::open(&config).unwrap())
}

fn decode(engine: &Ct2Engine, window: &Window, options: &DecodeOptions) -> Result<Hypothesis, Error> {
    engine.session().unwrap().decode(window, options, &Control::new())
}

/// Three seconds of noise at about −100 dB, the same in every run.
fn silence() -> Window {
    window((0..48_000_u32).map(|i| (i.wrapping_mul(7_919) % 1_000) as f32 * 2e-8 - 1e-5).collect())
}

#[test]
fn the_engine_keeps_the_contract() {
    let Some(engine) = engine("the_engine_keeps_the_contract") else { return };
    asr::conformance::run(&engine, &speech(), &silence()).unwrap();
}

#[test]
fn words_are_placed_where_they_are_spoken() {
    let Some(engine) = engine("words_are_placed_where_they_are_spoken") else { return };
    let hypothesis = decode(&engine, &speech(), &DecodeOptions::default()).unwrap();
    let tokens: Vec<_> = hypothesis.segments.iter().flat_map(|segment| &segment.tokens).collect();
    let start_of = |text: &str| tokens.iter().find(|token| token.text.starts_with(text)).unwrap().start_ms;
    assert!(tokens.first().unwrap().start_ms.abs_diff(256) <= 200);
    assert!(start_of("目").abs_diff(3_987) <= 200);
    assert!(tokens.last().unwrap().end_ms.abs_diff(5_523) <= 250);
}

#[test]
fn every_way_of_decoding_hears_the_words() {
    let Some(engine) = engine("every_way_of_decoding_hears_the_words") else { return };
    let speech = speech();
    let plain = DecodeOptions::default();
    for options in [
        DecodeOptions { search: Search::Beam { size: 3 }, ..plain.clone() },
        DecodeOptions { timestamps: false, ..plain.clone() },
        DecodeOptions { audio_ctx: Some(512), ..plain.clone() },
        DecodeOptions { language: None, ..plain.clone() },
        DecodeOptions { threads: 2, ..plain.clone() },
        DecodeOptions { prompt: Some("家庭訪問の記録。".repeat(500)), ..plain.clone() },
        DecodeOptions { suppress_non_speech: false, ..plain.clone() },
    ] {
        let hypothesis = decode(&engine, &speech, &options).unwrap();
        assert!(hypothesis.text().contains("安全"), "{options:?}");
        let times: Vec<_> =
            hypothesis.segments.iter().flat_map(|s| &s.tokens).flat_map(|t| [t.start_ms, t.end_ms]).collect();
        assert!(
            times.is_sorted() && times.last().is_some_and(|ms| *ms <= speech.duration_ms()),
            "{options:?}"
        );
    }
}

#[test]
fn a_batch_of_different_windows_gives_what_each_gives_alone() {
    let Some(engine) = engine("a_batch_of_different_windows_gives_what_each_gives_alone") else { return };
    let speech = speech();
    let cut = |from: usize, to: usize| window(speech.samples[from * 1_600..to * 1_600].to_vec());
    let windows = [speech.clone(), cut(0, 36), cut(36, 57), silence(), window(vec![0.0; 1_600]), cut(20, 57)];
    for search in [Search::default(), Search::Beam { size: 3 }] {
        let options = DecodeOptions { search, audio_ctx: Some(512), ..DecodeOptions::default() };
        let mut session = engine.session().unwrap();
        let requests: Vec<_> = windows.iter().map(|window| Request { window, options: &options }).collect();
        let together = batch(&mut *session, &requests, &Control::new());
        for (index, (window, together)) in windows.iter().zip(together).enumerate() {
            let alone = session.decode(window, &options, &Control::new()).unwrap();
            assert_eq!(together.unwrap(), alone, "window {index}, {search:?}");
        }
    }
}

#[test]
fn a_bad_window_fails_alone() {
    let Some(engine) = engine("a_bad_window_fails_alone") else { return };
    let (speech, bad) = (speech(), window(vec![f32::NAN; 16_000]));
    let mut session = engine.session().unwrap();
    let options = DecodeOptions::default();
    let requests = [&bad, &speech].map(|window| Request { window, options: &options });
    let results = batch(&mut *session, &requests, &Control::new());
    let kinds: Vec<_> =
        results.into_iter().map(|result| result.map_err(|error| error.kind()).err()).collect();
    assert_eq!(kinds, [Some(ErrorKind::Window), None]);
}

#[test]
fn a_batch_stops_within_a_second_of_a_cancellation() {
    let Some(engine) = engine("a_batch_stops_within_a_second_of_a_cancellation") else { return };
    let one = speech();
    let long = window(one.samples.iter().copied().cycle().take(28 * 16_000).collect());
    let mut session = engine.session().unwrap();
    let control = Control::new();
    let (results, late) = thread::scope(|scope| {
        let canceller = scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            control.cancel();
            Instant::now()
        });
        let options = DecodeOptions::default();
        let results = batch(&mut *session, &[Request { window: &long, options: &options }; 8], &control);
        let returned = Instant::now();
        (results, returned.saturating_duration_since(canceller.join().unwrap()))
    });
    assert!(results.into_iter().all(|result| result.unwrap_err().kind() == ErrorKind::Cancelled));
    assert!(late < Duration::from_secs(1), "{late:?}");
    assert!(!session.decode(&one, &DecodeOptions::default(), &Control::new()).unwrap().segments.is_empty());
}

#[test]
fn options_outside_their_range_are_named() {
    let Some(engine) = engine("options_outside_their_range_are_named") else { return };
    let plain = DecodeOptions::default();
    for (options, message) in [
        (
            DecodeOptions { language: Some("jp".into()), ..plain.clone() },
            "the model does not know the language: jp",
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
    ] {
        let error = decode(&engine, &speech(), &options).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Options, message.to_owned()));
    }
}

#[test]
fn a_damaged_model_is_refused_at_load() {
    let copy = tempfile::tempdir().unwrap();
    let refusal = || {
        let config = EngineConfig { model_path: copy.path().into(), ..EngineConfig::default() };
        Ct2Engine::open(&config).map(|_| ()).unwrap_err().kind()
    };
    assert_eq!(refusal(), ErrorKind::Model, "an empty directory");
    let Some(good) = directory("a_damaged_model_is_refused_at_load") else { return };
    for name in ["config.json", "vocabulary.json", "vocabulary.txt"] {
        if good.join(name).exists() {
            fs::copy(good.join(name), copy.path().join(name)).unwrap();
        }
    }
    let weights = fs::read(good.join("model.bin")).unwrap();
    for length in [0, 3, 100, 10_000, weights.len() / 2, weights.len() - 1] {
        fs::write(copy.path().join("model.bin"), &weights[..length]).unwrap();
        assert_eq!(refusal(), ErrorKind::Model, "cut to {length} bytes");
    }
    let mut foreign = weights;
    let name = b"WhisperSpec";
    let at = foreign.windows(name.len()).position(|bytes| bytes == name).unwrap();
    foreign[at] = b'V';
    fs::write(copy.path().join("model.bin"), &foreign).unwrap();
    assert_eq!(refusal(), ErrorKind::Model, "not a Whisper model");
}

#[test]
fn a_session_outlives_its_engine() {
    let Some(engine) = engine("a_session_outlives_its_engine") else { return };
    let mut session = engine.session().unwrap();
    drop(engine);
    assert!(
        !session.decode(&speech(), &DecodeOptions::default(), &Control::new()).unwrap().segments.is_empty()
    );
}
