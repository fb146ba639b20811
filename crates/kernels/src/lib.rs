//! Matrix products, attention and what goes between them, for Whisper on a CPU.
//!
//! ```text
//! x ─▶ layer_norm ─▶ Matrix::multiply ─▶ Head::attend ─▶ Matrix::multiply ─▶ x      (encoder: many rows)
//! x ─▶ layer_norm ─▶ Matrix::multiply_wide ─▶ attend ─▶ Matrix::multiply_wide ─▶ x  (decoder: a row for each sequence)
//! ```
//!
//! Every function exists once as plain Rust, is compiled again for each instruction set ([`Isa`]), and has its inner
//! loop replaced by instructions where the compiler would not find them. The set is chosen at run time, so that one
//! program runs on any processor.
//!
//! # Results
//!
//! A row's result depends on that row and the weights alone: not on the number of rows, of threads or of windows in a
//! batch. Products of bytes are exact in every set; sums of floating-point numbers may differ in the last bits from
//! set to set.
//!
//! # Unsafe code
//!
//! Instructions of a set are called only behind an [`Isa`] that was found on this processor; pointers come from slices
//! whose lengths the safe functions have checked.

mod aligned;
mod cache;
mod head;
mod isa;
mod math;
mod matrix;
mod quantise;
mod threads;

pub use cache::{KeyCache, ValueCache, attend};
pub use head::{Head, Scores};
pub use isa::{Isa, UnknownIsa};
pub use math::{layer_norm, log_sum_exp, softmax};
pub use matrix::{Matrix, Precision, Scratch, Then};
pub use threads::Threads;

/// Width of one attention head, the same in all Whisper models.
pub const HEAD: usize = 64;
