//! Any row of edits: the map stays whole, and every range leads to characters of the original.
#![no_main]

use libfuzzer_sys::fuzz_target;
use record::{MappedText, Replacement};

fuzz_target!(|input: (String, Vec<(u16, u16, String)>)| {
    let (original, edits) = input;
    let mut text = MappedText::new(original);
    for (start, len, new) in edits {
        let start = usize::from(start) % (text.text().len() + 1);
        let end = (start + usize::from(len)).min(text.text().len());
        let before = text.clone();
        if text.edit("fuzz", vec![Replacement::new(start..end, new, "fuzz")]).is_err() {
            assert_eq!(text, before);
        }
    }
    let whole = text.to_original(0..text.text().len());
    assert!(text.original().is_char_boundary(whole.start) && text.original().is_char_boundary(whole.end));
});
