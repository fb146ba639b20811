//! The page as a document: its policy, what hostile words become, and the sound in it.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{HOSTILE, hostile, record, template, write_record};
use export::{AudioSource, ErrorKind, RecordOptions, record_by_name};

fn page(record: &record::Record) -> String {
    write_record(record_by_name("html").unwrap(), record, &RecordOptions::default())
}

#[test]
fn hostile_words_stay_words() {
    let page = page(&hostile());
    assert_eq!(page.matches("<script>").count(), 1, "a script beside the page's own");
    assert_eq!(page.matches("<style>").count(), 1);
    assert!(!page.contains("<img"), "markup out of the words");
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "the words are shown as they are");
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'), "control characters");
    // Every attribute that words can reach is quoted and its quotes are escaped.
    assert!(!page.contains("\"'><img") && page.contains("&#34;&#39;&#62;&#60;img"));
}

#[test]
fn hostile_words_do_not_steer_a_terminal_or_a_subtitle() {
    let text = write_record(record_by_name("text").unwrap(), &hostile(), &RecordOptions::default());
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
    let record = hostile();
    let file = export::TranscriptFile::new(None, record.source, record.transcript);
    let cues = |name: &str| {
        let output = common::write_transcript(export::transcript_by_name(name).unwrap(), &file);
        assert!(!output.contains('\u{1b}'));
        output.lines().filter(|line| line.contains("-->")).count()
    };
    let mapped = file.transcript.segments.iter().filter(|s| s.is_mapped()).count();
    assert_eq!((cues("srt"), cues("vtt")), (mapped, mapped), "an arrow in the words made a cue");
}

#[test]
fn the_page_asks_nothing_of_a_network() {
    let page = page(&record());
    for word in ["http:", "https:", "src=\"//", "@import", "url("] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'"));
    assert!(!page.contains("unsafe-"));
    assert!(
        !page.contains(" style=\"") && !page.contains(" onclick"),
        "the policy forbids inline attributes"
    );
}

#[test]
fn without_sound_nothing_looks_as_if_it_played() {
    let page = page(&record());
    let (body, _) = page.split_once("<script>").unwrap();
    let (_, body) = body.split_once("<body>").unwrap();
    assert!(!body.contains("data-play") && !body.contains("<audio"));
    assert!(body.contains("録音2 0:05"), "the times stay");
}

#[test]
fn there_is_sound_for_every_recording_or_for_none() {
    let audio = vec![AudioSource { mime: "audio/wav".to_owned(), path: "a.wav".into() }];
    let options = RecordOptions { audio, ..RecordOptions::default() };
    let html = record_by_name("html").unwrap();
    let error = html.export(&record(), &template(), &options, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert_eq!(error.to_string(), "the record has 2 recordings, but audio was given for: 1");
}

#[test]
fn errors_never_hold_words_of_the_record() {
    let record = hostile();
    let mut other = template();
    other.id = "intake".to_owned();
    let error =
        record_by_name("text").unwrap().export(&record, &other, &RecordOptions::default(), &mut Vec::new());
    assert!(!error.unwrap_err().to_string().contains(&HOSTILE[..9]));
}
