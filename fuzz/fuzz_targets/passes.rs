//! Any text through the passes: twice is once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use record::{Document, Segment, Transcript};

fuzz_target!(|raw: String| {
    let run = |raw: String| {
        let transcript = Transcript { segments: vec![Segment { raw, ..Segment::default() }], edits: vec![] };
        let mut document = Document::new(&transcript, None);
        text::Chain::default().run(&mut document).map(|()| document.text().to_owned())
    };
    if let Ok(once) = run(raw) {
        assert_eq!(run(once.clone()).ok(), Some(once));
    }
});
