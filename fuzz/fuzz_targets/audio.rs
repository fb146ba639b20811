//! Any bytes as a recording: an error or samples, never a panic, never memory by a declared size.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = audio::AudioReader::from_reader(Box::new(Cursor::new(bytes.to_vec())), "fuzz")
    else {
        return;
    };
    while let Ok(Some(block)) = reader.next_block() {
        assert!(block.iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0));
        // A crafted file may declare hours of silence.
        if reader.decoded_ms() > 60_000 {
            break;
        }
    }
});
