//! A small model for the native engine with anything wrong in it: numbers of the header, heads of tensors, its length.
//!
//! Weights alone are some megabytes, which no fuzzer finds by itself; so the input says what is changed in a whole file.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use models::{Dims, plan};

/// Every part of a file, small: f32 where there are few weights, blocks of four bits where there are many.
static FILE: LazyLock<(Vec<u8>, Vec<usize>)> = LazyLock::new(|| {
    let dims = Dims {
        vocab: 51_865,
        audio_ctx: 64,
        state: 64,
        audio_head: 1,
        audio_layer: 1,
        text_ctx: 64,
        text_head: 1,
        text_layer: 1,
        mels: 80,
    };
    let mut file = b"lmgg".to_vec();
    let put = |file: &mut Vec<u8>, numbers: &[usize]| {
        file.extend(numbers.iter().flat_map(|number| (*number as u32).to_le_bytes()));
    };
    put(&mut file, &[dims.vocab, dims.audio_ctx, dims.state, dims.audio_head, dims.audio_layer]);
    put(
        &mut file,
        &[dims.text_ctx, dims.state, dims.text_head, dims.text_layer, dims.mels, 2, dims.mels, 201],
    );
    file.resize(file.len() + 4 * dims.mels * 201, 0);
    put(&mut file, &[50_257]);
    let mut places: Vec<usize> = (0..14).map(|number| 4 * number).collect();
    places.push(file.len() - 4);
    for token in 0..50_257 {
        let text = token.to_string();
        put(&mut file, &[text.len()]);
        file.extend(text.bytes());
    }
    places.push(file.len() - 1);
    for spec in plan(&dims) {
        let shape: Vec<usize> = spec.shape.iter().rev().copied().collect();
        let weights: usize = shape.iter().product();
        let (kind, bytes) = if shape[0].is_multiple_of(32) && weights > 64 {
            (2, weights / 32 * 18)
        } else {
            (0, weights * 4)
        };
        places.extend((0..3 + shape.len()).map(|number| file.len() + 4 * number));
        put(&mut file, &[shape.len(), spec.name.len(), kind]);
        put(&mut file, &shape);
        places.extend(file.len()..file.len() + spec.name.len());
        file.extend(spec.name.bytes());
        file.resize(file.len() + bytes, 0x3c);
    }
    asr::read_ggml(&file).expect("the file is whole");
    (file, places)
});

fuzz_target!(|bytes: &[u8]| {
    let _ = asr::read_ggml(bytes);
    let (file, places) = &*FILE;
    let mut changed = file.clone();
    let mut changes = bytes.chunks_exact(6);
    for change in changes.by_ref() {
        let place = places[usize::from(u16::from_le_bytes([change[0], change[1]])) % places.len()];
        let number = &change[2..];
        let number = &number[..number.len().min(changed.len() - place)];
        changed[place..place + number.len()].copy_from_slice(number);
    }
    // An odd byte cuts the file, mostly near its end.
    if let [cut, ..] = changes.remainder() {
        changed.truncate(file.len() - usize::from(*cut).pow(3) % file.len());
    }
    let _ = asr::read_ggml(&changed);
});
