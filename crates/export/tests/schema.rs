//! The checked-in schemas are those of the types, and what is written validates.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::PathBuf;

use common::{record, transcript, write_record, write_transcript};
use export::{RecordOptions, record_by_name, record_schema, transcript_by_name, transcript_schema};
use serde_json::Value;

/// The example of the record contract.
const CONTRACT: &str = include_str!("fixtures/contract.json");

fn check_file(name: &str, schema: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema").join(name);
    let generated = format!("{}\n", serde_json::to_string_pretty(schema).unwrap());
    if std::env::var_os("KIKITORI_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(&path, &generated).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        file == generated,
        "schema/{name} is not what the types say; run the test with KIKITORI_BLESS=1 and review"
    );
}

fn assert_valid(schema: &Value, json: &str) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let value: Value = serde_json::from_str(json).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn the_schema_files_are_those_of_the_types() {
    check_file("record.schema.json", &record_schema());
    check_file("transcript.schema.json", &transcript_schema());
}

#[test]
fn the_example_of_the_contract_is_valid_and_survives_a_round_trip() {
    assert_valid(&record_schema(), CONTRACT);
    let read: record::Record = serde_json::from_str(CONTRACT).unwrap();
    let written: Value = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
    assert_eq!(written, serde_json::from_str::<Value>(CONTRACT).unwrap());
}

#[test]
fn what_is_written_is_valid() {
    let json = write_record(record_by_name("json").unwrap(), &record(), &RecordOptions::default());
    assert_valid(&record_schema(), &json);
    assert_valid(&transcript_schema(), &write_transcript(transcript_by_name("json").unwrap(), &transcript()));
}

#[test]
fn another_version_is_not_valid() {
    let validator = jsonschema::validator_for(&record_schema()).unwrap();
    let mut value: Value = serde_json::from_str(CONTRACT).unwrap();
    value["schema"] = "kikitori.record/2".into();
    assert!(!validator.is_valid(&value));
    value["schema"] = "kikitori.record/1".into();
    value["fields"][0]["state"] = "maybe".into();
    assert!(!validator.is_valid(&value));
}
