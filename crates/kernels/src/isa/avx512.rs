//! AVX-512 with VNNI.
//!
//! `vpdpbusd` multiplies four unsigned bytes with four signed ones and adds the products to a 32-bit sum: weights are
//! packed with an offset of 128 to be unsigned. Twelve rows of two registers leave eight registers for weights and input.

use std::arch::x86_64::{
    _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_load_ps, _mm512_load_si512, _mm512_set1_epi32,
    _mm512_set1_ps, _mm512_setzero_ps, _mm512_setzero_si512, _mm512_storeu_ps, _mm512_storeu_si512,
};

use super::Instructions;
use crate::matrix::WIDTH;

/// See [`Isa::Avx512`](super::Isa::Avx512).
pub(crate) struct Avx512;

const ROWS: usize = 12;

impl Instructions for Avx512 {
    const OFFSET: u8 = 128;
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
        // SAFETY: the caller's promises.
        unsafe { by_rows!(rows, sums, bytes(depth, input, stride, panel)) }
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
        // SAFETY: the caller's promises.
        unsafe { by_rows!(rows, sums, floats(depth, input, stride, panel)) }
    }
}

/// # Safety
/// The processor has the set.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn saturate(times: usize) -> usize {
    let mut acc = [_mm512_setzero_si512(); 2 * ROWS];
    let (a, b) = std::hint::black_box((_mm512_set1_epi32(0x0102_0304), _mm512_set1_epi32(0x0101_0101)));
    for _ in 0..times {
        for acc in &mut acc {
            *acc = _mm512_dpbusd_epi32(*acc, a, b);
        }
    }
    std::hint::black_box(acc);
    times * acc.len() * 64
}

/// Calls the function for exactly so many rows.
macro_rules! by_rows {
    ($rows:expr, $sums:ident, $name:ident($($arg:expr),*)) => {
        by_rows!(@ $rows, $sums, $name($($arg),*), 1 2 3 4 5 6 7 8 9 10 11 12)
    };
    (@ $rows:expr, $sums:ident, $name:ident $args:tt, $($n:literal)*) => {
        match $rows {
            $($n => {
                let (sums, _) = $sums.split_first_chunk_mut::<$n>().expect("one list of sums for each row");
                by_rows!(! $name, $n, sums, $args)
            })*
            _ => unreachable!("at most {ROWS} rows"),
        }
    };
    (! $name:ident, $n:literal, $sums:ident, ($($arg:expr),*)) => { $name::<$n>($($arg),*, $sums) };
}
use by_rows;

/// # Safety
/// As for [`Instructions::bytes`].
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn bytes<const ROWS: usize>(
    depth: usize,
    input: *const i8,
    stride: usize,
    panel: *const u8,
    sums: &mut [[i32; WIDTH]; ROWS],
) {
    let mut acc = [[_mm512_setzero_si512(); 2]; ROWS];
    for k in (0..depth).step_by(4) {
        // SAFETY: `k < depth`, so the four bytes of each row and the two lines of the panel are there; the panel starts
        // at a cache line, and a step is two lines.
        unsafe {
            let weights = panel.add(k * WIDTH);
            let left = _mm512_load_si512(weights.cast());
            let right = _mm512_load_si512(weights.add(64).cast());
            for (r, acc) in acc.iter_mut().enumerate() {
                let x = _mm512_set1_epi32(input.add(r * stride + k).cast::<i32>().read_unaligned());
                acc[0] = _mm512_dpbusd_epi32(acc[0], left, x);
                acc[1] = _mm512_dpbusd_epi32(acc[1], right, x);
            }
        }
    }
    for (sums, acc) in sums.iter_mut().zip(acc) {
        // SAFETY: the two registers fill the 32 sums.
        unsafe {
            _mm512_storeu_si512(sums.as_mut_ptr().cast(), acc[0]);
            _mm512_storeu_si512(sums.as_mut_ptr().add(16).cast(), acc[1]);
        }
    }
}

/// # Safety
/// As for [`Instructions::floats`].
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn floats<const ROWS: usize>(
    depth: usize,
    input: *const f32,
    stride: usize,
    panel: *const f32,
    sums: &mut [[f32; WIDTH]; ROWS],
) {
    let mut acc = [[_mm512_setzero_ps(); 2]; ROWS];
    for k in 0..depth {
        // SAFETY: `k < depth`, so the number of each row and the two lines of the panel are there; the panel starts at a
        // cache line, and a step is two lines.
        unsafe {
            let weights = panel.add(k * WIDTH);
            let left = _mm512_load_ps(weights);
            let right = _mm512_load_ps(weights.add(16));
            for (r, acc) in acc.iter_mut().enumerate() {
                let x = _mm512_set1_ps(*input.add(r * stride + k));
                acc[0] = _mm512_fmadd_ps(left, x, acc[0]);
                acc[1] = _mm512_fmadd_ps(right, x, acc[1]);
            }
        }
    }
    for (sums, acc) in sums.iter_mut().zip(acc) {
        // SAFETY: the two registers fill the 32 sums.
        unsafe {
            _mm512_storeu_ps(sums.as_mut_ptr(), acc[0]);
            _mm512_storeu_ps(sums.as_mut_ptr().add(16), acc[1]);
        }
    }
}
