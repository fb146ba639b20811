//! The program as its users meet it: real processes, real recordings, the real model.
//!
//! The model is found in `KIKITORI_MODELS`; `make models` puts it there. Nothing passes by skipping.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod architecture;
mod bad_input;
mod batch;
mod bench;
mod citations;
mod cli;
mod dictate;
mod eval;
mod fleet;
mod generated;
mod harness;
mod interrupt;
mod isolation;
mod lexicon;
mod live;
mod long;
mod mapping;
mod privacy;
mod recording;
mod rtf;
mod templates;
