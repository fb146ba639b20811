//! Tests through the public API, on files.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod bad_input;
mod common;
mod formats;
mod streams;
