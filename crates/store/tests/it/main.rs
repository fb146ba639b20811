//! The queue on real databases, and real processes that are killed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(clippy::print_stdout, reason = "figures, with --nocapture")]

mod conforms;
mod faults;
mod helper;
mod kills;
mod load;
mod postgres;
#[cfg(feature = "s3")]
mod s3;
