//! Decoding, mixing and resampling: seconds of a recording for each second of work.

use std::path::Path;
use std::time::Duration;

use audio::AudioReader;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Decodes the whole recording and returns its length in samples.
fn decode(path: &Path) -> u64 {
    let mut reader = AudioReader::open(path).expect("a sample");
    let mut samples = 0;
    while let Some(block) = reader.next_block().expect("a sound recording") {
        samples += block.len() as u64;
    }
    samples
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    let files = [
        ("opus", "samples/visit-home.opus"),
        ("mp3", "crates/audio/tests/data/chirps.mp3"),
        ("m4a", "crates/audio/tests/data/chirps.m4a"),
        ("flac", "crates/audio/tests/data/chirps.flac"),
    ];
    for (format, file) in files {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        group.throughput(Throughput::Elements(decode(&path)));
        group.bench_function(format, |b| b.iter(|| decode(&path)));
    }
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
