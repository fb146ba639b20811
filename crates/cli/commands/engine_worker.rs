//! `kikitori engine-worker`: the process of an isolated engine.

use std::io::{stdin, stdout};

use crate::failure::Failure;

pub(crate) fn run() -> Result<(), Failure> {
    Ok(asr::isolated::serve(stdin(), stdout())?)
}
