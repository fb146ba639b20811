//! Reading transcripts: ours, plain text in the encodings that offices have, and everything else.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{transcript, write_transcript};
use export::{Error, ErrorKind, TranscriptFile, read_transcript, transcript_by_name};
use proptest::prelude::*;
use record::{Explain, Flag, Lang, Segment, Source, SourceFile, Token, Transcript};

fn json(file: &TranscriptFile) -> String {
    write_transcript(transcript_by_name("json").unwrap(), file)
}

fn refused(bytes: &[u8], name: &str) -> Error {
    let error = read_transcript(bytes, name).unwrap_err();
    for lang in [Lang::Ja, Lang::En] {
        assert!(!error.explain(lang).is_empty() && error.hint(lang).is_some(), "{error}");
    }
    error
}

fn words(file: &TranscriptFile) -> Vec<&str> {
    file.transcript.segments.iter().map(|s| s.raw.as_str()).collect()
}

#[test]
fn what_json_writes_is_read_back() {
    let file = transcript();
    assert!(!file.transcript.segments[0].tokens.is_empty());
    assert_eq!(read_transcript(json(&file).as_bytes(), "visit.json").unwrap(), file);
}

#[test]
fn text_is_read_in_the_encodings_that_offices_have() {
    let text = "目的、安全確認。\r\n\r\n本児は、階段で転んだと言う。\r\n";
    let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(unit).collect()
    };
    let files = [
        text.as_bytes().to_vec(),
        [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        encoding_rs::SHIFT_JIS.encode(text).0.into_owned(),
    ];
    for bytes in files {
        let file = read_transcript(&bytes, "memos/visit.txt").unwrap();
        assert_eq!(words(&file), ["目的、安全確認。", "本児は、階段で転んだと言う。"]);
        assert_eq!(file.source.files[0].name, "visit.txt");
        assert_eq!(file.source.files[0].sha256.len(), 64);
        assert_eq!(file.source.engine, None);
        assert!(file.transcript.segments.iter().all(|s| s.end_ms == 0 && s.text == s.raw));
    }
}

#[test]
fn speech_that_was_kept_out_stays_out_after_txt() {
    let txt = write_transcript(transcript_by_name("txt").unwrap(), &transcript());
    let file = read_transcript(txt.as_bytes(), "visit.txt").unwrap();
    let barred: Vec<_> = file.transcript.segments.iter().filter(|s| !s.is_mapped()).collect();
    let flags: Vec<_> = barred.iter().map(|s| s.flags.as_slice()).collect();
    assert_eq!(flags, [[Flag::PossibleHallucination], [Flag::Repetition], [Flag::DecodeFailed]]);
    assert_eq!(barred[0].raw, "ご視聴ありがとうございました");
    // Brackets that are no marks of ours are words.
    assert_eq!(words(&read_transcript("[笑い] はい".as_bytes(), "a").unwrap()), ["[笑い] はい"]);
}

#[test]
fn other_files_are_refused_with_a_reason() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    assert_eq!(refused(png, "visit.wav").to_string(), "the file is not text: visit.wav");
    assert_eq!(refused(b"", "a.txt").to_string(), "the file holds no words: a.txt");
    assert_eq!(refused(" \n\t\n".as_bytes(), "a.txt").kind(), ErrorKind::NotATranscript);
    assert_eq!(refused(b"abc\0def", "a.txt").to_string(), "the file is not text: a.txt");
    assert_eq!(refused(b"\x1b[2Jabc", "a.txt").to_string(), "the file is not text: a.txt");
    assert_eq!(refused(b"\xff\xfe\x00\xd8\x41\x00", "a.txt").kind(), ErrorKind::NotATranscript);
    assert_eq!(refused(b"\x81\x20\xfd", "a.txt").to_string(), "the text is in an unknown encoding: a.txt");
}

#[test]
fn json_that_is_not_ours_is_refused_with_a_reason() {
    let record = include_str!("fixtures/visit.record.json");
    assert_eq!(
        refused(record.as_bytes(), "r.json").to_string(),
        "the file is a record, not a transcript: r.json"
    );
    assert_eq!(refused(b"{\"a\": 1}", "b").kind(), ErrorKind::NotATranscript);
    let newer = json(&transcript()).replace("kikitori.transcript/1", "kikitori.transcript/2");
    assert_eq!(refused(newer.as_bytes(), "n.json").kind(), ErrorKind::NotATranscript);
    let cut = json(&transcript());
    let error = refused(&cut.as_bytes()[..cut.len() / 2 / 3 * 3 - 400], "c.json");
    assert!(matches!(error.kind(), ErrorKind::InvalidTranscript | ErrorKind::NotATranscript), "{error}");
    assert_eq!(
        refused("目的".as_bytes(), "t.json").to_string(),
        "the json cannot be read at line 1, column 1: t.json"
    );
}

#[test]
fn a_json_mistake_never_quotes_the_file() {
    let text = json(&transcript()).replace("\"start_ms\": 3400", "\"start_ms\": \"秘密の言葉\"");
    let error = refused(text.as_bytes(), "v.json");
    assert_eq!(error.kind(), ErrorKind::InvalidTranscript);
    let chain = format!("{error} {error:?} {} {}", error.explain(Lang::Ja), error.explain(Lang::En));
    assert!(!chain.contains("秘密"), "{chain}");
}

#[test]
fn contradictions_are_named() {
    let broken = |change: fn(&mut TranscriptFile)| {
        let mut file = transcript();
        change(&mut file);
        let error = refused(json(&file).as_bytes(), "v.json");
        assert_eq!(error.kind(), ErrorKind::InvalidTranscript);
        error.to_string()
    };
    assert_eq!(
        broken(|f| f.transcript.segments[2].end_ms = 4),
        "it ends before it starts (transcript.segments[2]): v.json"
    );
    assert_eq!(
        broken(|f| f.transcript.segments[17].end_ms = u64::MAX),
        "it ends after more than a thousand hours (transcript.segments[17]): v.json"
    );
    assert_eq!(
        broken(|f| f.transcript.segments[3].file = 9),
        "the file's number is not among the source's files (transcript.segments[3]): v.json"
    );
    assert_eq!(
        broken(|f| f.transcript.segments.swap(0, 1)),
        "the segments are not in the order of file and start (transcript.segments[1]): v.json"
    );
    assert_eq!(
        broken(|f| f.transcript.segments[0].raw.push('。')),
        "the tokens joined are not the raw words (transcript.segments[0].tokens): v.json"
    );
    assert_eq!(
        broken(|f| f.transcript.segments[0].tokens[3].end_ms = 0),
        "it ends before it starts (transcript.segments[0].tokens[3]): v.json"
    );
    assert_eq!(
        broken(|f| f.transcript.segments[0].tokens[3].start_ms = 0),
        "the tokens are not in the order of their starts (transcript.segments[0].tokens[3]): v.json"
    );
    assert_eq!(
        broken(|f| f.transcript.edits[1].segment = 99),
        "the segment's number is not among the segments (transcript.edits[1]): v.json"
    );
    assert_eq!(
        broken(|f| f.recorded_at = Some("昨日".to_owned())),
        "not a date and time with an offset (recorded_at): v.json"
    );
}

/// Segments of up to three recordings, with tokens, in the order that the contract wants.
fn transcripts() -> impl Strategy<Value = TranscriptFile> {
    let segment = (0..3usize, 0..100_000u64, 0..5_000u64, "[ぁ-ん。 <&>a-z-]{0,8}", 0..4usize);
    prop::collection::vec(segment, 0..12).prop_map(|drawn| {
        let mut segments: Vec<Segment> = drawn.into_iter().map(drawn_segment).collect();
        segments.sort_by_key(|s| (s.file, s.start_ms));
        let file = |n| SourceFile { name: format!("{n}.wav"), duration_ms: 105_000, ..SourceFile::default() };
        let source = Source { files: (0..3).map(file).collect(), engine: None };
        TranscriptFile::new(None, source, Transcript { segments, edits: vec![] })
    })
}

fn drawn_segment((file, start_ms, length, raw, flag): (usize, u64, u64, String, usize)) -> Segment {
    let end_ms = start_ms + length;
    let token = |c: char| Token { text: c.to_string(), start_ms, end_ms, logprob: -0.5 };
    let flags = [None, None, Some(Flag::LowConfidence), Some(Flag::Repetition)][flag].into_iter().collect();
    let tokens = raw.chars().map(token).collect();
    Segment { file, start_ms, end_ms, text: raw.clone(), raw, flags, tokens, ..Segment::default() }
}

/// `hh:mm:ss,mmm` or `hh:mm:ss.mmm` in milliseconds.
fn parse_time(text: &str) -> u64 {
    let (clock, ms) = text.split_once([',', '.']).unwrap();
    let seconds = clock.split(':').fold(0, |total, part| total * 60 + part.parse::<u64>().unwrap());
    seconds * 1000 + ms.parse::<u64>().unwrap()
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_transcript(&bytes, "x");
    }

    #[test]
    fn almost_json_is_read_or_refused(tail in "[\\[\\]{}\":,a-z0-9ぁ-ん]{0,80}") {
        let text = format!("{{\"schema\":\"kikitori.transcript/1\",\"source\":{{\"files\":[]}},{tail}}}");
        let _ = read_transcript(text.as_bytes(), "x.json");
    }

    #[test]
    fn every_transcript_survives_json(file in transcripts()) {
        prop_assert_eq!(&read_transcript(json(&file).as_bytes(), "x.json").unwrap(), &file);
    }

    #[test]
    fn cues_follow_each_other_and_have_a_length(file in transcripts()) {
        prop_assume!(file.transcript.segments.iter().any(|s| s.end_ms > 0));
        for name in ["srt", "vtt"] {
            let mut last = 0;
            for line in write_transcript(transcript_by_name(name).unwrap(), &file).lines() {
                if let Some((start, end)) = line.split_once(" --> ") {
                    let (start, end) = (parse_time(start), parse_time(end));
                    prop_assert!(last <= start && start < end, "{}: {}", name, line);
                    last = end;
                }
            }
        }
    }
}

#[test]
fn subtitles_need_times() {
    let file = read_transcript("目的。".as_bytes(), "a.txt").unwrap();
    for name in ["srt", "vtt"] {
        let error = transcript_by_name(name).unwrap().export(&file, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
