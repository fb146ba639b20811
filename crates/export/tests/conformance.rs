//! Every format keeps the duties of its trait.

mod common;

use export::{
    ErrorKind, conformance, record_by_name, record_exporters, transcript_by_name, transcript_exporters,
};
use record::{Explain, Lang, Record};

#[test]
fn every_transcript_format_keeps_its_duties() {
    for exporter in transcript_exporters() {
        conformance::transcript_exporter(*exporter, &common::transcript());
    }
}

#[test]
fn every_record_format_keeps_its_duties() {
    let silent = Record {
        gaps: Vec::new(),
        conflicts: Vec::new(),
        unassigned: Vec::new(),
        transcript: record::Transcript::default(),
        ..common::record()
    };
    for exporter in record_exporters() {
        conformance::record_exporter(*exporter, &common::record(), &common::template());
        conformance::record_exporter(*exporter, &silent, &common::template());
    }
}

#[test]
fn formats_are_found_by_name_and_an_unknown_name_lists_them() {
    for exporter in transcript_exporters() {
        assert_eq!(transcript_by_name(exporter.name()).unwrap().name(), exporter.name());
    }
    for exporter in record_exporters() {
        assert_eq!(record_by_name(exporter.name()).unwrap().name(), exporter.name());
    }
    let error = transcript_by_name("doc").err().unwrap();
    assert_eq!(error.kind(), ErrorKind::UnknownFormat);
    assert_eq!(error.to_string(), "unknown transcript format (known: txt, json, srt, vtt): doc");
    let error = record_by_name("pdf").err().unwrap();
    assert_eq!(error.to_string(), "unknown record format (known: text, json, html): pdf");
    assert_eq!(error.explain(Lang::Ja), "この名前の出力形式はありません(使えるもの: text, json, html): pdf");
    assert!(error.hint(Lang::En).is_some());
}
