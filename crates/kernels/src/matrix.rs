//! Weights of a layer, packed for the processor, and their product with rows of input.

use std::marker::PhantomData;
use std::ops::Range;

use crate::Isa;
use crate::aligned::Aligned;
use crate::isa::portable::Portable;
use crate::isa::{Instructions, dispatch};
use crate::math::{fma, gelu};
use crate::quantise::quantise;
use crate::threads::Threads;

/// Columns of a panel: what the inner loops compute at once.
pub(crate) const WIDTH: usize = 32;
/// Depths of byte matrices are filled with zeros to a multiple of this.
pub(crate) const STEP: usize = 4;
/// Most rows of an inner loop, of any set.
const MAX_ROWS: usize = 12;
/// Fewest panels that are worth a thread's attention.
const MIN_SHARE: usize = 2;

/// How weights are kept and multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// As bytes, with a scale for each column; the input as bytes too, with a scale for each row. Products are exact.
    Int8,
    /// As 32-bit floating-point numbers.
    Float,
}

/// What becomes of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is written.
    Store,
    /// It is added to what is there.
    Add,
    /// Its GELU is written.
    Gelu,
}

/// Weights `[columns][depth]` and a bias for each column.
///
/// Packed: panels of 32 columns; in a panel, for each depth (four at a time for bytes) the weights of all 32 columns.
#[derive(Debug)]
pub struct Matrix {
    isa: Isa,
    columns: usize,
    depth: usize,
    /// A number for each column and for what fills the last panel.
    bias: Vec<f32>,
    weights: Weights,
}

#[derive(Debug)]
enum Weights {
    Int8 { panels: Aligned<u8>, scales: Vec<f32>, depth: usize, offset: u8 },
    Float { panels: Aligned<f32> },
}

/// Room for rows of input as bytes; grows to what is needed.
#[derive(Debug, Default)]
pub struct Scratch {
    bytes: Vec<i8>,
    scales: Vec<f32>,
    sums: Vec<i32>,
}

impl Matrix {
    /// Packs `[columns][depth]` weights, row by row, and a bias for each column.
    ///
    /// # Panics
    /// Where the lengths do not fit, or the processor lacks the set.
    #[must_use]
    pub fn new(isa: Isa, precision: Precision, weights: &[f32], depth: usize, bias: Option<&[f32]>) -> Self {
        assert!(isa.is_available() && depth > 0 && weights.len().is_multiple_of(depth));
        let columns = weights.len() / depth;
        let mut padded = vec![0.0; columns.next_multiple_of(WIDTH)];
        if let Some(bias) = bias {
            padded[..columns].copy_from_slice(bias);
        }
        let weights = match precision {
            Precision::Int8 => pack_int8(isa, weights, depth),
            Precision::Float => pack_float(weights, depth),
        };
        Self { isa, columns, depth, bias: padded, weights }
    }

    /// Numbers in a row of output.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Numbers in a row of input.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Writes the weights of one column as they are kept.
    ///
    /// # Panics
    /// Where there is no such column, or `output` has not the length of the depth.
    pub fn column(&self, column: usize, output: &mut [f32]) {
        assert!(column < self.columns && output.len() == self.depth);
        let (panel, c) = (column / WIDTH, column % WIDTH);
        match &self.weights {
            Weights::Int8 { panels, scales, depth, offset } => {
                let panel = &panels[panel * depth * WIDTH..];
                for (k, y) in output.iter_mut().enumerate() {
                    let byte = panel[k / STEP * STEP * WIDTH + c * STEP + k % STEP].wrapping_sub(*offset);
                    *y = f32::from(byte.cast_signed()) * scales[column];
                }
            }
            Weights::Float { panels } => {
                let panel = &panels[panel * self.depth * WIDTH..];
                for (k, y) in output.iter_mut().enumerate() {
                    *y = panel[k * WIDTH + c];
                }
            }
        }
    }

    /// Multiplies each row of `input` (`[rows][depth]`) and gives `[rows][columns]` to `output`.
    ///
    /// # Panics
    /// Where the lengths do not fit.
    pub fn multiply(&self, input: &[f32], scratch: &mut Scratch, output: &mut [f32], then: Then) {
        let product = self.product(input, scratch, output, then);
        product.panels(0..self.panels());
    }

    /// As [`Matrix::multiply`], with the columns shared among threads: for few rows.
    ///
    /// # Panics
    /// Where the lengths do not fit.
    pub fn multiply_wide(
        &self,
        threads: &Threads,
        input: &[f32],
        scratch: &mut Scratch,
        output: &mut [f32],
        then: Then,
    ) {
        let panels = self.panels();
        let share = panels.div_ceil(2 * threads.count()).max(MIN_SHARE);
        let product = self.product(input, scratch, output, then);
        threads.each(panels.div_ceil(share), |i| {
            product.panels(i * share..((i + 1) * share).min(panels));
        });
    }

    fn panels(&self) -> usize {
        self.columns.div_ceil(WIDTH)
    }

    fn product<'a>(
        &'a self,
        input: &'a [f32],
        scratch: &'a mut Scratch,
        output: &'a mut [f32],
        then: Then,
    ) -> Product<'a> {
        assert!(input.len().is_multiple_of(self.depth), "rows of input have {} numbers", self.depth);
        let rows = input.len() / self.depth;
        assert_eq!(output.len(), rows * self.columns, "{rows} rows of {} columns", self.columns);
        if let Weights::Int8 { depth, .. } = &self.weights {
            let isa = self.isa;
            let (width, padded) = (self.depth, *depth);
            dispatch!(isa, fn quantise_rows<'s>(
                input: &'s [f32], width: usize, padded: usize, scratch: &'s mut Scratch
            ));
        }
        Product { matrix: self, rows, input, scratch, output: output.as_mut_ptr(), then, borrow: PhantomData }
    }
}

#[inline(always)]
fn quantise_rows<I: Instructions>(input: &[f32], width: usize, padded: usize, scratch: &mut Scratch) {
    let rows = input.len() / width;
    scratch.bytes.resize((rows * padded).max(scratch.bytes.len()), 0);
    scratch.scales.clear();
    scratch.sums.clear();
    for (row, bytes) in input.chunks_exact(width).zip(scratch.bytes.chunks_exact_mut(padded)) {
        let (scale, sum) = quantise::<I>(row, &mut bytes[..width]);
        bytes[width..].fill(0);
        scratch.scales.push(scale);
        scratch.sums.push(sum);
    }
}

/// A product that is ready to be computed, panel by panel.
struct Product<'a> {
    matrix: &'a Matrix,
    rows: usize,
    input: &'a [f32],
    /// The input as bytes, for byte matrices.
    scratch: &'a Scratch,
    /// `[rows][columns]`.
    output: *mut f32,
    then: Then,
    borrow: PhantomData<&'a mut [f32]>,
}

// SAFETY: threads that share a product compute panels of their own, and so write to columns of their own.
unsafe impl Sync for Product<'_> {}

impl Product<'_> {
    /// Computes these panels.
    fn panels(&self, panels: Range<usize>) {
        let isa = self.matrix.isa;
        let product = self;
        dispatch!(isa, fn compute<'p>(product: &'p Product<'p>, panels: Range<usize>));
    }
}

#[inline(always)]
fn compute<I: Instructions>(product: &Product<'_>, panels: Range<usize>) {
    let matrix = product.matrix;
    for panel in panels {
        let bias = &matrix.bias.as_chunks::<WIDTH>().0[panel];
        match &matrix.weights {
            Weights::Int8 { panels, scales, depth, offset } => {
                let weights = &panels[panel * depth * WIDTH..(panel + 1) * depth * WIDTH];
                let scales = &scales.as_chunks::<WIDTH>().0[panel];
                let Scratch { bytes, scales: row_scales, sums: row_sums } = product.scratch;
                let mut sums = [[0_i32; WIDTH]; MAX_ROWS];
                for first in (0..product.rows).step_by(I::BYTE_ROWS) {
                    let rows = (product.rows - first).min(I::BYTE_ROWS);
                    let input = &bytes[first * depth..(first + rows) * depth];
                    // SAFETY: the set is the one that the matrix was packed for; the slices have the lengths that are
                    // passed, and panels are whole cache lines.
                    unsafe {
                        I::bytes(rows, *depth, input.as_ptr(), *depth, weights.as_ptr(), &mut sums[..rows]);
                    }
                    for (r, sums) in (first..).zip(&sums[..rows]) {
                        let surplus = i32::from(*offset) * row_sums[r];
                        let scale = row_scales[r];
                        let mut values = [0.0; WIDTH];
                        for c in 0..WIDTH {
                            values[c] = fma::<I>((sums[c] - surplus) as f32, scale * scales[c], bias[c]);
                        }
                        product.give::<I>(r, panel, &mut values);
                    }
                }
            }
            Weights::Float { panels } => {
                let depth = matrix.depth;
                let weights = &panels[panel * depth * WIDTH..(panel + 1) * depth * WIDTH];
                let mut sums = [[0.0_f32; WIDTH]; MAX_ROWS];
                for first in (0..product.rows).step_by(I::FLOAT_ROWS) {
                    let rows = (product.rows - first).min(I::FLOAT_ROWS);
                    let input = &product.input[first * depth..(first + rows) * depth];
                    // SAFETY: as above.
                    unsafe {
                        I::floats(rows, depth, input.as_ptr(), depth, weights.as_ptr(), &mut sums[..rows]);
                    }
                    for (r, sums) in (first..).zip(&sums[..rows]) {
                        let mut values = [0.0; WIDTH];
                        for c in 0..WIDTH {
                            values[c] = sums[c] + bias[c];
                        }
                        product.give::<I>(r, panel, &mut values);
                    }
                }
            }
        }
    }
}

impl Product<'_> {
    /// Does what comes then with the values of one row and panel.
    #[inline(always)]
    fn give<I: Instructions>(&self, row: usize, panel: usize, values: &mut [f32; WIDTH]) {
        let columns = self.matrix.columns;
        let first = panel * WIDTH;
        let width = (columns - first).min(WIDTH);
        // SAFETY: row and panel are in the output, whose length was checked; nobody else has these columns.
        let output = unsafe { std::slice::from_raw_parts_mut(self.output.add(row * columns + first), width) };
        if self.then == Then::Gelu {
            for value in values.iter_mut() {
                *value = gelu::<I>(*value);
            }
        }
        let values = &values[..width];
        if self.then == Then::Add {
            for (y, value) in output.iter_mut().zip(values) {
                *y += value;
            }
        } else {
            output.copy_from_slice(values);
        }
    }
}

fn pack_int8(isa: Isa, weights: &[f32], depth: usize) -> Weights {
    let offset = isa.offset();
    let columns = weights.len() / depth;
    let padded = depth.next_multiple_of(STEP);
    let mut panels = Aligned::<u8>::zeroed(columns.next_multiple_of(WIDTH) * padded);
    panels.fill(offset);
    let mut scales = vec![0.0; columns.next_multiple_of(WIDTH)];
    let mut bytes = vec![0_i8; depth];
    for (column, weights) in weights.chunks_exact(depth).enumerate() {
        scales[column] = quantise::<Portable>(weights, &mut bytes).0;
        let panel = &mut panels[column / WIDTH * padded * WIDTH..];
        for (k, byte) in bytes.iter().enumerate() {
            panel[k / STEP * STEP * WIDTH + column % WIDTH * STEP + k % STEP] =
                byte.cast_unsigned().wrapping_add(offset);
        }
    }
    Weights::Int8 { panels, scales, depth: padded, offset }
}

fn pack_float(weights: &[f32], depth: usize) -> Weights {
    let columns = weights.len() / depth;
    let mut panels = Aligned::<f32>::zeroed(columns.next_multiple_of(WIDTH) * depth);
    for (column, weights) in weights.chunks_exact(depth).enumerate() {
        let panel = &mut panels[column / WIDTH * depth * WIDTH..];
        for (k, weight) in weights.iter().enumerate() {
            panel[k * WIDTH + column % WIDTH] = *weight;
        }
    }
    Weights::Float { panels }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows, depths and columns of a test; an interpreter takes minutes for a million products.
    const MOST: (usize, usize, usize) = if cfg!(miri) { (6, 14, 70) } else { (30, 150, 110) };

    /// Numbers that look random, the same in every run.
    fn numbers(seed: u32, len: usize) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..len).map(|_| next()).collect()
    }

    fn product(
        isa: Isa,
        precision: Precision,
        shape: (usize, usize, usize),
        then: Then,
        threads: Option<&Threads>,
    ) -> Vec<f32> {
        let (rows, depth, columns) = shape;
        let bias = numbers(3, columns);
        let matrix = Matrix::new(isa, precision, &numbers(1, columns * depth), depth, Some(&bias));
        let input = numbers(2, rows * depth);
        let mut output = numbers(4, rows * columns);
        let mut scratch = Scratch::default();
        match threads {
            Some(threads) => matrix.multiply_wide(threads, &input, &mut scratch, &mut output, then),
            None => matrix.multiply(&input, &mut scratch, &mut output, then),
        }
        output
    }

    #[test]
    fn a_product_is_the_sum_of_products() {
        let (rows, depth, columns) = (5, 70, 45);
        let (weights, bias) = (numbers(1, columns * depth), numbers(3, columns));
        let input = numbers(2, rows * depth);
        for &isa in Isa::available() {
            for (precision, close) in [(Precision::Float, 1e-4), (Precision::Int8, 0.1)] {
                let found = product(isa, precision, (rows, depth, columns), Then::Store, None);
                for r in 0..rows {
                    for c in 0..columns {
                        let exact: f32 =
                            (0..depth).map(|k| input[r * depth + k] * weights[c * depth + k]).sum();
                        let found = found[r * columns + c];
                        assert!((found - exact - bias[c]).abs() < close, "{isa} {precision:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_column_comes_back_as_it_was_packed() {
        let weights = numbers(7, 40 * 66);
        for &isa in Isa::available() {
            for (precision, close) in [(Precision::Float, 0.0), (Precision::Int8, 0.005)] {
                let matrix = Matrix::new(isa, precision, &weights, 66, None);
                for column in [0, 31, 32, 39] {
                    let mut found = [0.0; 66];
                    matrix.column(column, &mut found);
                    for (found, expected) in found.iter().zip(&weights[column * 66..]) {
                        assert!((found - expected).abs() <= close);
                    }
                }
            }
        }
    }

    #[test]
    fn a_matrix_of_zeros_gives_the_bias() {
        for &isa in Isa::available() {
            let matrix = Matrix::new(isa, Precision::Int8, &[0.0; 64], 64, Some(&[2.5]));
            let mut output = [0.0];
            matrix.multiply(&[0.0; 64], &mut Scratch::default(), &mut output, Then::Store);
            assert!((output[0] - 2.5).abs() < f32::EPSILON);
        }
    }

    proptest! {
        #[test]
        fn every_set_multiplies_as_plain_rust_does(
            rows in 1..MOST.0, depth in 1..MOST.1, columns in 1..MOST.2, then in 0..3,
        ) {
            let then = [Then::Store, Then::Add, Then::Gelu][then as usize];
            for precision in [Precision::Int8, Precision::Float] {
                let expected = product(Isa::Portable, precision, (rows, depth, columns), then, None);
                for &isa in &Isa::available()[1..] {
                    let found = product(isa, precision, (rows, depth, columns), then, None);
                    for (found, expected) in found.iter().zip(&expected) {
                        prop_assert!((found - expected).abs() < 1e-4, "{isa} {precision:?}: {found} {expected}");
                    }
                }
            }
        }

        #[test]
        fn a_row_does_not_depend_on_its_neighbours_or_on_threads(
            rows in 1..MOST.0, depth in 1..MOST.1, columns in 1..5 * MOST.2,
        ) {
            let threads = Threads::new(2).unwrap();
            for &isa in Isa::available() {
                for precision in [Precision::Int8, Precision::Float] {
                    let all = product(isa, precision, (rows, depth, columns), Then::Gelu, None);
                    let wide = product(isa, precision, (rows, depth, columns), Then::Gelu, Some(&threads));
                    prop_assert_eq!(&all, &wide);
                    let one = product(isa, precision, (1, depth, columns), Then::Gelu, None);
                    prop_assert_eq!(&all[..columns], &one[..]);
                }
            }
        }
    }
}
