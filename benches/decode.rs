//! Decoding, mixing and resampling: 16 kHz samples a second.

mod common;

use std::path::Path;

use audio::{AudioReader, Resampler};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Seconds of sound that are resampled.
const SECONDS: u32 = 30;
/// Samples that a decoder hands on at once.
const BLOCK: usize = 1_152;

/// Decodes the whole recording and returns its length in samples.
fn decode(path: &Path) -> u64 {
    let mut reader = AudioReader::open(path).expect("a sample");
    let mut samples = 0;
    while let Some(block) = reader.next_block().expect("a sound recording") {
        samples += block.len() as u64;
    }
    samples
}

fn decoders(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    let files = [
        ("opus", "samples/visit-home.opus"),
        ("mp3", "crates/audio/tests/data/chirps.mp3"),
        ("m4a", "crates/audio/tests/data/chirps.m4a"),
        ("flac", "crates/audio/tests/data/chirps.flac"),
    ];
    for (format, file) in files {
        let path = common::file(file);
        group.throughput(Throughput::Elements(decode(&path)));
        group.bench_function(format, |b| b.iter(|| decode(&path)));
    }
    group.finish();
}

/// A tone at the rates that recorders and telephones write.
fn resampler(c: &mut Criterion) {
    let mut group = c.benchmark_group("resample");
    group.throughput(Throughput::Elements(u64::from(SECONDS * record::SAMPLE_RATE)));
    for rate in [8_000, 44_100, 48_000] {
        let turn = std::f32::consts::TAU * 440.0 / rate as f32;
        let tone: Vec<f32> = (0..SECONDS * rate).map(|n| 0.5 * (turn * (n % rate) as f32).sin()).collect();
        let mut resampler = Resampler::new(rate).expect("a usual rate");
        group.bench_function(format!("{rate} Hz"), |b| {
            b.iter(|| {
                let mut out = Vec::new();
                for block in tone.chunks(BLOCK) {
                    resampler.push(block, &mut out).expect("resampling");
                }
                resampler.finish(&mut out).expect("resampling");
                out
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = all;
    config = common::config();
    targets = decoders, resampler
}
criterion_main!(all);
