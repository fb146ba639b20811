//! Each format of one hand-made record, to be read by a person when it changes.

mod common;

use common::{record, transcript, write_record, write_transcript};
use export::{RecordOptions, record_by_name, transcript_by_name};
use record::Lang;

fn options(lang: Lang) -> RecordOptions {
    RecordOptions { lang, audio: Vec::new() }
}

#[test]
fn transcripts() {
    for name in ["txt", "srt", "vtt", "json"] {
        insta::assert_snapshot!(name, write_transcript(transcript_by_name(name).unwrap(), &transcript()));
    }
}

#[test]
fn the_record_as_text_in_both_languages() {
    let text = record_by_name("text").unwrap();
    insta::assert_snapshot!("text-ja", write_record(text, &record(), &options(Lang::Ja)));
    insta::assert_snapshot!("text-en", write_record(text, &record(), &options(Lang::En)));
}

#[test]
fn the_record_as_json() {
    let json = record_by_name("json").unwrap();
    insta::assert_snapshot!("record-json", write_record(json, &record(), &options(Lang::Ja)));
}

/// The body alone: style and script are files of their own.
#[test]
fn the_record_as_a_page() {
    let page = write_record(record_by_name("html").unwrap(), &record(), &options(Lang::Ja));
    let (_, body) = page.split_once("<body>").unwrap();
    let (body, _) = body.split_once("<script>").unwrap();
    insta::assert_snapshot!("html", body);
}
