//! Functions of numbers and of rows of numbers.

use crate::isa::{Instructions, dispatch};

/// 1.5 · 2²³: adding it to a number of less than 2²² rounds that number to an integer, which stands in the low bits.
pub(crate) const ROUND: f32 = 12_582_912.0;
/// Added to variances, as in the models' training.
const EPSILON: f32 = 1e-5;

/// `a · b + c`.
#[inline(always)]
pub(crate) fn fma<I: Instructions>(a: f32, b: f32, c: f32) -> f32 {
    if I::FMA { a.mul_add(b, c) } else { a * b + c }
}

/// eˣ within 2 units in the last place for −87 ≤ x ≤ 88; what is outside is moved to the border.
///
/// The argument is split into a multiple of ln 2 and a rest of at most half of it, whose exponential is a polynomial
/// (Cephes, `expf.c`).
#[inline(always)]
#[expect(clippy::excessive_precision, reason = "as in the source")]
pub(crate) fn exp<I: Instructions>(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let rounded = fma::<I>(x, std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    let r = fma::<I>(n, -0.693_359_375, x);
    let r = fma::<I>(n, 2.121_944_400_546_905_8e-4, r);
    let mut p = 1.987_569_150e-4;
    for c in
        [1.398_199_950_7e-3, 8.333_451_907_3e-3, 4.166_579_589_4e-2, 1.666_666_545_9e-1, 5.000_000_120_1e-1]
    {
        p = fma::<I>(p, r, c);
    }
    let p = fma::<I>(p, r * r, r) + 1.0;
    // The low bits of `rounded` are n; its high bits leave by the shift.
    p * f32::from_bits(rounded.to_bits().wrapping_add(127) << 23)
}

/// x · Φ(x), Φ by the error function (Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016); erf within 1.5 · 10⁻⁷
/// (Abramowitz and Stegun, 7.1.26).
#[inline(always)]
pub(crate) fn gelu<I: Instructions>(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / fma::<I>(0.327_591_1, z, 1.0);
    let mut p = 1.061_405_4;
    for c in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        p = fma::<I>(p, t, c);
    }
    let erf = 1.0 - p * t * exp::<I>(-z * z);
    0.5 * x * (1.0 + erf.copysign(x))
}

/// Lanes that sums of rows are kept in, so that they are summed in the same order in every set.
const LANES: usize = 16;

/// Sum of `f` over a row.
#[inline(always)]
pub(crate) fn sum(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += f(*x);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += f(*x);
    }
    lanes.iter().sum()
}

/// Largest number of a row; −∞ of an empty one.
#[inline(always)]
pub(crate) fn largest(row: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = larger(*x, *lane);
        }
    }
    lanes.iter().chain(rest).copied().fold(f32::NEG_INFINITY, larger)
}

/// Normalises each row of `input` to mean 0 and variance 1 (10⁻⁵ is added to it), multiplies it with `weight` and adds `bias`
/// (Ba, Kiros and Hinton, "Layer Normalization", 2016). Rows have the width of `weight`.
///
/// # Panics
/// Where the lengths do not fit.
pub fn layer_norm(isa: Isa, input: &[f32], weight: &[f32], bias: &[f32], output: &mut [f32]) {
    assert!(weight.len() == bias.len() && input.len() == output.len() && !weight.is_empty());
    assert!(input.len().is_multiple_of(weight.len()));
    dispatch!(isa, fn layer_norm_rows<'a>(input: &'a [f32], weight: &'a [f32], bias: &'a [f32], output: &'a mut [f32]));
}

use crate::Isa;

#[inline(always)]
fn layer_norm_rows<I: Instructions>(input: &[f32], weight: &[f32], bias: &[f32], output: &mut [f32]) {
    let width = weight.len();
    for (input, output) in input.chunks_exact(width).zip(output.chunks_exact_mut(width)) {
        let mean = sum(input, |x| x) / width as f32;
        let variance = sum(input, |x| (x - mean) * (x - mean)) / width as f32;
        let scale = 1.0 / (variance + EPSILON).sqrt();
        for (((y, x), w), b) in output.iter_mut().zip(input).zip(weight).zip(bias) {
            *y = fma::<I>((x - mean) * scale, *w, *b);
        }
    }
}

/// Replaces numbers by their exponentials' shares of the sum of all. `−∞` gets almost nothing, 10⁻³⁸ at most.
pub fn softmax(isa: Isa, row: &mut [f32]) {
    dispatch!(isa, fn softmax_row<'a>(row: &'a mut [f32]));
}

#[inline(always)]
pub(crate) fn softmax_row<I: Instructions>(row: &mut [f32]) {
    let total = exponentials::<I>(row);
    let share = 1.0 / total;
    for x in row {
        *x *= share;
    }
}

/// Replaces numbers by their exponentials, less the largest; returns the sum.
#[inline(always)]
pub(crate) fn exponentials<I: Instructions>(row: &mut [f32]) -> f32 {
    let largest = largest(row);
    for x in row.iter_mut() {
        *x = exp::<I>(*x - largest);
    }
    sum(row, |x| x)
}

/// Natural logarithm of the sum of the exponentials of a row, `−∞` for an empty one.
#[must_use]
pub fn log_sum_exp(isa: Isa, row: &[f32]) -> f32 {
    dispatch!(isa, fn log_sum_exp_row<'a>(row: &'a [f32]) -> f32)
}

#[inline(always)]
fn log_sum_exp_row<I: Instructions>(row: &[f32]) -> f32 {
    let largest = largest(row);
    if largest == f32::NEG_INFINITY {
        return largest;
    }
    largest + sum(row, |x| exp::<I>(x - largest)).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::isa::portable::Portable;

    #[test]
    fn the_exponential_is_that_of_the_library() {
        for i in -870..=880 {
            let x = i as f32 * 0.1;
            let (found, expected) = (exp::<Portable>(x), x.exp());
            assert!((found - expected).abs() <= 3e-7 * expected, "{x}: {found} {expected}");
        }
        assert!(exp::<Portable>(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn gelu_has_the_values_of_the_reference() {
        // torch.nn.functional.gelu
        for (x, y) in [
            (-3.0, -0.004_049_69),
            (-1.0, -0.158_655_26),
            (0.0, 0.0),
            (0.5, 0.345_731_23),
            (2.0, 1.954_499_7),
        ] {
            assert!((gelu::<Portable>(x) - y).abs() < 1e-6, "{x}: {}", gelu::<Portable>(x));
        }
    }

    proptest! {
        #[test]
        fn every_set_normalises_alike(row in proptest::collection::vec(-50.0_f32..50.0, 1..100)) {
            let weight: Vec<f32> = (0..row.len()).map(|i| 0.5 + i as f32 * 0.01).collect();
            let bias: Vec<f32> = (0..row.len()).map(|i| i as f32 * 0.1).collect();
            let mean = row.iter().sum::<f32>() / row.len() as f32;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / row.len() as f32;
            for &isa in Isa::available() {
                let mut found = vec![0.0; row.len()];
                layer_norm(isa, &row, &weight, &bias, &mut found);
                for i in 0..row.len() {
                    let expected = (row[i] - mean) / (variance + 1e-5).sqrt() * weight[i] + bias[i];
                    prop_assert!((found[i] - expected).abs() < 1e-3, "{isa}: {} {expected}", found[i]);
                }
            }
        }

        #[test]
        fn every_set_shares_alike(row in proptest::collection::vec(-80.0_f32..80.0, 1..100)) {
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let total: f32 = row.iter().map(|x| (x - largest).exp()).sum();
            for &isa in Isa::available() {
                let mut found = row.clone();
                softmax(isa, &mut found);
                for (found, x) in found.iter().zip(&row) {
                    prop_assert!((found - (x - largest).exp() / total).abs() < 1e-5);
                }
                prop_assert!((log_sum_exp(isa, &row) - largest - total.ln()).abs() < 1e-4);
            }
        }
    }
}
