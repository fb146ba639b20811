//! The queue on real databases.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod conforms;
mod postgres;
