use record::{Segment, TemplateRef, Transcript};

use super::*;

fn table() -> Vec<Sentence> {
    sentences("0\t2000\t本児は転んだと言う。\n3000\t5000\t実父に架電するも不通。\n").unwrap()
}

fn record(text: &str, citations: Vec<Citation>) -> Record {
    let mut field: Field = serde_json::from_value(serde_json::json!({
        "id": "talk", "label": "聴取内容", "type": "text", "state": "stated", "value": text, "display": text,
        "origin": "rule", "confidence": null, "citations": [], "trace": [], "flags": [],
    }))
    .unwrap();
    field.citations = citations;
    let segment =
        Segment { end_ms: 6_000, raw: text.to_owned(), text: text.to_owned(), ..Segment::default() };
    Record {
        schema: record::RECORD_SCHEMA.to_owned(),
        template: TemplateRef { id: "visit".to_owned(), version: "1".to_owned() },
        recorded_at: None,
        source: record::Source::default(),
        fields: vec![field],
        gaps: Vec::new(),
        conflicts: Vec::new(),
        unassigned: Vec::new(),
        transcript: Transcript { segments: vec![segment], edits: Vec::new() },
    }
}

fn cite(quote: &str, start_ms: u64, end_ms: u64) -> Citation {
    Citation { file: 0, start_ms, end_ms, quote: quote.to_owned() }
}

#[test]
fn a_table_of_sentences_is_read_or_refused_whole() {
    assert_eq!(table()[1].text, "実父に架電するも不通。");
    assert_eq!(sentences("0\t10"), None);
    assert_eq!(sentences("a\tb\tc"), None);
    assert_eq!(sentences(""), Some(Vec::new()));
}

#[test]
fn a_citation_is_on_time_within_three_tenths_of_a_second() {
    let heard = "本児は転んだと言う。実父に家電するも普通。";
    let on_time = vec![cite("転んだ", 0, 2_300), cite("実父に家電するも普通。", 2_700, 5_300)];
    let counts = citations(&record(heard, on_time), Some(&table()));
    assert_eq!((counts.quotes.count, counts.quotes.of), (2, 2));
    assert_eq!((counts.times.count, counts.times.of), (2, 2));
    let late = vec![cite("転んだ", 0, 2_301), cite("実父に", 2_600, 5_000)];
    assert_eq!(citations(&record(heard, late), Some(&table())).times.count, 0);
}

#[test]
fn words_of_another_place_are_no_quote() {
    let counts = citations(&record("本児は転んだと言う。", vec![cite("叩かれた", 0, 1_000)]), Some(&table()));
    assert_eq!((counts.quotes.count, counts.quotes.of), (0, 1));
    assert_eq!(counts.unchecked, 1);
}

#[test]
fn words_that_were_heard_wrongly_cannot_be_timed() {
    let counts = citations(&record("新聞は読んだと言う。", vec![cite("新聞", 0, 1_000)]), Some(&table()));
    assert_eq!((counts.times.of, counts.unchecked), (0, 1));
}

#[test]
fn a_text_without_times_has_none_to_check() {
    let counts = citations(&record("本児は転んだと言う。", vec![cite("転んだ", 0, 0)]), Some(&table()));
    assert_eq!((counts.times.of, counts.unchecked, counts.quotes.count), (0, 0, 1));
}

#[test]
fn words_that_are_spoken_twice_may_be_cited_at_either_place() {
    let twice = sentences("0\t1000\t本児は不在。\n2000\t3000\t実父は不在。\n").unwrap();
    let counts =
        citations(&record("本児は不在。実父は不在。", vec![cite("不在", 2_300, 2_900)]), Some(&twice));
    assert_eq!((counts.times.count, counts.times.of), (1, 1));
}

#[test]
fn characters_are_missing_in_order() {
    let quotes = [cite("本児は", 0, 0), cite("転んだと言う。", 0, 0)];
    assert_eq!(missing("本児は転んだと言う。", &quotes), 0);
    assert_eq!(missing("転んだと言う。本児は", &quotes), 3);
    assert_eq!(missing("本児は転倒したと言う", &quotes), 3);
}
