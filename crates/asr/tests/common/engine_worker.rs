//! An engine's process for the tests of `asr`: `kikitori engine-worker` without the program around it.

use std::io::{stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    match asr::isolated::serve(stdin(), stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
