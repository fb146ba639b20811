//! AVX2 with FMA.
//!
//! There is no product of bytes into 32 bits. `vpmaddubsw` makes 16-bit sums of two products of an unsigned and a signed
//! byte: with the input's magnitude as the unsigned factor and its sign moved to the weight, two products are at most
//! 2 × 127 × 127, which fits.

use std::arch::x86_64::{
    _mm256_abs_epi8, _mm256_add_epi32, _mm256_fmadd_ps, _mm256_load_ps, _mm256_load_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps,
    _mm256_setzero_si256, _mm256_sign_epi8, _mm256_storeu_ps, _mm256_storeu_si256,
};

use super::Instructions;
use crate::matrix::WIDTH;

/// See [`Isa::Avx2`](super::Isa::Avx2).
pub(crate) struct Avx2;

/// Three rows of half a panel are six registers of sums; the input takes two, the weights two.
const ROWS: usize = 4;

impl Instructions for Avx2 {
    const OFFSET: u8 = 0;
    const BYTE_ROWS: usize = ROWS;
    const FLOAT_ROWS: usize = ROWS;
    const FMA: bool = true;

    unsafe fn bytes(
        rows: usize,
        depth: usize,
        input: *const i8,
        stride: usize,
        panel: *const u8,
        sums: &mut [[i32; WIDTH]],
    ) {
        for half in 0..2 {
            // SAFETY: the caller's promises; half a panel is 64 bytes of each step of 128.
            unsafe {
                match rows {
                    1 => bytes::<1>(depth, input, stride, panel.add(half * 64), half, sums),
                    2 => bytes::<2>(depth, input, stride, panel.add(half * 64), half, sums),
                    3 => bytes::<3>(depth, input, stride, panel.add(half * 64), half, sums),
                    _ => bytes::<4>(depth, input, stride, panel.add(half * 64), half, sums),
                }
            }
        }
    }

    unsafe fn saturate(times: usize) -> usize {
        // SAFETY: the caller's promise.
        unsafe { saturate(times) }
    }

    unsafe fn floats(
        rows: usize,
        depth: usize,
        input: *const f32,
        stride: usize,
        panel: *const f32,
        sums: &mut [[f32; WIDTH]],
    ) {
        for half in 0..2 {
            // SAFETY: the caller's promises; half a panel is 16 numbers of each step of 32.
            unsafe {
                match rows {
                    1 => floats::<1>(depth, input, stride, panel.add(half * 16), half, sums),
                    2 => floats::<2>(depth, input, stride, panel.add(half * 16), half, sums),
                    3 => floats::<3>(depth, input, stride, panel.add(half * 16), half, sums),
                    _ => floats::<4>(depth, input, stride, panel.add(half * 16), half, sums),
                }
            }
        }
    }
}

/// # Safety
/// The processor has the set.
#[target_feature(enable = "avx2")]
unsafe fn saturate(times: usize) -> usize {
    // As many as keep the multipliers busy while the sums of each are awaited.
    let mut acc = [_mm256_setzero_si256(); 12];
    let (a, b) = std::hint::black_box((_mm256_set1_epi32(0x0102_0304), _mm256_set1_epi32(0x0101_0101)));
    let ones = _mm256_set1_epi16(1);
    for _ in 0..times {
        for acc in &mut acc {
            let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(a), _mm256_sign_epi8(b, *acc));
            *acc = _mm256_add_epi32(*acc, _mm256_madd_epi16(pairs, ones));
        }
    }
    std::hint::black_box(acc);
    times * acc.len() * 32
}

/// Half a panel.
///
/// # Safety
/// As for [`Instructions::bytes`], with `panel` at the half, and `ROWS` lists of sums.
#[target_feature(enable = "avx2")]
unsafe fn bytes<const ROWS: usize>(
    depth: usize,
    input: *const i8,
    stride: usize,
    panel: *const u8,
    half: usize,
    sums: &mut [[i32; WIDTH]],
) {
    let ones = _mm256_set1_epi16(1);
    let mut acc = [[_mm256_setzero_si256(); 2]; ROWS];
    for k in (0..depth).step_by(4) {
        // SAFETY: `k < depth`, so the four bytes of each row and the half's two registers of the panel are there, at
        // multiples of 32 bytes.
        unsafe {
            let weights = panel.add(k * WIDTH);
            let weights = [_mm256_load_si256(weights.cast()), _mm256_load_si256(weights.add(32).cast())];
            for (r, acc) in acc.iter_mut().enumerate() {
                let x = _mm256_set1_epi32(input.add(r * stride + k).cast::<i32>().read_unaligned());
                let magnitude = _mm256_abs_epi8(x);
                for (acc, weights) in acc.iter_mut().zip(weights) {
                    let pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(weights, x));
                    *acc = _mm256_add_epi32(*acc, _mm256_madd_epi16(pairs, ones));
                }
            }
        }
    }
    for (sums, acc) in sums.iter_mut().zip(acc) {
        let sums = &mut sums[half * 16..half * 16 + 16];
        // SAFETY: the two registers fill the 16 sums.
        unsafe {
            _mm256_storeu_si256(sums.as_mut_ptr().cast(), acc[0]);
            _mm256_storeu_si256(sums.as_mut_ptr().add(8).cast(), acc[1]);
        }
    }
}

/// Half a panel.
///
/// # Safety
/// As for [`Instructions::floats`], with `panel` at the half, and `ROWS` lists of sums.
#[target_feature(enable = "avx2,fma")]
unsafe fn floats<const ROWS: usize>(
    depth: usize,
    input: *const f32,
    stride: usize,
    panel: *const f32,
    half: usize,
    sums: &mut [[f32; WIDTH]],
) {
    let mut acc = [[_mm256_setzero_ps(); 2]; ROWS];
    for k in 0..depth {
        // SAFETY: `k < depth`, so the number of each row and the half's two registers of the panel are there, at
        // multiples of 32 bytes.
        unsafe {
            let weights = panel.add(k * WIDTH);
            let weights = [_mm256_load_ps(weights), _mm256_load_ps(weights.add(8))];
            for (r, acc) in acc.iter_mut().enumerate() {
                let x = _mm256_set1_ps(*input.add(r * stride + k));
                acc[0] = _mm256_fmadd_ps(weights[0], x, acc[0]);
                acc[1] = _mm256_fmadd_ps(weights[1], x, acc[1]);
            }
        }
    }
    for (sums, acc) in sums.iter_mut().zip(acc) {
        let sums = &mut sums[half * 16..half * 16 + 16];
        // SAFETY: the two registers fill the 16 sums.
        unsafe {
            _mm256_storeu_ps(sums.as_mut_ptr(), acc[0]);
            _mm256_storeu_ps(sums.as_mut_ptr().add(8), acc[1]);
        }
    }
}
