//! What an earlier run has finished is not decoded again, and the transcript is that of one run.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use asr::{Control, DecodeOptions, Engine, Hypothesis, HypothesisSegment, Session};
use pipeline::{Event, Finished, FinishedWindow, Input, TranscribeOptions, Transcription, resume};
use record::{EngineInfo, Token, Window};

/// Hears the number of the window in it, and notes that it was asked.
#[derive(Default)]
struct Counting {
    info: EngineInfo,
    asked: Arc<Mutex<BTreeSet<usize>>>,
}

impl Engine for Counting {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn session(&self) -> asr::Result<Box<dyn Session>> {
        Ok(Box::new(CountingSession(Arc::clone(&self.asked))))
    }
}

struct CountingSession(Arc<Mutex<BTreeSet<usize>>>);

impl Session for CountingSession {
    fn decode(&mut self, window: &Window, _: &DecodeOptions, _: &Control) -> asr::Result<Hypothesis> {
        assert!(self.0.lock().unwrap().insert(window.index), "window {} is decoded twice", window.index);
        let end_ms = window.duration_ms();
        let token =
            Token { text: format!("第{}の部分", window.index), start_ms: 0, end_ms, logprob: -0.25 };
        let segment = HypothesisSegment {
            start_ms: 0,
            end_ms,
            avg_logprob: -0.25,
            no_speech_prob: 0.0,
            tokens: vec![token],
        };
        Ok(Hypothesis { segments: vec![segment], temperature: 0.0 })
    }
}

/// Two recordings; what came of them, what was decoded, and the windows as they were finished.
fn run(finished: Finished) -> (Transcription, BTreeSet<usize>, Vec<FinishedWindow>) {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/visit-home.opus");
    let inputs = vec![Input::new(sample); 2];
    let engine = Counting::default();
    let mut options = TranscribeOptions { sessions: 2, ..TranscribeOptions::default() }.with_window_ms(8_000);
    options.tier.ladder.truncate(1);
    let (mut windows, mut opened, mut last) = (Vec::new(), 0, (0, 0));
    let done = resume(&inputs, &engine, &options, finished, &Control::new(), &mut |event| match event {
        Event::Opened { file, .. } => opened = file + 1,
        Event::Progress { file, until_ms, .. } => {
            assert!(file < opened && (file, until_ms) >= last, "progress is told in order");
            last = (file, until_ms);
        }
        Event::Decoded { window } => windows.push(window.clone()),
        _ => {}
    });
    let asked = engine.asked.lock().unwrap().clone();
    (done.unwrap(), asked, windows)
}

#[test]
fn whatever_is_finished_the_transcript_is_the_same() {
    let (whole, asked, windows) = run(Finished::default());
    assert!(asked.len() >= 8, "several windows of each recording: {asked:?}");
    assert_eq!(windows.len(), asked.len());
    let kept_sets: [fn(usize) -> bool; 5] = [|i| i == 0, |i| i < 3, |i| i % 2 == 1, |i| i > 2, |_| true];
    for kept in kept_sets {
        let finished: Finished = windows.iter().filter(|w| kept(w.index)).cloned().collect();
        let missing: BTreeSet<usize> = asked.iter().copied().filter(|i| !kept(*i)).collect();
        let (again, decoded, _) = run(finished);
        assert_eq!(decoded, missing, "only what is missing is decoded");
        assert_eq!(again, whole);
    }
}
