//! ggml's blocks of weights as numbers.

use half::{bf16, f16};

use crate::ggml::ModelError;

/// ggml's number of 32-bit floating-point numbers.
pub(super) const F32: u32 = 0;
/// Of half-precision ones.
pub(super) const F16: u32 = 1;
/// Of those with eight bits of exponent.
pub(super) const BF16: u32 = 30;
/// Weights of a block of the quantised types.
const BLOCK: usize = 32;

/// The numbers that bytes of a ggml type stand for (`ggml-quants.c`, `dequantize_row_*`).
///
/// # Errors
/// [`ModelError::Type`] for the types with blocks of 256 weights, which Whisper models rarely have.
pub(super) fn numbers(kind: u32, bytes: &[u8]) -> Result<Vec<f32>, ModelError> {
    Ok(match kind {
        F32 => bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        F16 => bytes.as_chunks::<2>().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect(),
        BF16 => bytes.as_chunks::<2>().0.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()).collect(),
        2 => blocks::<18>(bytes, |block, out| {
            let scale = half(block, 0);
            nibbles(&block[2..], 0, out, |q| scale * (f32::from(q) - 8.0));
        }),
        3 => blocks::<20>(bytes, |block, out| {
            let (scale, least) = (half(block, 0), half(block, 2));
            nibbles(&block[4..], 0, out, |q| scale * f32::from(q) + least);
        }),
        6 => blocks::<22>(bytes, |block, out| {
            let scale = half(block, 0);
            nibbles(&block[6..], high_bits(&block[2..6]), out, |q| scale * (f32::from(q) - 16.0));
        }),
        7 => blocks::<24>(bytes, |block, out| {
            let (scale, least) = (half(block, 0), half(block, 2));
            nibbles(&block[8..], high_bits(&block[4..8]), out, |q| scale * f32::from(q) + least);
        }),
        8 => blocks::<34>(bytes, |block, out| {
            let scale = half(block, 0);
            for (out, byte) in out.iter_mut().zip(&block[2..]) {
                *out = scale * f32::from(byte.cast_signed());
            }
        }),
        kind => return Err(ModelError::Type { kind }),
    })
}

/// Blocks of `SIZE` bytes, each 32 weights.
fn blocks<const SIZE: usize>(bytes: &[u8], unpack: impl Fn(&[u8; SIZE], &mut [f32; BLOCK])) -> Vec<f32> {
    let blocks = bytes.as_chunks::<SIZE>().0;
    let mut numbers = vec![0.0; blocks.len() * BLOCK];
    for (block, numbers) in blocks.iter().zip(numbers.as_chunks_mut::<BLOCK>().0) {
        unpack(block, numbers);
    }
    numbers
}

/// A half-precision number in a block.
fn half(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

/// The fifth bits of a block's weights.
fn high_bits(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u32::from(*byte))
}

/// Weights of four bits, with a fifth in `high`: the low halves of the bytes, then the high ones.
fn nibbles(bytes: &[u8], high: u32, out: &mut [f32; BLOCK], number: impl Fn(u8) -> f32) {
    for (i, out) in out.iter_mut().enumerate() {
        let byte = bytes[i % 16];
        let low = if i < 16 { byte & 0x0f } else { byte >> 4 };
        *out = number(low | ((high >> i & 1) as u8) << 4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two as a half-precision number.
    const TWO: [u8; 2] = [0x00, 0x40];

    fn block(head: &[u8], rest: impl Iterator<Item = u8>) -> Vec<u8> {
        head.iter().copied().chain(rest).collect()
    }

    #[test]
    fn plain_numbers_are_read_as_they_are() {
        assert_eq!(numbers(0, &1.5_f32.to_le_bytes()).unwrap(), [1.5]);
        assert_eq!(numbers(1, &TWO).unwrap(), [2.0]);
        assert_eq!(numbers(30, &[0x80, 0x3f]).unwrap(), [1.0]);
    }

    #[test]
    fn blocks_have_the_weights_of_their_format() {
        let low_then_high = |i: u8| (i % 16) | ((15 - i % 16) << 4);
        let bytes = || (0..16).map(low_then_high);
        let four = numbers(2, &block(&TWO, bytes())).unwrap();
        assert_eq!((four[0], four[15], four[16], four[31]), (-16.0, 14.0, 14.0, -16.0));
        let four = numbers(3, &block(&[0, 0x40, 0, 0x3c], bytes())).unwrap();
        assert_eq!((four[0], four[15], four[16]), (1.0, 31.0, 31.0));
        // The fifth bit of the first and of the last weight.
        let five = numbers(6, &block(&[0, 0x40, 1, 0, 0, 0x80], bytes())).unwrap();
        assert_eq!((five[0], five[1], five[30], five[31]), (0.0, -30.0, -30.0, 0.0));
        let five = numbers(7, &block(&[0, 0x40, 0, 0x3c, 1, 0, 0, 0x80], bytes())).unwrap();
        assert_eq!((five[0], five[1], five[31]), (33.0, 3.0, 33.0));
        let eight = numbers(8, &block(&TWO, (0..32).map(|i| 240 + i / 2))).unwrap();
        assert_eq!((eight[0], eight[31]), (-32.0, -2.0));
    }

    #[test]
    fn an_unknown_type_is_named() {
        assert!(matches!(numbers(12, &[]), Err(ModelError::Type { kind: 12 })));
    }
}
