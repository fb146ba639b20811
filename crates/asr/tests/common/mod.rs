//! The real model, a tiny one and real audio for tests.
#![allow(dead_code, unused_imports, reason = "each test binary uses its part")]

pub(crate) mod hearing;
pub(crate) mod tiny;

use std::path::{Path, PathBuf};

use asr::{EngineConfig, WhisperEngine};
use record::{SAMPLE_RATE, TimeMap, Window};

/// The converted base model. A test without it fails.
pub(crate) fn model_path() -> PathBuf {
    let directory = std::env::var_os("KIKITORI_MODELS").expect(
        "KIKITORI_MODELS does not name the directory of the models: run `make models`, or `make test`",
    );
    let path = Path::new(&directory).join("ggml-base-dictation-q8_0.bin");
    assert!(path.is_file(), "ggml-base-dictation-q8_0.bin is not in KIKITORI_MODELS: run `make models`");
    path
}

pub(crate) fn config() -> EngineConfig {
    EngineConfig {
        model_path: model_path(),
        model_name: "base-dictation-q8_0".into(),
        ..EngineConfig::default()
    }
}

pub(crate) fn engine() -> WhisperEngine {
    WhisperEngine::open(&config()).unwrap()
}

/// 5.7 s of synthetic speech, a piece of `samples/visit-home.opus`:
/// 対応者、児福司の森田と、保健師の大西さん。(256–3623 ms) 目的、安全確認。(3987–5523 ms)
pub(crate) fn speech() -> Window {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/visit.wav");
    let mut reader = hound::WavReader::open(path).unwrap();
    assert_eq!((reader.spec().sample_rate, reader.spec().channels), (SAMPLE_RATE, 1));
    window(reader.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_768.0).collect())
}

pub(crate) fn window(samples: Vec<f32>) -> Window {
    let map =
        if samples.is_empty() { TimeMap::default() } else { TimeMap::contiguous(0, samples.len() as u64) };
    Window { index: 0, file: 0, samples, map }
}

pub(crate) fn native_engine() -> asr::NativeEngine {
    asr::NativeEngine::open(&config()).unwrap()
}

/// The results of a batch, in the order of its windows.
pub(crate) fn batch(
    session: &mut dyn asr::Session,
    requests: &[asr::Request<'_>],
    control: &asr::Control,
) -> Vec<Result<asr::Hypothesis, asr::Error>> {
    let mut results: Vec<_> = requests.iter().map(|_| None).collect();
    session.decode_batch(requests, control, &mut |place, result| {
        assert!(results[place].replace(result).is_none(), "a window is delivered once");
    });
    results.into_iter().map(Option::unwrap).collect()
}
