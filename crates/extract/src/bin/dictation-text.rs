//! Writes what caseworkers say, made from the grammar: the sentences that the speech engine expects, one a line, or, with
//! the argument `dictations` and a seed, whole dictations for the training of its adapter, one a line.
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a program for developers: it prints")]

use std::process::ExitCode;

/// Dictations of each script.
const OF_SCRIPT: usize = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seed = arguments.get(1).map_or(Ok(1), |seed| seed.parse());
    let made = match (arguments.first().map(String::as_str), seed) {
        (None, _) => extract::train::sentences(1),
        (Some("dictations"), Ok(seed)) => extract::train::dictations(seed, OF_SCRIPT),
        _ => {
            eprintln!("usage: dictation-text [dictations [SEED]]");
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
