//! Writes the sentences that the speech engine expects: `cargo run -p extract --features train --bin dictation-text`.
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a program for developers: it prints")]

use std::process::ExitCode;

fn main() -> ExitCode {
    match extract::train::sentences(1) {
        Ok(sentences) => {
            println!("{}", sentences.join("\n"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
