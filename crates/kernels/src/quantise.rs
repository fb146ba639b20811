//! Rows of numbers as bytes.

use crate::isa::Instructions;
use crate::math::ROUND;

/// Largest byte: −128 has no counterpart.
const MAX: f32 = 127.0;

/// Writes `x / scale` as bytes, rounded to the nearest, and returns `scale`, the largest magnitude's 127th part, and the
/// sum of the bytes.
#[inline(always)]
pub(crate) fn quantise<I: Instructions>(row: &[f32], bytes: &mut [i8]) -> (f32, i32) {
    let largest = row.iter().fold(0_u32, |most, x| most.max(x.to_bits() & 0x7fff_ffff));
    let largest = f32::from_bits(largest);
    let inverse = if largest > 0.0 { MAX / largest } else { 0.0 };
    let mut total = 0_i32;
    for (byte, x) in bytes.iter_mut().zip(row) {
        let q = (x * inverse + ROUND).to_bits() as i8;
        total += i32::from(q);
        *byte = q;
    }
    (largest / MAX, total)
}
