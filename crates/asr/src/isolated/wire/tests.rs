use proptest::prelude::*;
use record::Token;

use super::*;
use crate::{HypothesisSegment, Search, Thresholds};

fn sent<M: Serialize + DeserializeOwned>(message: &M, samples: &[f32]) -> (M, Vec<f32>) {
    read(&mut &*frame(message, samples).unwrap()).unwrap().unwrap()
}

fn window() -> Window {
    let mut map = TimeMap::default();
    map.push(Piece { window_start: 0, file_start: 16_000, len: 2 });
    map.push(Piece { window_start: 3, file_start: 48_000, len: 1 });
    Window { index: 7, file: 1, samples: vec![0.5, -0.25, 0.0, f32::MIN_POSITIVE], map }
}

fn add() -> Request {
    let options = DecodeOptions {
        search: Search::Beam { size: 5 },
        temperatures: vec![0.0, 0.1],
        // Never satisfied, and no number of JSON.
        thresholds: Thresholds { avg_logprob: f32::INFINITY, entropy: f32::NEG_INFINITY },
        prompt: Some("家庭訪問の記録。".into()),
        ..DecodeOptions::default()
    };
    Request::Add { id: 3, window: Cut::of(&window()), options, bias: Some(2) }
}

#[test]
fn a_window_arrives_as_it_was_sent() {
    let (request, samples) = sent(&add(), &window().samples);
    assert_eq!(request, add());
    let Request::Add { window: cut, .. } = request else { panic!("another request") };
    assert_eq!(cut.window(samples).unwrap(), window());
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_utf_8_arrives() {
    use std::os::unix::ffi::OsStringExt as _;

    let config = EngineConfig {
        model_path: std::ffi::OsString::from_vec(b"/models/\xff.bin".to_vec()).into(),
        ..EngineConfig::default()
    };
    let open = Request::Open { id: 1, engine: "replay".into(), config };
    assert_eq!(sent(&open, &[]).0, open);
}

#[test]
fn expected_words_arrive_with_strengths_that_are_no_numbers() {
    let bias = Bias {
        boost: f32::NAN,
        sentences: Some("訪問した。\n面接した。".into()),
        ..Bias::new(vec!["実母".into()])
    };
    let (Request::Expect { bias: there, .. }, _) =
        sent(&Request::Expect { id: 2, bias: Arc::new(bias.clone()) }, &[])
    else {
        panic!("another request")
    };
    assert!(there.boost.is_nan());
    assert_eq!(Bias { boost: 1.0, ..(*there).clone() }, Bias { boost: 1.0, ..bias });
}

#[test]
fn what_was_heard_arrives_to_the_last_bit() {
    let token = Token { text: "保健師".into(), start_ms: 20, end_ms: 340, logprob: -0.1 - f32::EPSILON };
    let segment = HypothesisSegment {
        start_ms: 20,
        end_ms: 340,
        tokens: vec![token],
        avg_logprob: -1.0 / 3.0,
        no_speech_prob: 1e-38,
    };
    let what = What::Heard { place: 0, heard: Ok(Hypothesis { segments: vec![segment], temperature: 0.2 }) };
    let answer = Answer { id: 9, what };
    assert_eq!(sent(&answer, &[]).0, answer);
}

#[test]
fn an_error_says_the_same_on_the_other_side() {
    let missing = EngineConfig { model_path: "no/such/model.bin".into(), ..EngineConfig::default() };
    for here in [
        crate::by_name("wisper").unwrap_err(),
        crate::open("replay", &missing).err().unwrap(),
        Cause::Cancelled.into(),
        Cause::NewState.into(),
    ] {
        let (Answer { what: What::Failed(report), .. }, _) =
            sent(&Answer { id: 1, what: What::Failed(Report::from(&here)) }, &[])
        else {
            panic!("another answer")
        };
        let there = Error::from(report);
        assert_eq!((there.kind(), there.to_string()), (here.kind(), here.to_string()));
        for lang in [Lang::Ja, Lang::En] {
            assert_eq!((there.explain(lang), there.hint(lang)), (here.explain(lang), here.hint(lang)));
        }
    }
}

#[test]
fn a_greeting_of_another_kind_is_told_from_one_of_another_version() {
    assert!(greet(&mut &*greeting()).is_ok());
    assert!(matches!(greet(&mut &b"running 1 test\n"[..]), Err(WireError::Foreign)));
    let mut newer = greeting();
    newer[8] = 9;
    assert!(matches!(greet(&mut &*newer), Err(WireError::Version { theirs: 9 })));
    assert!(matches!(greet(&mut &MAGIC[..]), Err(WireError::Cut)));
    assert!(matches!(greet(&mut &[][..]), Err(WireError::Cut)));
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_anything_is_read() {
    for lengths in [[MAX_MESSAGE as u32 + 1, 0], [2, MAX_WINDOW_SAMPLES as u32 + 1], [u32::MAX; 2]] {
        let bytes: Vec<u8> = lengths.iter().flat_map(|n| n.to_le_bytes()).chain([b' '; 64]).collect();
        let mut input = &*bytes;
        assert!(matches!(read::<Request>(&mut input), Err(WireError::TooLong { .. })));
        assert_eq!(input.len(), 64);
    }
    assert!(matches!(frame(&"x".repeat(MAX_MESSAGE), &[]), Err(WireError::TooLong { .. })));
    assert!(matches!(frame(&(), &vec![0.0; MAX_WINDOW_SAMPLES + 1]), Err(WireError::TooLong { .. })));
}

#[test]
fn a_frame_cut_anywhere_is_an_error() {
    let whole = frame(&add(), &window().samples).unwrap();
    assert!(read::<Request>(&mut &[][..]).unwrap().is_none());
    for length in 1..whole.len() {
        assert!(matches!(read::<Request>(&mut &whole[..length]), Err(WireError::Cut)), "{length}");
    }
}

#[test]
fn an_error_quotes_no_words() {
    let whole = frame(&Answer { id: 1, what: What::Progress }, &[]).unwrap();
    let words = String::from_utf8(whole).unwrap().replace("Progress", "家庭訪問");
    let error = read::<Answer>(&mut words.as_bytes()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("家庭"), "{error:?}");
}

#[test]
fn pieces_out_of_order_are_refused() {
    for pieces in [
        vec![(0, 0, 0)],
        vec![(0, 10, 5), (4, 20, 5)],
        vec![(0, 10, 5), (5, 14, 5)],
        vec![(u64::MAX, 0, 1)],
        vec![(0, u64::MAX, 1)],
    ] {
        let cut = Cut { index: 0, file: 0, pieces };
        assert!(cut.window(Vec::new()).is_err(), "{cut:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = greet(&mut &*bytes);
        let _ = read::<Request>(&mut &*bytes);
        let _ = read::<Answer>(&mut &*bytes);
    }

    #[test]
    fn a_changed_byte_is_a_message_or_an_error(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = frame(&add(), &window().samples).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(Some((Request::Add { window, .. }, samples))) = read(&mut &*bytes) {
            let _ = window.window(samples);
        }
    }

    #[test]
    fn frames_follow_each_other(ids in prop::collection::vec(any::<u64>(), 0..6), samples in prop::collection::vec(any::<f32>(), 0..50)) {
        let frames: Vec<u8> = ids.iter().flat_map(|&id| frame(&Request::Cancel { id }, &samples).unwrap()).collect();
        let mut input = &*frames;
        for id in ids {
            let (request, there) = read::<Request>(&mut input).unwrap().unwrap();
            prop_assert_eq!(request, Request::Cancel { id });
            prop_assert!(there.iter().map(|s| s.to_bits()).eq(samples.iter().map(|s| s.to_bits())));
        }
        prop_assert!(read::<Request>(&mut input).unwrap().is_none());
    }
}
