//! Voice activity detection, packing, and both with decoding; the spectrogram of a window: 16 kHz samples a second.

mod common;

use std::path::PathBuf;

use asr::MelSpectrogram;
use audio::vad::{self, Vad};
use audio::{AudioReader, PackConfig, Packer, windows};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use record::{Segment, Token};

/// Mel bands of all models but the largest.
const BANDS: usize = 80;

fn sample() -> PathBuf {
    common::file("samples/visit-home.opus")
}

fn decoded() -> Vec<f32> {
    let mut reader = AudioReader::open(&sample()).expect("a sample");
    let mut samples = Vec::new();
    while let Some(block) = reader.next_block().expect("a sound recording") {
        samples.extend_from_slice(block);
    }
    samples
}

fn benches(c: &mut Criterion) {
    let samples = decoded();
    let mut group = c.benchmark_group("vad");
    group.throughput(Throughput::Elements(samples.len() as u64));
    for name in vad::names() {
        group.bench_function(name, |b| {
            b.iter_batched(
                || (vad::by_name(name).expect("a known detector"), Vec::new()),
                |(mut vad, mut probabilities)| {
                    vad.push(&samples, &mut probabilities);
                    probabilities
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();

    let mut group = c.benchmark_group("pack");
    group.throughput(Throughput::Elements(samples.len() as u64));
    let mut detector = vad::by_name(vad::DEFAULT).expect("the default detector");
    let mut probabilities = Vec::new();
    detector.push(&samples, &mut probabilities);
    group.bench_function("packer", |b| {
        b.iter(|| {
            let mut packer = Packer::new(PackConfig::default(), detector.frame_len(), 0).expect("defaults");
            packer.push(&samples, &probabilities);
            packer.finish();
            std::iter::from_fn(|| packer.pop()).count()
        });
    });
    group.bench_function("decode, vad and packer", |b| {
        b.iter(|| {
            let reader = AudioReader::open(&sample()).expect("a sample");
            let vad = vad::by_name(vad::DEFAULT).expect("the default detector");
            windows(reader, vad, PackConfig::default(), 0)
                .expect("defaults")
                .filter(|w| w.as_ref().is_ok_and(|w| !w.window.samples.is_empty()))
                .count()
        });
    });
    group.finish();
}

/// Windows as long as the fast and the careful tier make them.
fn mel(c: &mut Criterion) {
    let samples = decoded();
    let mel = MelSpectrogram::new(&models::mel::filters(BANDS));
    let mut group = c.benchmark_group("mel");
    for seconds in [15, 28] {
        let window = &samples[..seconds * record::SAMPLE_RATE as usize];
        group.throughput(Throughput::Elements(window.len() as u64));
        group.bench_function(format!("{seconds} s"), |b| b.iter(|| mel.compute(window, seconds * 100)));
    }
    group.finish();
}

/// Two windows that share a second: 30 tokens of two characters each, the last four and the first four the same.
fn join(c: &mut Criterion) {
    let letters: Vec<char> = ('あ'..='ん').cycle().take(112).collect();
    let window = |first: usize| {
        let tokens: Vec<Token> = (first..first + 30)
            .map(|n| Token {
                text: letters[2 * n..2 * n + 2].iter().collect(),
                start_ms: 250 * n as u64,
                end_ms: 250 * (n as u64 + 1),
                logprob: -0.2,
            })
            .collect();
        vec![Segment { tokens, ..Segment::default() }]
    };
    let (before, after) = (window(0), window(26));
    c.bench_function("join of two windows", |b| {
        b.iter_batched(
            || (before.clone(), after.clone()),
            |(mut before, mut after)| {
                pipeline::join(&mut before, &mut after, 7_000);
                (before, after)
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group! {
    name = all;
    config = common::config();
    targets = benches, mel, join
}
criterion_main!(all);
