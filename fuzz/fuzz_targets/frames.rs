//! Any bytes from the other end of an engine's pipe: messages or an error, never memory by a declared length.
#![no_main]

use asr::isolated::wire::{Answer, Request, greet, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = greet(&mut &*bytes);
    let mut requests = bytes;
    while let Ok(Some((request, samples))) = read::<Request>(&mut requests) {
        if let Request::Add { window, .. } = request {
            let _ = window.window(samples);
        }
    }
    let mut answers = bytes;
    while let Ok(Some(_)) = read::<Answer>(&mut answers) {}
});
