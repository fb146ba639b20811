//! Keys and values that a decoder keeps, and attention of one query over them.

use half::bf16;

use crate::isa::{Instructions, dispatch};
use crate::math::{fma, softmax_row};
use crate::{HEAD, Isa};

/// Positions that are kept beside each other, number by number, so that scores of all of them are summed at once.
const BLOCK: usize = 16;

/// Keys of one head as bf16: blocks of 16 positions, each `[HEAD][16]`.
#[derive(Clone, Debug)]
pub struct KeyCache(Vec<[[u16; BLOCK]; HEAD]>);

/// Values of one head as bf16: `[positions][HEAD]`.
#[derive(Clone, Debug)]
pub struct ValueCache(Vec<[u16; HEAD]>);

impl KeyCache {
    /// Empty, with room for so many positions before it grows.
    #[must_use]
    pub fn new(positions: usize) -> Self {
        Self(Vec::with_capacity(positions.div_ceil(BLOCK)))
    }

    /// Keeps the key of a position.
    ///
    /// # Panics
    /// Where the key has not [`HEAD`] numbers.
    pub fn set(&mut self, position: usize, key: &[f32]) {
        assert_eq!(key.len(), HEAD);
        if self.0.len() <= position / BLOCK {
            self.0.resize(position / BLOCK + 1, [[0; BLOCK]; HEAD]);
        }
        for (slots, x) in self.0[position / BLOCK].iter_mut().zip(key) {
            slots[position % BLOCK] = bf16::from_f32(*x).to_bits();
        }
    }
}

impl ValueCache {
    /// Empty, with room for so many positions before it grows.
    #[must_use]
    pub fn new(positions: usize) -> Self {
        Self(Vec::with_capacity(positions))
    }

    /// Keeps the value of a position.
    ///
    /// # Panics
    /// Where the value has not [`HEAD`] numbers.
    pub fn set(&mut self, position: usize, value: &[f32]) {
        assert_eq!(value.len(), HEAD);
        if self.0.len() <= position {
            self.0.resize(position + 1, [0; HEAD]);
        }
        for (slot, x) in self.0[position].iter_mut().zip(value) {
            *slot = bf16::from_f32(*x).to_bits();
        }
    }
}

/// Attends with one query ([`HEAD`] numbers, scaled by `HEAD^-½` here) to as many positions as `weights` has, writes what was
/// found to `output` and each position's share of it to `weights`.
///
/// # Panics
/// Where the lengths do not fit, or the caches hold fewer positions.
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
    dispatch!(isa, fn attend_one<'a>(
        query: &'a [f32], keys: &'a KeyCache, values: &'a ValueCache, weights: &'a mut [f32], output: &'a mut [f32]
    ));
}

#[inline(always)]
fn float(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[inline(always)]
fn attend_one<I: Instructions>(
    query: &[f32],
    keys: &KeyCache,
    values: &ValueCache,
    weights: &mut [f32],
    output: &mut [f32],
) {
    let scale = (HEAD as f32).powf(-0.5);
    for (block, weights) in keys.0.iter().zip(weights.chunks_mut(BLOCK)) {
        let mut scores = [0.0_f32; BLOCK];
        for (q, keys) in query.iter().zip(block) {
            let q = q * scale;
            for (score, key) in scores.iter_mut().zip(keys) {
                *score = fma::<I>(q, float(*key), *score);
            }
        }
        weights.copy_from_slice(&scores[..weights.len()]);
    }
    softmax_row::<I>(weights);
    let mut sums = [0.0_f32; HEAD];
    for (weight, value) in weights.iter().zip(&values.0) {
        for (sum, x) in sums.iter_mut().zip(value) {
            *sum = fma::<I>(*weight, float(*x), *sum);
        }
    }
    output.copy_from_slice(&sums);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_set_attends_as_the_formula_says(positions in 1_usize..70, seed in 0_u32..1_000) {
            let number = |i: usize, part: usize| ((i as f32 + seed as f32 + part as f32 * 0.3) * 0.737).sin();
            let query: Vec<f32> = (0..HEAD).map(|d| 3.0 * number(d, 0)).collect();
            let row = |t: usize, part: usize| -> Vec<f32> { (0..HEAD).map(|d| number(t * HEAD + d, part)).collect() };
            let (mut keys, mut values) = (KeyCache::new(positions), ValueCache::new(positions));
            for t in 0..positions {
                keys.set(t, &row(t, 1));
                values.set(t, &row(t, 2));
            }
            let scores: Vec<f32> = (0..positions)
                .map(|t| (query.iter().zip(row(t, 1)).map(|(q, k)| q * k).sum::<f32>() / 8.0).exp())
                .collect();
            let total: f32 = scores.iter().sum();
            for &isa in Isa::available() {
                let (mut weights, mut found) = (vec![0.0; positions], [0.0; HEAD]);
                attend(isa, &query, &keys, &values, &mut weights, &mut found);
                for (weight, score) in weights.iter().zip(&scores) {
                    prop_assert!((weight - score / total).abs() < 0.01);
                }
                for (d, found) in found.iter().enumerate() {
                    let expected: f32 = (0..positions).map(|t| scores[t] / total * row(t, 2)[d]).sum();
                    prop_assert!((found - expected).abs() < 0.02, "{isa}: {found} {expected}");
                }
            }
        }
    }
}
