//! Attention of one head over a whole window, for the encoder.

use crate::aligned::Aligned;
use crate::isa::{Instructions, dispatch};
use crate::math::{ROUND, exponentials, fma};
use crate::matrix::{Precision, STEP, WIDTH};
use crate::quantise::quantise;
use crate::{HEAD, Isa};

/// Most rows of an inner loop, of any set.
const MAX_ROWS: usize = 12;
/// Shares of the positions are two bytes each: a coarse one, and a fine one of this many parts of a step of the coarse.
/// One byte would lose the many small shares of a query that looks far and wide.
const PARTS: f32 = 254.0;
/// Steps of the coarse byte.
const STEPS: f32 = 127.0;

/// Keys and values of one head of one layer, packed for [`Head::attend`].
#[derive(Debug)]
pub struct Head {
    isa: Isa,
    positions: usize,
    packed: Packed,
}

/// As bytes, keys and values are their distances from their means over the positions, which are smaller: a mean of the keys
/// shifts all scores of a query alike, and that of the values is added again (after Zhang et al., "`SageAttention`", 2024).
///
/// Keys are panels of 32 positions, values two panels of 32 numbers of a head; see [`Matrix`](crate::Matrix).
#[derive(Debug)]
enum Packed {
    Float {
        keys: Aligned<f32>,
        values: Aligned<f32>,
    },
    Int8 {
        keys: Aligned<u8>,
        key_scales: Vec<f32>,
        values: Aligned<u8>,
        value_scales: Box<[f32; HEAD]>,
        value_means: Box<[f32; HEAD]>,
    },
}

/// Room for the scores of some queries.
#[derive(Debug, Default)]
pub struct Scores {
    numbers: Vec<f32>,
    coarse: Vec<i8>,
    fine: Vec<i8>,
}

impl Head {
    /// Room for so many positions.
    ///
    /// # Panics
    /// Where the processor lacks the set.
    #[must_use]
    pub fn new(isa: Isa, precision: Precision, positions: usize) -> Self {
        assert!(isa.is_available(), "the processor lacks {isa}");
        let padded = positions.next_multiple_of(WIDTH);
        let packed = match precision {
            Precision::Float => {
                Packed::Float { keys: Aligned::zeroed(padded * HEAD), values: Aligned::zeroed(padded * HEAD) }
            }
            Precision::Int8 => Packed::Int8 {
                keys: Aligned::zeroed(padded * HEAD),
                key_scales: vec![0.0; padded],
                values: Aligned::zeroed(padded * HEAD),
                value_scales: Box::new([0.0; HEAD]),
                value_means: Box::new([0.0; HEAD]),
            },
        };
        Self { isa, positions: 0, packed }
    }

    /// Takes keys and values out of rows that are `stride` numbers long, from these columns.
    ///
    /// # Panics
    /// Where there is no room, or a row is too short.
    pub fn load(&mut self, rows: &[f32], stride: usize, key: usize, value: usize) {
        assert!(key + HEAD <= stride && value + HEAD <= stride);
        let isa = self.isa;
        let head = self;
        dispatch!(isa, fn load_rows<'a>(
            head: &'a mut Head, rows: &'a [f32], stride: usize, key: usize, value: usize
        ));
    }

    /// Attends to all positions with the queries in the first [`HEAD`] numbers of rows that are `stride` numbers long, and
    /// writes `[rows][HEAD]`.
    ///
    /// Queries are scaled by `HEAD^-½` here. Scores of a few rows at a time stay in the processor's cache.
    ///
    /// # Panics
    /// Where the lengths do not fit.
    pub fn attend(&self, queries: &[f32], stride: usize, scores: &mut Scores, output: &mut [f32]) {
        let rows = output.len() / HEAD;
        assert!(rows * HEAD == output.len() && (rows == 0 || queries.len() >= (rows - 1) * stride + HEAD));
        let (isa, head) = (self.isa, self);
        dispatch!(isa, fn attend_rows<'a>(
            head: &'a Head, queries: &'a [f32], stride: usize, scores: &'a mut Scores, output: &'a mut [f32]
        ));
    }
}

#[inline(always)]
fn load_rows<I: Instructions>(head: &mut Head, rows: &[f32], stride: usize, key: usize, value: usize) {
    let positions = rows.len() / stride;
    head.positions = positions;
    let keys_of = |row: usize| &rows[row * stride + key..][..HEAD];
    let values_of = |row: usize| &rows[row * stride + value..][..HEAD];
    match &mut head.packed {
        Packed::Float { keys, values } => {
            let (low, high) = values.split_at_mut(positions * WIDTH);
            for t in 0..positions {
                let panel = &mut keys[t / WIDTH * WIDTH * HEAD + t % WIDTH..];
                for (d, x) in keys_of(t).iter().enumerate() {
                    panel[d * WIDTH] = *x;
                }
                let value = values_of(t);
                low[t * WIDTH..(t + 1) * WIDTH].copy_from_slice(&value[..WIDTH]);
                high[t * WIDTH..(t + 1) * WIDTH].copy_from_slice(&value[WIDTH..]);
            }
        }
        Packed::Int8 { keys, key_scales, values, value_scales, value_means } => {
            let mut bytes = [0_i8; HEAD];
            let means = means(positions, keys_of);
            for t in 0..positions {
                let mut key = [0.0; HEAD];
                for ((y, x), mean) in key.iter_mut().zip(keys_of(t)).zip(&means) {
                    *y = x - mean;
                }
                key_scales[t] = quantise::<I>(&key, &mut bytes).0;
                let panel = &mut keys[t / WIDTH * WIDTH * HEAD + t % WIDTH * STEP..];
                for (group, bytes) in bytes.as_chunks::<STEP>().0.iter().enumerate() {
                    let bytes = bytes.map(|byte| byte.cast_unsigned().wrapping_add(I::OFFSET));
                    panel[group * STEP * WIDTH..][..STEP].copy_from_slice(&bytes);
                }
            }
            **value_means = self::means(positions, values_of);
            let mut largest = [0.0_f32; HEAD];
            for t in 0..positions {
                for ((largest, x), mean) in largest.iter_mut().zip(values_of(t)).zip(value_means.iter()) {
                    let size = (x - mean).abs();
                    *largest = if size > *largest { size } else { *largest };
                }
            }
            let inverse = largest.map(|largest| if largest > 0.0 { STEPS / largest } else { 0.0 });
            **value_scales = largest.map(|largest| largest / STEPS);
            let depth = positions.next_multiple_of(STEP);
            for (half, panel) in values[..depth * HEAD].chunks_exact_mut(depth * WIDTH).enumerate() {
                for (group, block) in panel.as_chunks_mut::<{ STEP * WIDTH }>().0.iter_mut().enumerate() {
                    for k in 0..STEP {
                        let t = group * STEP + k;
                        let mut quantised = [I::OFFSET; WIDTH];
                        if t < positions {
                            let columns = half * WIDTH..(half + 1) * WIDTH;
                            let values = values_of(t)[columns.clone()].iter();
                            let scaling = value_means[columns.clone()].iter().zip(&inverse[columns]);
                            for ((q, x), (mean, inverse)) in quantised.iter_mut().zip(values).zip(scaling) {
                                *q = (((x - mean) * inverse + ROUND).to_bits() as u8).wrapping_add(I::OFFSET);
                            }
                        }
                        for (c, q) in quantised.iter().enumerate() {
                            block[c * STEP + k] = *q;
                        }
                    }
                }
            }
        }
    }
}

/// Means of the numbers of a head over the positions.
#[inline(always)]
fn means<'r>(positions: usize, row: impl Fn(usize) -> &'r [f32]) -> [f32; HEAD] {
    let mut means = [0.0_f32; HEAD];
    for t in 0..positions {
        for (mean, x) in means.iter_mut().zip(row(t)) {
            *mean += x;
        }
    }
    means.map(|sum| sum / positions.max(1) as f32)
}

#[inline(always)]
fn attend_rows<I: Instructions>(
    head: &Head,
    queries: &[f32],
    stride: usize,
    scores: &mut Scores,
    output: &mut [f32],
) {
    if head.positions == 0 {
        output.fill(0.0);
        return;
    }
    let query = |row: usize| &queries[row * stride..row * stride + HEAD];
    match &head.packed {
        Packed::Float { keys, values } => {
            attend_floats::<I>(head.positions, (keys, values), query, scores, output);
        }
        Packed::Int8 { keys, key_scales, values, value_scales, value_means } => {
            attend_bytes::<I>(
                head.positions,
                (keys, key_scales),
                (values, value_scales, value_means),
                query,
                scores,
                output,
            );
        }
    }
}

#[inline(always)]
fn attend_floats<'q, I: Instructions>(
    positions: usize,
    (keys, values): (&[f32], &[f32]),
    query: impl Fn(usize) -> &'q [f32],
    scores: &mut Scores,
    output: &mut [f32],
) {
    let padded = positions.next_multiple_of(WIDTH);
    let scale = (HEAD as f32).powf(-0.5);
    let scores = &mut scores.numbers;
    scores.resize((I::FLOAT_ROWS * padded).max(scores.len()), 0.0);
    let mut sums = [[0.0_f32; WIDTH]; MAX_ROWS];
    let mut scaled = [[0.0_f32; HEAD]; MAX_ROWS];
    for (block, output) in output.chunks_mut(I::FLOAT_ROWS * HEAD).enumerate() {
        let rows = output.len() / HEAD;
        for (r, scaled) in scaled[..rows].iter_mut().enumerate() {
            for (y, x) in scaled.iter_mut().zip(query(block * I::FLOAT_ROWS + r)) {
                *y = x * scale;
            }
        }
        for (panel, keys) in keys[..padded * HEAD].chunks_exact(WIDTH * HEAD).enumerate() {
            // SAFETY: the set is available; `scaled` has `rows` rows of `HEAD` numbers; a panel of keys is whole lines.
            unsafe { I::floats(rows, HEAD, scaled.as_ptr().cast(), HEAD, keys.as_ptr(), &mut sums[..rows]) }
            for (r, sums) in sums[..rows].iter().enumerate() {
                scores[r * padded + panel * WIDTH..][..WIDTH].copy_from_slice(sums);
            }
        }
        let mut totals = [0.0_f32; MAX_ROWS];
        for (r, total) in totals[..rows].iter_mut().enumerate() {
            *total = exponentials::<I>(&mut scores[r * padded..r * padded + positions]);
        }
        for (half, values) in values[..positions * HEAD].chunks_exact(positions * WIDTH).enumerate() {
            // SAFETY: the set is available; the scores have `rows` rows of `positions` numbers, `padded` apart; the values
            // are whole lines.
            unsafe { I::floats(rows, positions, scores.as_ptr(), padded, values.as_ptr(), &mut sums[..rows]) }
            for r in 0..rows {
                let share = 1.0 / totals[r];
                for (y, sum) in output[r * HEAD + half * WIDTH..][..WIDTH].iter_mut().zip(&sums[r]) {
                    *y = sum * share;
                }
            }
        }
    }
}

#[inline(always)]
fn attend_bytes<'q, I: Instructions>(
    positions: usize,
    (keys, key_scales): (&[u8], &[f32]),
    (values, value_scales, value_means): (&[u8], &[f32; HEAD], &[f32; HEAD]),
    query: impl Fn(usize) -> &'q [f32],
    scores: &mut Scores,
    output: &mut [f32],
) {
    let padded = positions.next_multiple_of(WIDTH);
    let depth = positions.next_multiple_of(STEP);
    let scale = (HEAD as f32).powf(-0.5);
    let Scores { numbers, coarse, fine } = scores;
    numbers.resize((I::BYTE_ROWS * padded).max(numbers.len()), 0.0);
    coarse.resize((I::BYTE_ROWS * depth).max(coarse.len()), 0);
    fine.resize((I::BYTE_ROWS * depth).max(fine.len()), 0);
    let offset = i32::from(I::OFFSET);
    let mut sums = [[0_i32; WIDTH]; MAX_ROWS];
    let mut fine_sums = [[0_i32; WIDTH]; MAX_ROWS];
    let mut bytes = [[0_i8; HEAD]; MAX_ROWS];
    for (block, output) in output.chunks_mut(I::BYTE_ROWS * HEAD).enumerate() {
        let rows = output.len() / HEAD;
        let mut of_query = [(0.0_f32, 0_i32); MAX_ROWS];
        for (r, bytes) in bytes[..rows].iter_mut().enumerate() {
            let (size, sum) = quantise::<I>(query(block * I::BYTE_ROWS + r), bytes);
            of_query[r] = (size * scale, sum * offset);
        }
        let panels = keys[..padded * HEAD].chunks_exact(WIDTH * HEAD).zip(key_scales.as_chunks::<WIDTH>().0);
        for (panel, (keys, key_scales)) in panels.enumerate() {
            // SAFETY: the set is available; `bytes` has `rows` rows of `HEAD` bytes; a panel of keys is whole lines.
            unsafe { I::bytes(rows, HEAD, bytes.as_ptr().cast(), HEAD, keys.as_ptr(), &mut sums[..rows]) }
            for (r, sums) in sums[..rows].iter().enumerate() {
                let (size, surplus) = of_query[r];
                let scores = &mut numbers[r * padded + panel * WIDTH..][..WIDTH];
                for c in 0..WIDTH {
                    scores[c] = (sums[c] - surplus) as f32 * (size * key_scales[c]);
                }
            }
        }
        let mut totals = [0.0_f32; MAX_ROWS];
        let mut surplus = [(0_i32, 0_i32); MAX_ROWS];
        for r in 0..rows {
            let scores = &mut numbers[r * padded..r * padded + positions];
            totals[r] = exponentials::<I>(scores);
            surplus[r] = split(scores, &mut coarse[r * depth..][..depth], &mut fine[r * depth..][..depth]);
        }
        for (half, values) in values[..depth * HEAD].chunks_exact(depth * WIDTH).enumerate() {
            // SAFETY: the set is available; both have `rows` rows of `depth` bytes; the values are whole lines.
            unsafe {
                I::bytes(rows, depth, coarse.as_ptr(), depth, values.as_ptr(), &mut sums[..rows]);
                I::bytes(rows, depth, fine.as_ptr(), depth, values.as_ptr(), &mut fine_sums[..rows]);
            }
            let scales = &value_scales.as_chunks::<WIDTH>().0[half];
            let means = &value_means.as_chunks::<WIDTH>().0[half];
            for r in 0..rows {
                let share = 1.0 / (STEPS * totals[r]);
                let output = &mut output[r * HEAD + half * WIDTH..][..WIDTH];
                for c in 0..WIDTH {
                    let coarse = (sums[r][c] - offset * surplus[r].0) as f32;
                    let fine = (fine_sums[r][c] - offset * surplus[r].1) as f32;
                    output[c] = fma::<I>(coarse + fine * (1.0 / PARTS), share * scales[c], means[c]);
                }
            }
        }
    }
}

/// Numbers in 0..=1 as coarse and fine bytes, and the sums of both.
#[inline(always)]
fn split(numbers: &[f32], coarse: &mut [i8], fine: &mut [i8]) -> (i32, i32) {
    let (mut coarse_sum, mut fine_sum) = (0, 0);
    for ((x, coarse), fine) in numbers.iter().zip(coarse.iter_mut()).zip(fine.iter_mut()) {
        let scaled = x * STEPS;
        let rounded = scaled + ROUND;
        let rest = ((scaled - (rounded - ROUND)) * PARTS + ROUND).to_bits() as i8;
        let whole = rounded.to_bits() as i8;
        coarse_sum += i32::from(whole);
        fine_sum += i32::from(rest);
        (*coarse, *fine) = (whole, rest);
    }
    coarse[numbers.len()..].fill(0);
    fine[numbers.len()..].fill(0);
    (coarse_sum, fine_sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_set_attends_as_the_formula_says(positions in 1_usize..70, seed in 0_u32..1_000) {
            // Rows of query, key and value.
            let stride = 3 * HEAD;
            let rows: Vec<f32> = (0..positions * stride)
                .map(|i| ((i as f32 + seed as f32) * 0.737).sin() * 2.0)
                .collect();
            let row = |t: usize, part: usize| &rows[t * stride + part * HEAD..][..HEAD];
            for &isa in Isa::available() {
                for (precision, close) in [(Precision::Float, 1e-3), (Precision::Int8, 0.05)] {
                    let mut head = Head::new(isa, precision, 70);
                    head.load(&rows, stride, HEAD, 2 * HEAD);
                    let mut found = vec![0.0; positions * HEAD];
                    head.attend(&rows, stride, &mut Scores::default(), &mut found);
                    for t in 0..positions {
                        let weights: Vec<f32> = (0..positions)
                            .map(|u| (row(t, 0).iter().zip(row(u, 1)).map(|(q, k)| q * k).sum::<f32>() / 8.0).exp())
                            .collect();
                        let total: f32 = weights.iter().sum();
                        for d in 0..HEAD {
                            let expected: f32 = (0..positions).map(|u| weights[u] / total * row(u, 2)[d]).sum();
                            let found = found[t * HEAD + d];
                            prop_assert!((found - expected).abs() < close, "{isa} {precision:?}: {found} {expected}");
                        }
                    }
                }
            }
        }

        #[test]
        fn a_query_does_not_depend_on_its_neighbours(positions in 1_usize..70, first in 0_usize..40) {
            let stride = 3 * HEAD;
            let rows: Vec<f32> = (0..positions * stride).map(|i| (i as f32 * 0.737).sin()).collect();
            let first = first % positions;
            for &isa in Isa::available() {
                let mut head = Head::new(isa, Precision::Int8, 70);
                head.load(&rows, stride, HEAD, 2 * HEAD);
                let mut all = vec![0.0; positions * HEAD];
                head.attend(&rows, stride, &mut Scores::default(), &mut all);
                let mut one = [0.0; HEAD];
                head.attend(&rows[first * stride..], stride, &mut Scores::default(), &mut one);
                prop_assert_eq!(&all[first * HEAD..][..HEAD], &one[..]);
            }
        }
    }
}
