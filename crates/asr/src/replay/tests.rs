use std::io::Write;

use proptest::prelude::*;
use record::TimeMap;

use super::*;
use crate::{ErrorKind, conformance};

const FIXTURE: &str = r#"{
    "decode_ms": 120,
    "segments": [
        { "start_ms": 1000, "end_ms": 3000, "text": "家庭訪問。" },
        { "start_ms": 8000, "end_ms": 9000, "raw": "実母は", "text": "母は", "avg_logprob": -0.7, "no_speech_prob": 0.2,
          "tokens": [
            { "text": "実", "start_ms": 8000, "end_ms": 8300, "logprob": -0.1 },
            { "text": "母は", "start_ms": 8300, "end_ms": 9000, "logprob": -0.2 } ] },
        { "file": 1, "start_ms": 0, "end_ms": 500, "text": "別" }
    ],
    "edits": []
}"#;

fn open(json: &str) -> Result<ReplayEngine> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(json.as_bytes()).unwrap();
    ReplayEngine::open(&EngineConfig { model_path: file.path().into(), ..EngineConfig::default() })
}

/// A window of file 0 made of these pieces of the recording, in milliseconds, 100 ms of silence between them.
fn window(pieces: &[(u64, u64)]) -> Window {
    let mut map = TimeMap::default();
    let mut at = 0;
    for &(start, end) in pieces {
        map.push(Piece { window_start: at * 16, file_start: start * 16, len: (end - start) * 16 });
        at += end - start + 100;
    }
    Window { index: 0, file: 0, samples: vec![0.0; (at.saturating_sub(100) * 16) as usize], map }
}

fn decode(engine: &ReplayEngine, window: &Window) -> Hypothesis {
    engine.session().unwrap().decode(window, &DecodeOptions::default(), &Control::new()).unwrap()
}

#[test]
fn the_engine_keeps_the_contract() {
    let engine = open(FIXTURE).unwrap();
    conformance::run(&engine, &window(&[(500, 9_500)]), &window(&[(4_000, 7_000)])).unwrap();
}

#[test]
fn a_segment_is_heard_where_the_packer_put_it() {
    let hypothesis = decode(&open(FIXTURE).unwrap(), &window(&[(900, 3_100), (7_900, 9_100)]));
    let heard: Vec<_> = hypothesis.segments.iter().map(|s| (s.start_ms, s.end_ms, s.text())).collect();
    assert_eq!(heard, [(100, 2_100, "家庭訪問。".to_owned()), (2_400, 3_400, "実母は".to_owned())]);
    assert_eq!(hypothesis.segments[1].tokens[0].end_ms, 2_700);
    assert!((hypothesis.segments[1].no_speech_prob - 0.2).abs() < 1e-6);
}

#[test]
fn a_segment_across_a_cut_is_shared_by_its_characters() {
    let engine = open(FIXTURE).unwrap();
    assert_eq!(decode(&engine, &window(&[(0, 2_000)])).text(), "家庭");
    assert_eq!(decode(&engine, &window(&[(2_000, 4_000)])).text(), "訪問。");
}

#[test]
fn other_recordings_are_not_heard() {
    let engine = open(FIXTURE).unwrap();
    assert_eq!(decode(&engine, &window(&[(0, 900)])).text(), "");
    assert_eq!(decode(&engine, &Window { file: 1, ..window(&[(0, 900)]) }).text(), "別");
}

#[test]
fn a_broken_fixture_is_an_error_of_the_model() {
    for json in ["", "[]", "{}", r#"{"segments":[{"start_ms":5,"end_ms":4,"text":"x"}]}"#] {
        assert_eq!(open(json).unwrap_err().kind(), ErrorKind::Model);
    }
    let missing = EngineConfig { model_path: "no/such/fixture.json".into(), ..EngineConfig::default() };
    assert_eq!(ReplayEngine::open(&missing).unwrap_err().kind(), ErrorKind::Model);
}

proptest! {
    #[test]
    fn any_packing_without_gaps_plays_every_character_once(cuts in prop::collection::vec(0_u64..10_000, 0..6)) {
        let engine = open(&FIXTURE.replace("120", "0")).unwrap();
        let mut edges = cuts;
        edges.extend([0, 10_000]);
        edges.sort_unstable();
        edges.dedup();
        let text: String = edges.windows(2).map(|pair| decode(&engine, &window(&[(pair[0], pair[1])])).text()).collect();
        prop_assert_eq!(text, "家庭訪問。実母は");
    }
}
