//! NEON with products of bytes.
//!
//! `sdot` multiplies four signed bytes with four and adds the products to a 32-bit sum, in each of four lanes. Six rows of
//! half a panel are 24 registers of sums; the weights take four, the input one.

use std::arch::aarch64::{
    float32x4_t, int8x16_t, int32x4_t, vdupq_n_f32, vdupq_n_s8, vdupq_n_s32, vfmaq_n_f32, vld1q_f32,
    vld1q_s8, vreinterpretq_s8_s32, vst1q_f32, vst1q_s32,
};
use std::arch::asm;

use super::Instructions;
use crate::matrix::WIDTH;

/// See [`Isa::Neon`](super::Isa::Neon).
pub(crate) struct Neon;

const ROWS: usize = 6;
/// Registers of half a panel.
const PARTS: usize = 4;

impl Instructions for Neon {
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
                let panel = panel.add(half * 64).cast();
                match rows {
                    1 => bytes::<1>(depth, input, stride, panel, half, sums),
                    2 => bytes::<2>(depth, input, stride, panel, half, sums),
                    3 => bytes::<3>(depth, input, stride, panel, half, sums),
                    4 => bytes::<4>(depth, input, stride, panel, half, sums),
                    5 => bytes::<5>(depth, input, stride, panel, half, sums),
                    _ => bytes::<6>(depth, input, stride, panel, half, sums),
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
                let panel = panel.add(half * 16);
                match rows {
                    1 => floats::<1>(depth, input, stride, panel, half, sums),
                    2 => floats::<2>(depth, input, stride, panel, half, sums),
                    3 => floats::<3>(depth, input, stride, panel, half, sums),
                    4 => floats::<4>(depth, input, stride, panel, half, sums),
                    5 => floats::<5>(depth, input, stride, panel, half, sums),
                    _ => floats::<6>(depth, input, stride, panel, half, sums),
                }
            }
        }
    }
}

/// # Safety
/// The processor has the set.
#[target_feature(enable = "neon,dotprod")]
unsafe fn saturate(times: usize) -> usize {
    let mut acc = [vdupq_n_s32(0); PARTS * ROWS];
    let (a, b) = std::hint::black_box((vdupq_n_s8(1), vdupq_n_s8(2)));
    for _ in 0..times {
        for acc in &mut acc {
            *acc = dot(*acc, a, b);
        }
    }
    std::hint::black_box(acc);
    times * acc.len() * 16
}

/// `sums + Σ weights · input` in each lane; the compiler's own function for it is not stable yet.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn dot(mut sums: int32x4_t, weights: int8x16_t, input: int8x16_t) -> int32x4_t {
    // SAFETY: the instruction reads and writes these registers alone.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {weights:v}.16b, {input:v}.16b",
            sums = inout(vreg) sums,
            weights = in(vreg) weights,
            input = in(vreg) input,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

/// Half a panel.
///
/// # Safety
/// As for [`Instructions::bytes`], with `panel` at the half, and at least `ROWS` lists of sums.
#[target_feature(enable = "neon,dotprod")]
unsafe fn bytes<const ROWS: usize>(
    depth: usize,
    input: *const i8,
    stride: usize,
    panel: *const i8,
    half: usize,
    sums: &mut [[i32; WIDTH]],
) {
    let mut acc = [[vdupq_n_s32(0); PARTS]; ROWS];
    for k in (0..depth).step_by(4) {
        // SAFETY: `k < depth`, so the four bytes of each row and the half's four registers of the panel are there.
        unsafe {
            let weights = panel.add(k * WIDTH);
            let weights: [int8x16_t; PARTS] = std::array::from_fn(|part| vld1q_s8(weights.add(part * 16)));
            for (r, acc) in acc.iter_mut().enumerate() {
                let x = input.add(r * stride + k).cast::<i32>().read_unaligned();
                let x = vreinterpretq_s8_s32(vdupq_n_s32(x));
                for (acc, weights) in acc.iter_mut().zip(weights) {
                    *acc = dot(*acc, weights, x);
                }
            }
        }
    }
    for (sums, acc) in sums.iter_mut().zip(acc) {
        let (sums, _) = sums[half * 16..].as_chunks_mut::<4>();
        for (sums, acc) in sums.iter_mut().zip(acc) {
            // SAFETY: the register fills the four sums.
            unsafe { vst1q_s32(sums.as_mut_ptr(), acc) }
        }
    }
}

/// Half a panel.
///
/// # Safety
/// As for [`Instructions::floats`], with `panel` at the half, and at least `ROWS` lists of sums.
#[target_feature(enable = "neon,dotprod")]
unsafe fn floats<const ROWS: usize>(
    depth: usize,
    input: *const f32,
    stride: usize,
    panel: *const f32,
    half: usize,
    sums: &mut [[f32; WIDTH]],
) {
    let mut acc = [[vdupq_n_f32(0.0); PARTS]; ROWS];
    for k in 0..depth {
        // SAFETY: `k < depth`, so the number of each row and the half's four registers of the panel are there.
        unsafe {
            let weights = panel.add(k * WIDTH);
            let weights: [float32x4_t; PARTS] = std::array::from_fn(|part| vld1q_f32(weights.add(part * 4)));
            for (r, acc) in acc.iter_mut().enumerate() {
                let x = *input.add(r * stride + k);
                for (acc, weights) in acc.iter_mut().zip(weights) {
                    *acc = vfmaq_n_f32(*acc, weights, x);
                }
            }
        }
    }
    for (sums, acc) in sums.iter_mut().zip(acc) {
        let (sums, _) = sums[half * 16..].as_chunks_mut::<4>();
        for (sums, acc) in sums.iter_mut().zip(acc) {
            // SAFETY: the register fills the four sums.
            unsafe { vst1q_f32(sums.as_mut_ptr(), acc) }
        }
    }
}
