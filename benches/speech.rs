//! Voice activity detection, packing, and both with decoding: 16 kHz samples a second.

use std::path::Path;
use std::time::Duration;

use audio::vad::{self, Vad};
use audio::{AudioReader, PackConfig, Packer, windows};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn sample() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/visit-home.opus")
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

criterion_group! {
    name = all;
    // Two seconds of measurement for each: all benchmarks together stay within ten minutes.
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20);
    targets = benches
}
criterion_main!(all);
