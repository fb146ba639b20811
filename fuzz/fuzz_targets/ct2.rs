//! Any bytes as the `model.bin` of a CTranslate2 directory.
#![no_main]

use std::fs;
use std::sync::atomic::AtomicBool;

use libfuzzer_sys::fuzz_target;
use models::Format;

fuzz_target!(|bytes: &[u8]| {
    let Ok(dir) = tempfile::tempdir() else { return };
    let written = fs::write(dir.path().join("model.bin"), bytes)
        .and_then(|()| fs::write(dir.path().join("config.json"), "{}"))
        .and_then(|()| fs::write(dir.path().join("vocabulary.json"), r#"["a","b"]"#));
    if written.is_err() {
        return;
    }
    let mut out = Vec::new();
    let idle = AtomicBool::new(false);
    let _ = models::convert(dir.path(), &mut out, Format::Q8_0, &idle, &mut |_: &models::Event<'_>| {});
});
