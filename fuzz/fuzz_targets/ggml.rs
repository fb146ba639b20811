//! Any bytes as a ggml model file: our check must refuse what whisper.cpp's parser would trust.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = models::Ggml::read(Cursor::new(bytes), bytes.len() as u64, Path::new("fuzz"));
});
