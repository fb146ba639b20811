//! The recorder's promises against real processes that are killed, and devices that fail.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod devices;
mod disk;
mod harness;
mod kill;
