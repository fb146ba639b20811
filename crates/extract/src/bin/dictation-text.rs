//! Writes what caseworkers say, made from the grammar: the sentences that the speech engine expects, one a line, or, with
//! the argument `dictations`, whole dictations for the training of its adapter, one a line.
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a program for developers: it prints")]

use std::process::ExitCode;

/// Dictations of each script.
const OF_SCRIPT: usize = 3;

fn main() -> ExitCode {
    let made = match std::env::args().nth(1).as_deref() {
        None => extract::train::sentences(1),
        Some("dictations") => extract::train::dictations(1, OF_SCRIPT),
        Some(other) => {
            eprintln!("usage: dictation-text [dictations], not {other}");
            return ExitCode::FAILURE;
        }
    };
    match made {
        Ok(lines) => {
            println!("{}", lines.join("\n"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
