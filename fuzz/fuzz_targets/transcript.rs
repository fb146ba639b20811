//! Any bytes as a transcript: what is accepted can be mapped.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = export::read_transcript(bytes, "fuzz") else { return };
    let mut transcript = file.transcript;
    let mut document = record::Document::new(&transcript, None);
    if text::Chain::default().run(&mut document).is_ok() {
        document.write_back(&mut transcript);
        let joined: String =
            transcript.segments.iter().filter(|s| s.is_mapped()).map(|s| s.text.as_str()).collect();
        assert_eq!(joined, document.text());
    }
});
