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
//! whose lengths the safe functions have checked. Two machines watch that:
//!
//! ```text
//! PROPTEST_CASES=1 MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-tree-borrows -Zmiri-ignore-leaks -Zmiri-deterministic-floats" \
//!     cargo +nightly miri test -p kernels --lib
//! RUSTFLAGS=-Zsanitizer=address cargo +nightly test -p kernels --target x86_64-unknown-linux-gnu --lib
//! ```
//!
//! Miri interprets the portable set, for many minutes, and finds what breaks the language's rules (rayon's threads, which
//! never end, break those that are stricter than trees of borrows, inside `crossbeam-epoch`); the sanitizer runs all
//! sets of the processor and finds reads and writes outside of memory. The set of another kind of processor runs in an
//! emulator:
//!
//! ```text
//! CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
//! CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='qemu-aarch64 -L /usr/aarch64-linux-gnu' \
//!     cargo test -p kernels --target aarch64-unknown-linux-gnu --lib
//! ```

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
