//! How fast the products of Whisper `base` are on one core, held against what the instructions and the memory allow.
//!
//! ```text
//! cargo bench -p kernels --bench speed -- [--isa NAME] [--svg OUT.svg]
//! ```
//!
//! A product's share of the peak is that of the operations per second that registers alone reach. Its intensity is
//! operations per byte of weights and of rows that come and go: the encoder reads its weights once for many rows, the
//! decoder for a row of each sequence.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use kernels::{HEAD, Head, Isa, Matrix, Precision, Scores, Scratch, Then};

/// Width of the model.
const WIDTH: usize = 512;
/// Rows that the encoder multiplies at once.
const ENCODER: usize = 48;
/// Sequences that the decoder goes on with at once.
const DECODER: usize = 12;
/// Positions of a window of 15 s with its margin.
const POSITIONS: usize = 800;

struct Point {
    name: String,
    /// Operations per byte.
    intensity: f64,
    /// 10⁹ operations a second.
    speed: f64,
}

/// The shortest of several runs, in seconds.
fn best(mut work: impl FnMut()) -> f64 {
    work();
    let runs = (0..15).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    runs.fold(f64::INFINITY, f64::min)
}

fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 104_729) % 1_000) as f32 * 1e-3 - 0.5).collect()
}

fn product(isa: Isa, name: &str, (rows, depth, columns): (usize, usize, usize), then: Then) -> Point {
    let matrix = Matrix::new(isa, Precision::Int8, &numbers(depth * columns), depth, None);
    let (input, mut output) = (numbers(rows * depth), vec![0.0; rows * columns]);
    let mut scratch = Scratch::default();
    let operations = 2.0 * (rows * depth * columns) as f64;
    let times = (4e8 / operations).ceil() as usize;
    let seconds = best(|| {
        for _ in 0..times {
            matrix.multiply(&input, &mut scratch, &mut output, then);
        }
    }) / times as f64;
    let bytes = depth * columns + size_of::<f32>() * rows * (depth + columns);
    Point {
        name: format!("{name}, {rows} × {depth} × {columns}"),
        intensity: operations / bytes as f64,
        speed: operations / seconds / 1e9,
    }
}

fn attention(isa: Isa) -> Point {
    let rows = numbers(POSITIONS * 3 * HEAD);
    let mut head = Head::new(isa, POSITIONS);
    let (mut output, mut scores) = (vec![0.0; POSITIONS * HEAD], Scores::default());
    let seconds = best(|| {
        head.load(&rows, 3 * HEAD, HEAD, 2 * HEAD);
        head.attend(&rows, 3 * HEAD, &mut scores, &mut output);
    });
    let operations = 4.0 * (POSITIONS * POSITIONS * HEAD) as f64;
    let bytes = size_of::<f32>() * POSITIONS * 4 * HEAD;
    Point {
        name: format!("encoder: attention of a head, {POSITIONS} positions, f32"),
        intensity: operations / bytes as f64,
        speed: operations / seconds / 1e9,
    }
}

/// 10⁹ bytes a second that one core reads from memory.
fn bandwidth() -> f64 {
    let memory = vec![1_u64; 32 << 20];
    let seconds = best(|| {
        let mut sums = [0_u64; 16];
        for chunk in memory.as_chunks::<16>().0 {
            for (sum, x) in sums.iter_mut().zip(chunk) {
                *sum = sum.wrapping_add(*x);
            }
        }
        black_box(sums);
    });
    (memory.len() * 8) as f64 / seconds / 1e9
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
    let isa = given("--isa").map_or_else(Isa::best, |name| name.parse().unwrap());

    let mut products = 0;
    let peak = best(|| products = isa.saturate(2_000_000));
    let peak = 2.0 * products as f64 / peak / 1e9;
    let bandwidth = bandwidth();
    println!("{isa}, one core: {peak:.0} Gop/s in registers, {bandwidth:.1} GB/s from memory");

    let points = [
        product(isa, "encoder: second convolution", (ENCODER, 3 * WIDTH, WIDTH), Then::Gelu),
        product(isa, "encoder: query, key, value", (ENCODER, WIDTH, 3 * WIDTH), Then::Store),
        product(isa, "encoder: attention's output", (ENCODER, WIDTH, WIDTH), Then::Add),
        product(isa, "encoder: feed-forward, in", (ENCODER, WIDTH, 4 * WIDTH), Then::Gelu),
        product(isa, "encoder: feed-forward, out", (ENCODER, 4 * WIDTH, WIDTH), Then::Add),
        attention(isa),
        product(isa, "decoder: feed-forward, in", (DECODER, WIDTH, 4 * WIDTH), Then::Gelu),
        product(isa, "decoder: vocabulary", (DECODER, WIDTH, 51_865), Then::Store),
        product(isa, "decoder: vocabulary", (1, WIDTH, 51_865), Then::Store),
    ];
    println!("{:<58} {:>9} {:>7} {:>10}", "product", "Gop/s", "peak", "op/byte");
    for Point { name, intensity, speed } in &points {
        let padding = 58_usize.saturating_sub(name.chars().count());
        println!("{name}{:padding$} {speed:>9.0} {:>6.0}% {intensity:>10.1}", "", 100.0 * speed / peak);
    }
    if let Some(path) = given("--svg") {
        std::fs::write(path, roofline(isa, peak, bandwidth, &points)).unwrap();
    }
}

/// Both axes are logarithmic: 1 to 1,000 operations per byte, 10 to 1,000 Gop/s.
fn roofline(isa: Isa, peak: f64, bandwidth: f64, points: &[Point]) -> String {
    let x = |intensity: f64| 60.0 + 540.0 * intensity.clamp(1.0, 1_000.0).log10() / 3.0;
    let y = |speed: f64| 340.0 - 300.0 * (speed.clamp(10.0, 1_000.0).log10() - 1.0) / 2.0;
    let ridge = peak / bandwidth;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"400\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"640\" height=\"400\" fill=\"white\"/>\n\
         <polyline points=\"{:.0},{:.0} {:.0},{:.0} {:.0},{:.0}\" fill=\"none\" stroke=\"black\"/>\n\
         <text x=\"60\" y=\"20\">{isa}, one core: {peak:.0} Gop/s, {bandwidth:.1} GB/s</text>\n\
         <text x=\"230\" y=\"390\">operations per byte</text>\n\
         <text x=\"15\" y=\"250\" transform=\"rotate(-90 15 250)\">10⁹ operations a second</text>\n",
        x(10.0 / bandwidth.max(1.0)),
        y(10.0),
        x(ridge),
        y(peak),
        x(1_000.0),
        y(peak),
    );
    for tick in [1.0, 10.0, 100.0, 1_000.0] {
        writeln!(svg, "<text x=\"{:.0}\" y=\"358\" text-anchor=\"middle\">{tick}</text>", x(tick)).unwrap();
        if tick >= 10.0 {
            writeln!(svg, "<text x=\"52\" y=\"{:.0}\" text-anchor=\"end\">{tick}</text>", y(tick) + 4.0)
                .unwrap();
        }
    }
    for (number, Point { name, intensity, speed }) in points.iter().enumerate() {
        let (x, y) = (x(*intensity), y(*speed));
        writeln!(svg, "<circle cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"4\"><title>{name}</title></circle>").unwrap();
        writeln!(svg, "<text x=\"{:.0}\" y=\"{:.0}\">{}</text>", x + 6.0, y - 5.0, number + 1).unwrap();
        writeln!(svg, "<text x=\"330\" y=\"{}\">{}: {name}</text>", 200 + 13 * number, number + 1).unwrap();
    }
    svg + "</svg>\n"
}
