//! How fast the products of a model's encoder are, held against the most that the instructions allow.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use kernels::{HEAD, Head, Isa, Matrix, Precision, Scores, Scratch, Then};

fn best(mut work: impl FnMut()) -> f64 {
    work();
    (0..15)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

fn main() {
    for &isa in Isa::available() {
        if isa == Isa::Portable {
            continue;
        }
        for (name, rows, depth, columns, then) in [
            ("peak", 12, 2048, 32, Then::Store),
            ("qkv", 48, 512, 1536, Then::Store),
            ("out", 48, 512, 512, Then::Add),
            ("fc1", 48, 512, 2048, Then::Gelu),
            ("fc1 store", 48, 512, 2048, Then::Store),
            ("fc2", 48, 2048, 512, Then::Add),
            ("logits8", 8, 512, 51865, Then::Store),
        ] {
            let weights: Vec<f32> =
                (0..depth * columns).map(|i| ((i * 7919) % 1000) as f32 * 1e-3 - 0.5).collect();
            let input: Vec<f32> =
                (0..rows * depth).map(|i| ((i * 104_729) % 1000) as f32 * 1e-3 - 0.5).collect();
            let mut output = vec![0.0; rows * columns];
            let mut scratch = Scratch::default();
            for precision in [Precision::Int8, Precision::Float] {
                let matrix = Matrix::new(isa, precision, &weights, depth, None);
                let reps = (200_000_000 / (rows * depth * columns)).max(1);
                let seconds = best(|| {
                    for _ in 0..reps {
                        matrix.multiply(&input, &mut scratch, &mut output, then);
                    }
                }) / reps as f64;
                let gops = 2.0 * (rows * depth * columns) as f64 / seconds / 1e9;
                println!("{isa} {name} {precision:?}: {gops:.0} Gop/s, {:.1} us", seconds * 1e6);
            }
        }
        let positions = 800;
        let rows: Vec<f32> =
            (0..positions * 3 * HEAD).map(|i| ((i * 104_729) % 1000) as f32 * 1e-3 - 0.5).collect();
        let mut head = Head::new(isa, Precision::Int8, positions);
        let mut out = vec![0.0; positions * HEAD];
        let mut scores = Scores::default();
        let load = best(|| head.load(&rows, 3 * HEAD, HEAD, 2 * HEAD));
        let attend = best(|| head.attend(&rows, 3 * HEAD, &mut scores, &mut out));
        println!(
            "{isa} head of 800: load {:.0} us, attend {:.0} us, {:.0} GFLOP/s",
            load * 1e6,
            attend * 1e6,
            4.0 * (positions * positions * HEAD) as f64 / attend / 1e9
        );
    }
}
