//! Any text as a form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use record::template::{parse_template, shipped_codes};

fuzz_target!(|source: &str| {
    let Ok(codes) = shipped_codes() else { return };
    if let Err(mistakes) = parse_template(source, "fuzz.toml", &codes, extract::rule_names()) {
        assert!(!mistakes.render().is_empty());
    }
});
