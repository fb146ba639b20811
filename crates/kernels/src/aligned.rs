//! Memory that starts at a cache line.

use bytemuck::{Pod, Zeroable};

/// Bytes of a cache line, and of the widest register.
pub(crate) const LINE: usize = 64;

#[derive(Clone, Copy, Debug, Zeroable, Pod)]
#[repr(C, align(64))]
struct Line([u8; LINE]);

/// Numbers in memory that starts at a cache line and ends with one.
#[derive(Clone, Debug)]
pub(crate) struct Aligned<T> {
    lines: Vec<Line>,
    len: usize,
    kind: std::marker::PhantomData<T>,
}

impl<T: Pod> Aligned<T> {
    /// So many zeros.
    pub(crate) fn zeroed(len: usize) -> Self {
        let lines = vec![Line::zeroed(); (len * size_of::<T>()).div_ceil(LINE)];
        Self { lines, len, kind: std::marker::PhantomData }
    }
}

impl<T: Pod> std::ops::Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }
}

impl<T: Pod> std::ops::DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}
