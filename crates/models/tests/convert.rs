//! From `CTranslate2` and Hugging Face directories to ggml files.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::{fs, io::Cursor, path::Path, sync::atomic::AtomicBool};

use common::{ct2_bytes, dims, ggml, never, silent, values, vocab, write_ct2, write_hf};
use models::{ErrorKind, Format, Ggml, Storage, convert, mel, open, plan};
use proptest::prelude::*;

#[test]
fn every_source_fulfils_the_duties_of_a_weight_source() {
    let dir = tempfile::tempdir().unwrap();
    let [ct2, hf, sharded] = ["ct2", "hf", "sharded"].map(|name| dir.path().join(name));
    write_ct2(&ct2);
    write_hf(&hf, false);
    write_hf(&sharded, true);
    let file = dir.path().join("ggml.bin");
    fs::write(&file, ggml(&ct2, Format::F16)).unwrap();
    for input in [ct2, hf, sharded, file] {
        let mut whisper = open(&input).unwrap();
        assert_eq!(whisper.dims, dims());
        assert_eq!(whisper.vocab, vocab());
        models::conformance(&mut whisper, &values);
    }
}

#[test]
fn the_same_weights_give_the_same_file_from_every_source() {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(&dir.path().join("ct2"));
    write_hf(&dir.path().join("hf"), true);
    for format in Format::ALL {
        let from_ct2 = ggml(&dir.path().join("ct2"), format);
        assert_eq!(from_ct2, ggml(&dir.path().join("hf"), format), "{format}");
        assert_eq!(from_ct2, ggml(&dir.path().join("ct2"), format), "{format} again");
    }
}

#[test]
fn a_written_file_reads_back_with_its_header_filters_and_vocabulary() {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(dir.path());
    for format in Format::ALL {
        let bytes = ggml(dir.path(), format);
        let len = bytes.len() as u64;
        assert_eq!(&bytes[..4], b"lmgg");
        let file = Ggml::read(Cursor::new(bytes), len, Path::new("m")).unwrap();
        assert_eq!(file.dims(), &dims());
        assert_eq!(file.vocab(), vocab());
        assert_eq!(file.filters(), mel::filters(dims().mels));
        assert_eq!(file.format(), Some(format));
    }
}

#[test]
fn the_header_of_a_q8_0_file_has_whisper_cpp_s_fields() {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(dir.path());
    let bytes = ggml(dir.path(), Format::Q8_0);
    let fields: Vec<u32> = bytes[..56].as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
    assert_eq!(fields, [0x6767_6d6c, 12, 8, 32, 4, 2, 6, 32, 2, 1, 4, 2_007, 4, 201]);
}

/// Finds a tensor's data in a ggml file by its name.
fn data_of<'a>(bytes: &'a [u8], name: &str, len: usize) -> &'a [u8] {
    let at = bytes.windows(name.len()).position(|w| w == name.as_bytes()).unwrap() + name.len();
    &bytes[at..at + len]
}

#[test]
fn q8_0_blocks_are_a_half_precision_scale_and_32_rounded_weights() {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(dir.path());
    let bytes = ggml(dir.path(), Format::Q8_0);
    let f16 = ggml(dir.path(), Format::F16);
    for spec in plan(&dims()) {
        let exact = values(&spec);
        match spec.storage {
            Storage::Matrix => {
                let data = data_of(&bytes, &spec.name, exact.len() / 32 * 34);
                for (block, weights) in data.chunks(34).zip(exact.chunks(32)) {
                    let max = weights.iter().fold(0.0_f32, |m, w| m.max(w.abs()));
                    let step = max / 127.0;
                    let scale = half(&block[..2]);
                    assert!((scale - step).abs() <= step / 1_024.0, "{}: {scale} for {step}", spec.name);
                    for (q, weight) in block[2..].iter().zip(weights) {
                        let error = (f32::from(q.cast_signed()) * scale - weight).abs();
                        // Half a step, and what the scale lost in 127 steps.
                        assert!(error <= step * (0.5 + 127.0 / 2_048.0), "{}: {error}", spec.name);
                    }
                }
            }
            Storage::Full | Storage::Half => {
                let width = if spec.storage == Storage::Full { 4 } else { 2 };
                let len = exact.len() * width;
                assert_eq!(data_of(&bytes, &spec.name, len), data_of(&f16, &spec.name, len), "{}", spec.name);
            }
        }
    }
}

fn half(bytes: &[u8]) -> f32 {
    let bits = u16::from_le_bytes([bytes[0], bytes[1]]);
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1_023));
    if exponent == 0 {
        fraction * 2.0_f32.powi(-24)
    } else {
        (1.0 + fraction / 1_024.0) * 2.0_f32.powi(exponent - 15)
    }
}

#[test]
fn a_quantised_file_is_not_quantised_again() {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(dir.path());
    let file = dir.path().join("q.bin");
    fs::write(&file, ggml(dir.path(), Format::Q8_0)).unwrap();
    let error = open(&file).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn formats_are_found_by_name() {
    for format in Format::ALL {
        assert_eq!(Format::by_name(format.name()).unwrap(), format);
    }
    let error = Format::by_name("q3_k").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("q8_0"), "{error}");
}

#[test]
fn a_cancelled_conversion_stops() {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(dir.path());
    let cancel = AtomicBool::new(true);
    let error = convert(dir.path(), &mut Vec::new(), Format::F16, &cancel, &mut silent()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[test]
fn a_directory_without_a_model_says_what_was_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    let error = open(dir.path()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("model.safetensors"), "{error}");
    assert_eq!(open(&dir.path().join("none")).err().unwrap().kind(), ErrorKind::NotFound);
}

#[test]
fn a_shard_outside_the_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_hf(dir.path(), true);
    for name in ["../model.safetensors", "/dev/zero", "a/b.safetensors"] {
        let index = serde_json::json!({ "weight_map": { "x": name } });
        fs::write(dir.path().join("model.safetensors.index.json"), index.to_string()).unwrap();
        assert_eq!(open(dir.path()).err().unwrap().kind(), ErrorKind::Unsupported, "{name}");
    }
}

#[test]
fn crafted_tensors_of_public_reports_never_reach_whisper_cpp() {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(dir.path());
    let good = ggml(dir.path(), Format::F16);
    let name = b"decoder.positional_embedding";
    // Rank, length of the name, encoding, two sizes stand before the first tensor's name.
    let tensor = good.windows(name.len()).position(|w| w == name).unwrap() - 20;
    for (field, value) in
        [(0, 64), (0, u32::MAX), (1, u32::MAX), (1, 0), (2, 99), (3, 1 << 30), (4, u32::MAX)]
    {
        let mut bytes = good.clone();
        let at = tensor + 4 * field;
        bytes[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
        let len = bytes.len() as u64;
        let error = Ggml::read(Cursor::new(bytes), len, Path::new("m")).err();
        assert_eq!(error.map(|e| e.kind()), Some(ErrorKind::Unsupported), "field {field} = {value}");
    }
}

/// Opens `model.bin` with these bytes, reads every tensor that it promises and writes a file of it.
fn try_ct2(bytes: &[u8]) -> Result<(), models::Error> {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(dir.path());
    fs::write(dir.path().join("model.bin"), bytes).unwrap();
    convert(dir.path(), &mut Vec::new(), Format::Q8_0, &never(), &mut silent())
}

#[test]
fn a_ctranslate2_file_cut_at_any_field_is_refused() {
    let (bytes, fields) = ct2_bytes();
    try_ct2(&bytes).unwrap();
    for at in fields {
        let error = try_ct2(&bytes[..at]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "cut at {at}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(try_ct2(&longer).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn integer_weights_are_refused_with_advice() {
    let (mut bytes, _) = ct2_bytes();
    // The embedding's type, f16, becomes int16 of the same width.
    let name = b"decoder/embeddings/weight\0";
    let at = bytes.windows(name.len()).position(|w| w == name).unwrap() + name.len() + 1 + 8;
    assert_eq!(bytes[at], 4);
    bytes[at] = 2;
    let error = try_ct2(&bytes).unwrap_err();
    assert!(error.to_string().contains("float16"), "{error}");
}

#[test]
fn a_ggml_file_cut_anywhere_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(dir.path());
    let bytes = ggml(dir.path(), Format::Q8_0);
    for len in (0..bytes.len()).step_by(97) {
        let cut = bytes[..len].to_vec();
        let error = Ggml::read(Cursor::new(cut), len as u64, Path::new("m")).err();
        assert_eq!(error.map(|e| e.kind()), Some(ErrorKind::Unsupported), "cut at {len}");
    }
}

#[test]
fn sizes_that_would_overflow_whisper_cpp_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(dir.path());
    let good = ggml(dir.path(), Format::F16);
    // Vocabulary, contexts, states, heads, layers, mel channels, file type, filter sizes.
    for field in 1..14 {
        for value in [0, 7, 1 << 20, u32::MAX, 1 << 31] {
            let mut bytes = good.clone();
            let old = bytes[4 * field..4 * field + 4].to_vec();
            bytes[4 * field..4 * field + 4].copy_from_slice(&u32::to_le_bytes(value));
            if bytes[4 * field..4 * field + 4] == old {
                continue;
            }
            let len = bytes.len() as u64;
            let read = Ggml::read(Cursor::new(bytes), len, Path::new("m"));
            assert!(read.is_err(), "field {field} = {value}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_bytes_are_never_a_ctranslate2_model(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(try_ct2(&bytes).is_err());
    }

    #[test]
    fn a_damaged_ctranslate2_file_never_panics(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let (mut bytes, fields) = ct2_bytes();
        for (index, value) in damage {
            // Near field beginnings, where lengths and types are.
            let at = fields[index.index(fields.len())].min(bytes.len() - 1);
            bytes[at] = value;
        }
        let _ = try_ct2(&bytes);
    }

    #[test]
    fn a_damaged_ggml_file_never_panics(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let dir = tempfile::tempdir().unwrap();
        write_ct2(dir.path());
        let mut bytes = ggml(dir.path(), Format::F16);
        for (index, value) in damage {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        let len = bytes.len() as u64;
        let _ = Ggml::read(Cursor::new(bytes), len, Path::new("m"));
    }
}
