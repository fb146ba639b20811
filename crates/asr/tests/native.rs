//! The native engine: with the real model in batches, with a tiny one from files of every kind.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use asr::{
    Control, DecodeOptions, Engine, EngineConfig, ErrorKind, Hypothesis, NativeEngine, Request, Search,
    Session,
};
use common::tiny::{self, Stored};
use common::{batch, native_engine as engine, speech, window};
use models::Format;
use proptest::prelude::*;
use record::Window;
use safetensors::Dtype;

common::hearing::duties!("native");

/// Eight windows of different lengths and sounds, one of them empty.
fn windows() -> Vec<Window> {
    let speech = speech().samples;
    let part = |from: usize, to: usize| window(speech[from..to].to_vec());
    vec![
        part(0, speech.len()),
        part(0, 58_000),
        window(Vec::new()),
        part(60_000, speech.len()),
        window(vec![0.25]),
        part(30_000, 70_000),
        window((0..32_000_u32).map(|i| (i.wrapping_mul(7_919) % 1_000) as f32 * 2e-4 - 0.1).collect()),
        part(4_000, 64_000),
    ]
}

fn quick() -> DecodeOptions {
    DecodeOptions { audio_ctx: Some(320), max_tokens: Some(40), ..DecodeOptions::default() }
}

fn in_batches(session: &mut dyn Session, requests: &[Request<'_>], size: usize) -> Vec<Hypothesis> {
    let batches = requests.chunks(size).flat_map(|requests| batch(session, requests, &Control::new()));
    batches.map(Result::unwrap).collect()
}

#[test]
fn the_text_does_not_depend_on_the_number_of_threads() {
    let engine = engine();
    let mut session = engine.session().unwrap();
    let mut heard = |threads| {
        let options = DecodeOptions { threads, ..DecodeOptions::default() };
        session.decode(&speech(), &options, &Control::new()).unwrap()
    };
    let alone = heard(1);
    assert!(alone.text().contains("安全確認"));
    for threads in [2, 3, 1] {
        assert_eq!(heard(threads), alone, "{threads} threads");
    }
}

#[test]
fn the_text_does_not_depend_on_the_batch() {
    let engine = engine();
    let mut session = engine.session().unwrap();
    let windows = windows();
    let plain = quick();
    let beam = DecodeOptions { search: Search::Beam { size: 3 }, ..quick() };
    let sampled = DecodeOptions {
        temperatures: vec![0.4],
        search: Search::Greedy { best_of: 2 },
        threads: 2,
        ..quick()
    };
    // All in the same way, and each window in another one than its neighbours.
    let mixed = [&plain, &beam, &sampled];
    for ways in [&[&plain][..], &mixed] {
        let requests: Vec<_> = windows
            .iter()
            .zip(ways.iter().cycle())
            .map(|(window, options)| Request { window, options })
            .collect();
        let alone = in_batches(&mut *session, &requests, 1);
        assert!(alone.iter().filter(|hypothesis| !hypothesis.segments.is_empty()).count() >= 5);
        for size in [2, 8] {
            assert_eq!(in_batches(&mut *session, &requests, size), alone, "batches of {size}");
        }
        let backwards: Vec<_> = requests.iter().rev().copied().collect();
        let mut found = in_batches(&mut *session, &backwards, 8);
        found.reverse();
        assert_eq!(found, alone, "in another order");
    }
}

#[test]
fn a_batch_larger_than_the_preferred_one_is_taken() {
    let engine = engine();
    let mut session = engine.session().unwrap();
    let (windows, options) = (windows(), quick());
    let twice: Vec<_> =
        windows.iter().chain(&windows).map(|window| Request { window, options: &options }).collect();
    let found = in_batches(&mut *session, &twice, 16);
    assert_eq!(found[..8], found[8..]);
    assert!(batch(&mut *session, &[], &Control::new()).is_empty());
}

#[test]
fn a_bad_window_costs_its_neighbours_nothing() {
    let engine = engine();
    let mut session = engine.session().unwrap();
    let (good, options) = (speech(), quick());
    let expected = session.decode(&good, &options, &Control::new()).unwrap();
    let with = |value: f32| {
        let mut samples = good.samples.clone();
        samples[40_000] = value;
        window(samples)
    };
    let (nan, infinite, long) = (with(f32::NAN), with(f32::NEG_INFINITY), window(vec![0.1; 480_001]));
    let empty = window(Vec::new());
    let nobody = DecodeOptions { language: Some("xx".into()), ..quick() };
    let requests: Vec<_> = [
        (&nan, &options),
        (&good, &options),
        (&infinite, &options),
        (&empty, &options),
        (&long, &options),
        (&good, &nobody),
        (&good, &options),
    ]
    .map(|(window, options)| Request { window, options })
    .into();
    let results = batch(&mut *session, &requests, &Control::new());
    let kinds: Vec<_> = results.iter().map(|result| result.as_ref().err().map(asr::Error::kind)).collect();
    let (bad, unknown) = (Some(ErrorKind::Window), Some(ErrorKind::Options));
    assert_eq!(kinds, [bad, None, bad, None, bad, unknown, None]);
    assert_eq!(
        results[0].as_ref().unwrap_err().to_string(),
        "a window holds a sample that is not finite: sample 40000"
    );
    for (at, hypothesis) in [(1, &expected), (3, &Hypothesis::default()), (6, &expected)] {
        assert_eq!(results[at].as_ref().unwrap(), hypothesis);
    }
}

#[test]
fn loud_samples_of_any_size_are_survived() {
    let engine = engine();
    let mut session = engine.session().unwrap();
    for value in [f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e20] {
        let samples = (0..20_000).map(|i| if i % 100 == 0 { value } else { 0.0 }).collect();
        session.decode(&window(samples), &quick(), &Control::new()).unwrap();
    }
}

#[test]
fn a_batch_is_cancelled_in_the_middle() {
    let engine = engine();
    let mut session = engine.session().unwrap();
    let (windows, options) = (windows(), quick());
    let requests: Vec<_> = windows.iter().map(|window| Request { window, options: &options }).collect();
    let whole = in_batches(&mut *session, &requests, 8);
    let control = Control::new();
    let (results, late) = thread::scope(|scope| {
        let canceller = scope.spawn(|| {
            // Past the first window's encoder.
            while control.progress() < 9 {
                thread::sleep(Duration::from_millis(1));
            }
            control.cancel();
            Instant::now()
        });
        let results = batch(&mut *session, &requests, &control);
        (results, Instant::now().saturating_duration_since(canceller.join().unwrap()))
    });
    assert!(late < Duration::from_secs(1), "{late:?}");
    assert!(results.iter().any(Result::is_err));
    for (result, whole) in results.iter().zip(&whole) {
        match result {
            Ok(found) => assert_eq!(found, whole),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled),
        }
    }
    assert_eq!(in_batches(&mut *session, &requests, 8), whole, "the session works on");
}

/// Opens a model of the tiny kind; an error as it is said, with its causes.
fn open(path: &Path) -> Result<NativeEngine, String> {
    let config = EngineConfig { model_path: path.into(), ..EngineConfig::default() };
    NativeEngine::open(&config).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Model);
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(&error);
        while let Some(source) = cause {
            causes.push(source.to_string());
            cause = source.source();
        }
        causes.join(": ")
    })
}

fn heard(path: &Path) -> Hypothesis {
    let engine = open(path).unwrap();
    engine.session().unwrap().decode(&speech(), &quick(), &Control::new()).unwrap()
}

#[test]
fn a_directory_is_heard_with_as_its_conversion_is() {
    let directory = tempfile::tempdir().unwrap();
    tiny::write_directory(directory.path());
    let converted = directory.path().join("model.bin");
    tiny::convert(directory.path(), &converted, Format::F16);
    let expected = heard(&converted);
    assert!(!expected.segments.is_empty());
    assert_eq!(heard(directory.path()), expected);
    assert_eq!(heard(&directory.path().join("model.safetensors")), expected, "its file");

    // Half-precision numbers, without the prefix of the names.
    let half = |stored: Stored| {
        let numbers = stored.bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        let bytes = numbers.flat_map(|x| half::f16::from_f32(x).to_le_bytes()).collect();
        Stored { dtype: Dtype::F16, bytes, ..stored }
    };
    let plain = tiny::tensors().into_iter();
    let plain = plain.map(|(name, stored)| (name["model.".len()..].to_owned(), half(stored))).collect();
    tiny::write_tensors(&directory.path().join("model.safetensors"), &plain);
    assert_eq!(heard(directory.path()), expected, "in half precision");
}

#[test]
fn shards_and_a_tokenizer_file_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    tiny::write_directory(directory.path());
    let expected = heard(directory.path());
    let (encoder, decoder) = tiny::tensors().into_iter().partition(|(name, _)| name.contains("encoder."));
    fs::remove_file(at("model.safetensors")).unwrap();
    tiny::write_tensors(&at("1.safetensors"), &encoder);
    tiny::write_tensors(&at("2.safetensors"), &decoder);
    let index = r#"{"weight_map": {"some": "1.safetensors", "others": "2.safetensors"}}"#;
    fs::write(at("model.safetensors.index.json"), index).unwrap();
    let vocabulary = fs::read_to_string(at("vocab.json")).unwrap();
    fs::remove_file(at("vocab.json")).unwrap();
    fs::write(at("tokenizer.json"), format!(r#"{{"model": {{"vocab": {vocabulary}}}}}"#)).unwrap();
    assert_eq!(heard(directory.path()), expected);

    fs::write(at("model.safetensors.index.json"), r#"{"weight_map": {"w": "../1.safetensors"}}"#).unwrap();
    let error = open(directory.path()).unwrap_err();
    assert!(error.contains("shards must be files beside the index"), "{error}");
}

#[test]
fn a_directory_that_is_not_whole_is_refused_with_its_reason() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    tiny::write_directory(directory.path());
    let refused = |what: &str| {
        let error = open(directory.path()).unwrap_err();
        assert!(error.contains(what), "{what}: {error}");
    };
    let tensors = tiny::tensors();
    let key = "model.decoder.layers.0.encoder_attn.k_proj.weight";
    let weights = at("model.safetensors");
    let with = |change: &dyn Fn(&mut Stored)| {
        let mut tensors = tensors.clone();
        change(tensors.get_mut(key).unwrap());
        tiny::write_tensors(&weights, &tensors);
    };

    with(&|stored| stored.dtype = Dtype::U32);
    refused("the engine does not read weights of this type: U32 in decoder.blocks.0.cross_attn.key.weight");
    with(&|stored| stored.shape = vec![32, 128]);
    refused("other dimensions than the header says: decoder.blocks.0.cross_attn.key.weight");
    tiny::write_tensors(
        &weights,
        &tensors.iter().filter(|(name, _)| *name != key).map(|(n, s)| (n.clone(), s.clone())).collect(),
    );
    refused("a tensor is missing or has other dimensions");

    tiny::write_tensors(&weights, &tensors);
    let good = fs::read(&weights).unwrap();
    for length in [0, 7, 8, 500, good.len() / 2, good.len() - 1] {
        fs::write(&weights, &good[..length]).unwrap();
        refused("the file is cut short");
    }
    fs::write(&weights, [&u64::MAX.to_le_bytes()[..], b"{}"].concat()).unwrap();
    refused("the file is cut short");
    fs::write(&weights, [&good[..20], &[b'#'; 40], &good[60..]].concat()).unwrap();
    refused("not the JSON that it should be");
    fs::write(&weights, &good).unwrap();

    let config = fs::read_to_string(at("config.json")).unwrap();
    fs::write(at("config.json"), config.replace("\"d_model\":64", "\"d_model\":128")).unwrap();
    refused("n_audio_head = 1");
    fs::write(at("config.json"), config.replace("51865", "51865000000")).unwrap();
    refused("n_vocab = 4294967295");
    fs::write(at("config.json"), config.replace("whisper", "bert")).unwrap();
    refused("not a Whisper model");
    fs::write(at("config.json"), &config).unwrap();

    fs::write(at("vocab.json"), tiny::vocabulary(50_256)).unwrap();
    refused("the vocabulary does not fit the header: entry 50256");
    fs::write(at("vocab.json"), "[]").unwrap();
    refused("the model's description cannot be used: vocab.json");
    fs::remove_file(at("vocab.json")).unwrap();
    refused("the file cannot be read");
}

#[test]
fn a_damaged_ggml_model_is_refused_with_its_reason() {
    let directory = tempfile::tempdir().unwrap();
    tiny::write_directory(directory.path());
    let path = directory.path().join("model.bin");
    tiny::convert(directory.path(), &path, Format::Q8_0);
    let good = fs::read(&path).unwrap();
    assert!(open(&path).is_ok());
    let find = |name: &[u8]| good.windows(name.len()).position(|bytes| bytes == name).unwrap();
    let refused = |at: usize, value: u32, what: &str| {
        let mut bytes = good.clone();
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        fs::write(&path, &bytes).unwrap();
        let error = open(&path).unwrap_err();
        assert!(error.contains(what), "{what}: {error}");
    };
    // Before a matrix's name: rank, length of the name, type, two dimensions.
    let matrix = find(b"decoder.blocks.0.attn.query.weight");
    refused(matrix - 12, 99, "a tensor is not plausible");
    refused(matrix - 8, 32, "a tensor is not plausible");
    refused(matrix - 8, 1 << 30, "a tensor is not plausible");
    refused(matrix - 20, 9, "a tensor is not plausible");
    refused(matrix - 16, 5_000, "a tensor is not plausible");
    // As many weights as there should be, in rows of another length.
    let numbers = [128_u32, 32].map(u32::to_le_bytes).concat();
    fs::write(&path, [&good[..matrix - 8], &numbers, &good[matrix..]].concat()).unwrap();
    let what = "a tensor is missing or has other dimensions than the header says: decoder.blocks.0.attn.query.weight";
    assert_eq!(open(&path).unwrap_err(), what);
    // A type of whisper.cpp's with blocks of 256 weights, which this engine does not read.
    let name = b"decoder.blocks.0.mlp.2.weight";
    let (at, behind) = (find(name), find(name) + name.len());
    let (blocks, kind) = (64 * 256 / 256, 12_u32);
    let bytes = [
        &good[..at - 12],
        &kind.to_le_bytes(),
        &good[at - 8..behind],
        &vec![0; blocks * 144],
        &good[behind + 64 * 256 / 32 * 34..],
    ];
    fs::write(&path, bytes.concat()).unwrap();
    assert_eq!(open(&path).unwrap_err(), "the engine does not read weights of this type: 12");

    refused(4 * 8, 2, "n_text_head = 2");
    refused(4 * 6, 500, "its header needs");
    refused(4, 51_866, "its header needs");
    refused(4 * 10, 128, "filters = 80");
    // The vocabulary, behind the filters: as many entries as the header allows, and one less than the model needs.
    let vocabulary = 4 * (14 + 80 * 201);
    refused(vocabulary, 60_000, "the vocabulary does not fit the header: entry 60000");
    for length in [good.len() / 3, good.len() / 2, good.len() - 1] {
        fs::write(&path, &good[..length]).unwrap();
        assert!(open(&path).unwrap_err().contains("the file is cut short"), "{length}");
    }
}

#[test]
fn a_model_without_all_text_tokens_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    tiny::write_directory(directory.path());
    fs::write(directory.path().join("vocab.json"), tiny::vocabulary(50_000)).unwrap();
    let path = directory.path().join("model.bin");
    tiny::convert(directory.path(), &path, Format::F16);
    assert_eq!(open(&path).unwrap_err(), "the vocabulary does not fit the header: entry 50000");
}

#[test]
fn every_format_is_read() {
    let directory = tempfile::tempdir().unwrap();
    tiny::write_directory(directory.path());
    let path = directory.path().join("model.bin");
    for format in Format::ALL {
        tiny::convert(directory.path(), &path, format);
        assert!(open(&path).is_ok(), "{format}");
    }
}

/// The tiny model as a ggml file.
static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap();
    tiny::write_directory(directory.path());
    let path = directory.path().join("model.bin");
    tiny::convert(directory.path(), &path, Format::Q5_0);
    fs::read(&path).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_change_of_a_model_is_survived(
        changes in prop::collection::vec((0.0_f64..1.0, any::<[u8; 4]>(), any::<bool>()), 1..4),
        cut in 0.0_f64..4.0,
    ) {
        let mut file = FILE.clone();
        // The heads of the tensors are few among the weights: a name is looked for behind the place.
        for (share, number, at_head) in changes {
            let mut at = (file.len() as f64 * share) as usize;
            if at_head {
                let head = file[at..].windows(7).position(|bytes| bytes == b".blocks").unwrap_or(0);
                at = (at + head).saturating_sub(27 - usize::from(number[0] % 28));
            }
            let end = file.len().min(at + 4);
            file[at..end].copy_from_slice(&number[..end - at]);
        }
        file.truncate((file.len() as f64 * cut) as usize);
        let _ = asr::read_ggml(&file);
    }
}
