//! Keys and values that a decoder keeps, and attention of one query over them.

use std::collections::TryReserveError;

use half::bf16;

use crate::isa::{Instructions, dispatch};
use crate::math::{fma, softmax_row};
use crate::{HEAD, Isa, Precision};

/// Positions that are kept beside each other, number by number, so that scores of all of them are summed at once.
const BLOCK: usize = 16;

/// Keys of one head: blocks of 16 positions, each `[HEAD][16]`.
#[derive(Clone, Debug)]
pub struct KeyCache(Kept<[[u16; BLOCK]; HEAD], [[f32; BLOCK]; HEAD]>);

/// Values of one head: `[positions][HEAD]`.
#[derive(Clone, Debug)]
pub struct ValueCache(Kept<[u16; HEAD], [f32; HEAD]>);

/// Numbers as bf16, where weights are bytes, or as they are.
#[derive(Clone, Debug)]
enum Kept<Half, Whole> {
    Half(Vec<Half>),
    Whole(Vec<Whole>),
}

impl<Half, Whole> Kept<Half, Whole> {
    fn new(precision: Precision) -> Self {
        match precision {
            Precision::Int8 => Self::Half(Vec::new()),
            Precision::Float => Self::Whole(Vec::new()),
        }
    }

    fn reserve(&mut self, room: usize) -> Result<(), TryReserveError> {
        match self {
            Self::Half(kept) => kept.try_reserve_exact(room.saturating_sub(kept.len())),
            Self::Whole(kept) => kept.try_reserve_exact(room.saturating_sub(kept.len())),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Half(kept) => kept.len(),
            Self::Whole(kept) => kept.len(),
        }
    }
}

impl KeyCache {
    /// Empty. Beside [`Precision::Int8`] keys are kept as bf16, beside [`Precision::Float`] as they are.
    #[must_use]
    pub fn new(precision: Precision) -> Self {
        Self(Kept::new(precision))
    }

    /// Makes room for so many positions in all.
    ///
    /// # Errors
    /// Where the system gives no memory for them.
    pub fn reserve(&mut self, positions: usize) -> Result<(), TryReserveError> {
        self.0.reserve(positions.div_ceil(BLOCK))
    }

    /// Keeps the key of a position.
    ///
    /// # Panics
    /// Where the key has not [`HEAD`] numbers.
    pub fn set(&mut self, position: usize, key: &[f32]) {
        match &mut self.0 {
            Kept::Half(blocks) => set_key(blocks, position, key),
            Kept::Whole(blocks) => set_key(blocks, position, key),
        }
    }
}

impl ValueCache {
    /// Empty; kept as [`KeyCache::new`] says.
    #[must_use]
    pub fn new(precision: Precision) -> Self {
        Self(Kept::new(precision))
    }

    /// As [`KeyCache::reserve`].
    ///
    /// # Errors
    /// Where the system gives no memory for them.
    pub fn reserve(&mut self, positions: usize) -> Result<(), TryReserveError> {
        self.0.reserve(positions)
    }

    /// Keeps the value of a position.
    ///
    /// # Panics
    /// Where the value has not [`HEAD`] numbers.
    pub fn set(&mut self, position: usize, value: &[f32]) {
        match &mut self.0 {
            Kept::Half(rows) => set_value(rows, position, value),
            Kept::Whole(rows) => set_value(rows, position, value),
        }
    }
}

fn set_key<N: Number>(blocks: &mut Vec<[[N; BLOCK]; HEAD]>, position: usize, key: &[f32]) {
    assert_eq!(key.len(), HEAD);
    if blocks.len() <= position / BLOCK {
        blocks.resize(position / BLOCK + 1, [[N::ZERO; BLOCK]; HEAD]);
    }
    for (slots, x) in blocks[position / BLOCK].iter_mut().zip(key) {
        slots[position % BLOCK] = N::keep(*x);
    }
}

fn set_value<N: Number>(rows: &mut Vec<[N; HEAD]>, position: usize, value: &[f32]) {
    assert_eq!(value.len(), HEAD);
    if rows.len() <= position {
        rows.resize(position + 1, [N::ZERO; HEAD]);
    }
    for (slot, x) in rows[position].iter_mut().zip(value) {
        *slot = N::keep(*x);
    }
}

/// How a number is kept.
trait Number: Copy {
    const ZERO: Self;

    fn keep(number: f32) -> Self;

    fn number(self) -> f32;
}

/// The bits of a bf16.
impl Number for u16 {
    const ZERO: Self = 0;

    #[inline(always)]
    fn keep(number: f32) -> Self {
        bf16::from_f32(number).to_bits()
    }

    #[inline(always)]
    fn number(self) -> f32 {
        f32::from_bits(u32::from(self) << 16)
    }
}

impl Number for f32 {
    const ZERO: Self = 0.0;

    #[inline(always)]
    fn keep(number: f32) -> Self {
        number
    }

    #[inline(always)]
    fn number(self) -> f32 {
        self
    }
}

/// Attends with one query ([`HEAD`] numbers, scaled by `HEAD^-½` here) to as many positions as `weights` has, writes what was
/// found to `output` and each position's share of it to `weights`.
///
/// # Panics
/// Where the lengths do not fit, the caches hold fewer positions, or keep their numbers in different ways.
pub fn attend(
    isa: Isa,
    query: &[f32],
    keys: &KeyCache,
    values: &ValueCache,
    weights: &mut [f32],
    output: &mut [f32],
) {
    assert!(query.len() == HEAD && output.len() == HEAD);
    assert!(!weights.is_empty() && keys.0.len() * BLOCK >= weights.len() && values.0.len() >= weights.len());
    match (&keys.0, &values.0) {
        (Kept::Half(keys), Kept::Half(values)) => dispatch!(isa, fn attend_half<'a>(
            query: &'a [f32], keys: &'a [[[u16; BLOCK]; HEAD]], values: &'a [[u16; HEAD]],
            weights: &'a mut [f32], output: &'a mut [f32]
        )),
        (Kept::Whole(keys), Kept::Whole(values)) => dispatch!(isa, fn attend_whole<'a>(
            query: &'a [f32], keys: &'a [[[f32; BLOCK]; HEAD]], values: &'a [[f32; HEAD]],
            weights: &'a mut [f32], output: &'a mut [f32]
        )),
        _ => panic!("keys and values are kept in the same way"),
    }
}

#[inline(always)]
fn attend_half<I: Instructions>(
    query: &[f32],
    keys: &[[[u16; BLOCK]; HEAD]],
    values: &[[u16; HEAD]],
    weights: &mut [f32],
    output: &mut [f32],
) {
    attend_one::<I, u16>(query, keys, values, weights, output);
}

#[inline(always)]
fn attend_whole<I: Instructions>(
    query: &[f32],
    keys: &[[[f32; BLOCK]; HEAD]],
    values: &[[f32; HEAD]],
    weights: &mut [f32],
    output: &mut [f32],
) {
    attend_one::<I, f32>(query, keys, values, weights, output);
}

#[inline(always)]
fn attend_one<I: Instructions, N: Number>(
    query: &[f32],
    keys: &[[[N; BLOCK]; HEAD]],
    values: &[[N; HEAD]],
    weights: &mut [f32],
    output: &mut [f32],
) {
    let scale = (HEAD as f32).powf(-0.5);
    for (block, weights) in keys.iter().zip(weights.chunks_mut(BLOCK)) {
        let mut scores = [0.0_f32; BLOCK];
        for (q, keys) in query.iter().zip(block) {
            let q = q * scale;
            for (score, key) in scores.iter_mut().zip(keys) {
                *score = fma::<I>(q, key.number(), *score);
            }
        }
        weights.copy_from_slice(&scores[..weights.len()]);
    }
    softmax_row::<I>(weights);
    let mut sums = [0.0_f32; HEAD];
    for (weight, value) in weights.iter().zip(values) {
        for (sum, x) in sums.iter_mut().zip(value) {
            *sum = fma::<I>(*weight, x.number(), *sum);
        }
    }
    output.copy_from_slice(&sums);
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
            let number = |i: usize, part: usize| ((i as f32 + seed as f32 + part as f32 * 0.3) * 0.737).sin();
            let query: Vec<f32> = (0..HEAD).map(|d| 3.0 * number(d, 0)).collect();
            let row = |t: usize, part: usize| -> Vec<f32> { (0..HEAD).map(|d| number(t * HEAD + d, part)).collect() };
            let scores: Vec<f32> = (0..positions)
                .map(|t| (query.iter().zip(row(t, 1)).map(|(q, k)| q * k).sum::<f32>() / 8.0).exp())
                .collect();
            let total: f32 = scores.iter().sum();
            let all = Isa::available().iter();
            let ways = [(Precision::Int8, 0.02), (Precision::Float, 1e-5)];
            for (&isa, (precision, close)) in all.flat_map(|isa| ways.map(|way| (isa, way))) {
                let (mut keys, mut values) = (KeyCache::new(precision), ValueCache::new(precision));
                keys.reserve(positions).and(values.reserve(positions / 2)).unwrap();
                for t in 0..positions {
                    keys.set(t, &row(t, 1));
                    values.set(t, &row(t, 2));
                }
                let (mut weights, mut found) = (vec![0.0; positions], [0.0; HEAD]);
                attend(isa, &query, &keys, &values, &mut weights, &mut found);
                for (weight, score) in weights.iter().zip(&scores) {
                    prop_assert!((weight - score / total).abs() < close);
                }
                for (d, found) in found.iter().enumerate() {
                    let expected: f32 = (0..positions).map(|t| scores[t] / total * row(t, 2)[d]).sum();
                    prop_assert!((found - expected).abs() < close, "{isa}: {found} {expected}");
                }
            }
        }
    }
}
