//! Any text as a file of code lists.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &str| {
    if let Err(mistakes) = record::template::parse_codes(source, "fuzz.toml") {
        assert!(!mistakes.render().is_empty());
    }
});
