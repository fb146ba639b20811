//! Attention of one head over a whole window, for the encoder.

use crate::aligned::Aligned;
use crate::isa::{Instructions, dispatch};
use crate::math::exponentials;
use crate::matrix::WIDTH;
use crate::{HEAD, Isa};

/// Most rows of an inner loop, of any set.
const MAX_ROWS: usize = 12;

/// Keys and values of one head of one layer, packed for [`Head::attend`].
#[derive(Debug)]
pub struct Head {
    isa: Isa,
    positions: usize,
    /// Panels of 32 positions, each `[HEAD][32]`.
    keys: Aligned<f32>,
    /// Two panels of 32 numbers of a head, each `[positions][32]`.
    values: Aligned<f32>,
}

/// Room for the scores of some queries.
#[derive(Debug, Default)]
pub struct Scores(Vec<f32>);

impl Head {
    /// Room for so many positions.
    ///
    /// # Panics
    /// Where the processor lacks the set.
    #[must_use]
    pub fn new(isa: Isa, positions: usize) -> Self {
        assert!(isa.is_available(), "the processor lacks {isa}");
        let padded = positions.next_multiple_of(WIDTH);
        Self {
            isa,
            positions: 0,
            keys: Aligned::zeroed(padded * HEAD),
            values: Aligned::zeroed(padded * HEAD),
        }
    }

    /// Takes keys and values out of rows that are `stride` numbers long, from these columns.
    ///
    /// # Panics
    /// Where there is no room, or a row is too short.
    pub fn load(&mut self, rows: &[f32], stride: usize, key: usize, value: usize) {
        assert!(key + HEAD <= stride && value + HEAD <= stride);
        let positions = rows.len() / stride;
        let padded = positions.next_multiple_of(WIDTH);
        assert!(padded * HEAD <= self.keys.len(), "room for the positions");
        self.positions = positions;
        let (low, high) = self.values.split_at_mut(positions * WIDTH);
        for (t, row) in rows.chunks_exact(stride).enumerate() {
            let panel = &mut self.keys[t / WIDTH * WIDTH * HEAD + t % WIDTH..];
            for (d, x) in row[key..key + HEAD].iter().enumerate() {
                panel[d * WIDTH] = *x;
            }
            let value = &row[value..value + HEAD];
            low[t * WIDTH..(t + 1) * WIDTH].copy_from_slice(&value[..WIDTH]);
            high[t * WIDTH..(t + 1) * WIDTH].copy_from_slice(&value[WIDTH..]);
        }
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
fn attend_rows<I: Instructions>(
    head: &Head,
    queries: &[f32],
    stride: usize,
    scores: &mut Scores,
    output: &mut [f32],
) {
    let positions = head.positions;
    if positions == 0 {
        output.fill(0.0);
        return;
    }
    let padded = positions.next_multiple_of(WIDTH);
    let scale = (HEAD as f32).powf(-0.5);
    scores.0.resize((I::FLOAT_ROWS * padded).max(scores.0.len()), 0.0);
    let mut sums = [[0.0_f32; WIDTH]; MAX_ROWS];
    let mut scaled = [[0.0_f32; HEAD]; MAX_ROWS];
    for (block, output) in output.chunks_mut(I::FLOAT_ROWS * HEAD).enumerate() {
        let rows = output.len() / HEAD;
        for (r, scaled) in scaled[..rows].iter_mut().enumerate() {
            let from = (block * I::FLOAT_ROWS + r) * stride;
            for (y, x) in scaled.iter_mut().zip(&queries[from..from + HEAD]) {
                *y = x * scale;
            }
        }
        for panel in 0..padded / WIDTH {
            let keys = &head.keys[panel * WIDTH * HEAD..(panel + 1) * WIDTH * HEAD];
            // SAFETY: the set is available; `scaled` has `rows` rows of `HEAD` numbers; a panel of keys is whole lines.
            unsafe { I::floats(rows, HEAD, scaled.as_ptr().cast(), HEAD, keys.as_ptr(), &mut sums[..rows]) }
            for (r, sums) in sums[..rows].iter().enumerate() {
                scores.0[r * padded + panel * WIDTH..][..WIDTH].copy_from_slice(sums);
            }
        }
        let mut totals = [0.0_f32; MAX_ROWS];
        for (r, total) in totals[..rows].iter_mut().enumerate() {
            *total = exponentials::<I>(&mut scores.0[r * padded..r * padded + positions]);
        }
        for (half, values) in head.values[..positions * HEAD].chunks_exact(positions * WIDTH).enumerate() {
            // SAFETY: the set is available; the scores have `rows` rows of `positions` numbers, `padded` apart; the values
            // are whole lines.
            unsafe {
                I::floats(rows, positions, scores.0.as_ptr(), padded, values.as_ptr(), &mut sums[..rows]);
            }
            for r in 0..rows {
                let share = 1.0 / totals[r];
                for (y, sum) in output[r * HEAD + half * WIDTH..][..WIDTH].iter_mut().zip(&sums[r]) {
                    *y = sum * share;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Positions of a test; an interpreter takes seconds for a hundred.
    const MOST: usize = if cfg!(miri) { 34 } else { 70 };

    proptest! {
        #[test]
        fn every_set_attends_as_the_formula_says(positions in 1_usize..MOST, seed in 0_u32..1_000) {
            // Rows of query, key and value.
            let stride = 3 * HEAD;
            let rows: Vec<f32> = (0..positions * stride)
                .map(|i| ((i as f32 + seed as f32) * 0.737).sin() * 2.0)
                .collect();
            let row = |t: usize, part: usize| &rows[t * stride + part * HEAD..][..HEAD];
            for &isa in Isa::available() {
                let mut head = Head::new(isa, MOST);
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
                        prop_assert!((found - expected).abs() < 1e-3, "{isa}: {found} {expected}");
                    }
                }
            }
        }
    }
}
