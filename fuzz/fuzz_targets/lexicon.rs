//! Any bytes as an office's lexicon; what is accepted repairs a text without harm.
#![no_main]

use libfuzzer_sys::fuzz_target;
use record::{Document, Explain, Lang, Segment, Transcript};
use text::lexicon::read;
use text::{Lexicon, Pass};

fuzz_target!(|bytes: &[u8]| {
    let terms = match read(bytes) {
        Ok(terms) => terms,
        Err(mistakes) => {
            assert!(!mistakes.explain(Lang::Ja).is_empty());
            return;
        }
    };
    // The terms' own words are the text most likely to meet them.
    let sentences: Vec<String> =
        terms.iter().take(50).map(|t| format!("{}に{}。", t.reading, t.written)).collect();
    let segment = Segment { raw: sentences.concat(), ..Segment::default() };
    let mut doc = Document::new(&Transcript { segments: vec![segment], edits: Vec::new() }, None);
    let applied = Lexicon::with_office(terms).apply(&mut doc);
    assert!(applied.is_ok());
    text::conformance::invariants(&doc, "lexicon");
});
