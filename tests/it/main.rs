//! The program as its users meet it: real processes, real recordings, the real model.
//!
//! The model is found in `KIKITORI_MODELS`; `make models` puts it there. Nothing passes by skipping.

mod architecture;
mod bad_input;
mod citations;
mod cli;
mod generated;
mod harness;
mod interrupt;
mod long;
mod mapping;
mod privacy;
mod recording;
mod templates;
