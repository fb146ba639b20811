//! Plain Rust.

use super::Instructions;
use crate::matrix::WIDTH;

/// See [`Isa::Portable`](super::Isa::Portable).
pub(crate) struct Portable;

impl Instructions for Portable {
    const OFFSET: u8 = 0;
    const BYTE_ROWS: usize = 4;
    const FLOAT_ROWS: usize = 4;
    const FMA: bool = false;

    unsafe fn bytes(
        rows: usize,
        depth: usize,
        input: *const i8,
        stride: usize,
        panel: *const u8,
        sums: &mut [[i32; WIDTH]],
    ) {
        // SAFETY: the caller's promise about the panel.
        let panel = unsafe { std::slice::from_raw_parts(panel, depth * WIDTH) };
        for (r, sums) in sums[..rows].iter_mut().enumerate() {
            // SAFETY: the caller's promise about the rows.
            let input = unsafe { std::slice::from_raw_parts(input.add(r * stride), depth) };
            *sums = [0; WIDTH];
            for (input, panel) in input.chunks_exact(4).zip(panel.chunks_exact(4 * WIDTH)) {
                for (sum, weights) in sums.iter_mut().zip(panel.chunks_exact(4)) {
                    for (x, w) in input.iter().zip(weights) {
                        *sum += i32::from(*x) * i32::from(w.cast_signed());
                    }
                }
            }
        }
    }

    unsafe fn saturate(times: usize) -> usize {
        let mut sums = [0_i32; WIDTH];
        let (a, b) = std::hint::black_box(([1_i8; WIDTH], [3_i8; WIDTH]));
        for _ in 0..times {
            for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum = std::hint::black_box(*sum) + i32::from(*a) * i32::from(b);
            }
        }
        std::hint::black_box(sums);
        times * WIDTH
    }

    unsafe fn floats(
        rows: usize,
        depth: usize,
        input: *const f32,
        stride: usize,
        panel: *const f32,
        sums: &mut [[f32; WIDTH]],
    ) {
        // SAFETY: the caller's promise about the panel.
        let panel = unsafe { std::slice::from_raw_parts(panel, depth * WIDTH) };
        for (r, sums) in sums[..rows].iter_mut().enumerate() {
            // SAFETY: the caller's promise about the rows.
            let input = unsafe { std::slice::from_raw_parts(input.add(r * stride), depth) };
            *sums = [0.0; WIDTH];
            for (x, panel) in input.iter().zip(panel.chunks_exact(WIDTH)) {
                for (sum, w) in sums.iter_mut().zip(panel) {
                    *sum += x * w;
                }
            }
        }
    }
}
