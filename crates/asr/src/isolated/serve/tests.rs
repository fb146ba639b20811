use std::io::{PipeReader, PipeWriter, pipe};
use std::thread::JoinHandle;

use record::{TimeMap, Window};

use super::wire::Cut;
use super::*;
use crate::{EngineConfig, ErrorKind};

/// A served connection, seen from the program.
struct Program {
    requests: PipeWriter,
    answers: PipeReader,
    served: JoinHandle<Result<()>>,
}

impl Program {
    fn connect() -> Self {
        let (input, requests) = pipe().unwrap();
        let (answers, output) = pipe().unwrap();
        let served = thread::spawn(move || serve(input, output));
        Self { requests, answers, served }
    }

    fn greeted() -> Self {
        let mut program = Self::connect();
        program.requests.write_all(&wire::greeting()).unwrap();
        wire::greet(&mut program.answers).unwrap();
        program
    }

    /// Asks for one window.
    fn decode(&mut self, id: u64, bias: Option<u64>) {
        let (window, samples) = add(id, bias);
        self.ask(&window, &samples);
        self.ask(&Request::Decode { id }, &[]);
    }

    fn ask(&mut self, request: &Request, samples: &[f32]) {
        self.requests.write_all(&wire::frame(request, samples).unwrap()).unwrap();
    }

    fn answer(&mut self) -> Answer {
        wire::read(&mut self.answers).unwrap().unwrap().0
    }

    /// How serving ended, after the requests have.
    fn close(self) -> Result<()> {
        drop(self.requests);
        self.served.join().unwrap()
    }
}

fn open(fixture: &tempfile::NamedTempFile) -> Request {
    let config = EngineConfig { model_path: fixture.path().into(), ..EngineConfig::default() };
    Request::Open { id: 1, engine: "replay".into(), config }
}

fn fixture(json: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(json.as_bytes()).unwrap();
    file
}

fn add(id: u64, bias: Option<u64>) -> (Request, Vec<f32>) {
    let window =
        Window { index: 0, file: 0, samples: vec![0.0; 16_000], map: TimeMap::contiguous(0, 16_000) };
    let options = DecodeOptions::default();
    (Request::Add { id, window: Cut::of(&window), options, bias }, window.samples)
}

const WORDS: &str = r#"{ "segments": [ { "start_ms": 100, "end_ms": 900, "text": "訪問。" } ] }"#;

#[test]
fn a_window_is_answered_with_what_was_heard() {
    let mut program = Program::greeted();
    let words = fixture(WORDS);
    program.ask(&open(&words), &[]);
    assert!(
        matches!(program.answer(), Answer { id: 1, what: What::Ready { info, batch: 1 } } if info.name == "replay")
    );
    program.ask(&Request::Expect { id: 2, bias: Arc::new(Bias::new(vec!["訪問".into()])) }, &[]);
    program.decode(3, Some(2));
    let Answer { id: 3, what: What::Heard { place: 0, heard } } = program.answer() else {
        panic!("another answer")
    };
    assert_eq!(heard.unwrap().text(), "訪問。");
    assert_eq!(program.answer(), Answer { id: 3, what: What::Done });
    program.close().unwrap();
}

#[test]
fn several_windows_are_decoded_together_and_those_of_another_decoding_are_not() {
    let mut program = Program::greeted();
    let words = fixture(WORDS);
    program.ask(&open(&words), &[]);
    program.answer();
    for id in [2, 3, 3] {
        let (window, samples) = add(id, None);
        program.ask(&window, &samples);
    }
    program.ask(&Request::Decode { id: 3 }, &[]);
    for expected in [0, 1] {
        let Answer { id: 3, what: What::Heard { place, .. } } = program.answer() else {
            panic!("another answer")
        };
        assert_eq!(place, expected);
    }
    assert_eq!(program.answer(), Answer { id: 3, what: What::Done });
    program.close().unwrap();
}

#[test]
fn an_engine_that_cannot_be_opened_is_the_answer() {
    let mut program = Program::greeted();
    let broken = fixture("[]");
    program.ask(&open(&broken), &[]);
    let Answer { id: 1, what: What::Failed(report) } = program.answer() else { panic!("another answer") };
    assert_eq!(report.kind, ErrorKind::Model);
    program.close().unwrap();
}

#[test]
fn progress_is_told_while_the_decoding_advances_and_not_while_it_is_stuck() {
    for (pretence, advances) in [("decode_ms", true), ("stuck_ms", false)] {
        let mut program = Program::greeted();
        let slow = fixture(&format!(r#"{{ "segments": [], "{pretence}": 1400 }}"#));
        program.ask(&open(&slow), &[]);
        program.answer();
        program.decode(2, None);
        assert_eq!(matches!(program.answer().what, What::Progress), advances, "{pretence}");
        program.close().unwrap();
    }
}

#[test]
fn only_the_decoding_that_is_named_is_cancelled() {
    let mut program = Program::greeted();
    let slow = fixture(r#"{ "segments": [], "decode_ms": 300 }"#);
    program.ask(&open(&slow), &[]);
    program.answer();
    for (id, cancelled, kind) in [(2, 1, None), (3, 3, Some(ErrorKind::Cancelled))] {
        program.decode(id, None);
        program.ask(&Request::Cancel { id: cancelled }, &[]);
        let seen = loop {
            if let What::Heard { heard, .. } = program.answer().what {
                break heard.err().map(|report| report.kind);
            }
        };
        assert_eq!(seen, kind);
    }
    program.close().unwrap();
}

#[test]
fn the_end_of_the_requests_ends_a_decoding() {
    let mut program = Program::greeted();
    let slow = fixture(r#"{ "segments": [], "decode_ms": 60000 }"#);
    program.ask(&open(&slow), &[]);
    program.answer();
    program.decode(2, None);
    program.close().unwrap();
}

#[test]
fn requests_out_of_order_or_of_another_kind_end_it_with_an_error() {
    let words = fixture(WORDS);
    let (unexpected, samples) = add(2, Some(9));
    let (many, _) = add(2, None);
    for requests in [
        vec![Request::Decode { id: 1 }],
        vec![open(&words), open(&words)],
        vec![open(&words), unexpected],
        vec![many; MAX_BATCH + 1],
    ] {
        let mut program = Program::greeted();
        for request in &requests {
            program.ask(request, &samples);
        }
        assert_eq!(program.close().unwrap_err().kind(), ErrorKind::Crashed, "{requests:?}");
    }
    let mut program = Program::connect();
    program.requests.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(program.close().unwrap_err().kind(), ErrorKind::SessionLost);
}
