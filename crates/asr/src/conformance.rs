//! What every engine must do, as one function.
//!
//! An engine's tests open it and hand it over, with a window of speech that it is known to understand and a window of
//! silence. The check takes about ten decodings of the speech window.

use std::fmt;
use std::sync::PoisonError;
use std::thread;
use std::time::{Duration, Instant};

use record::{TimeMap, Window};

use crate::{
    Control, DecodeOptions, Engine, ErrorKind, Hypothesis, MAX_WINDOW_SAMPLES, Request, Result, Session,
};

/// How long a cancelled decoding may take to return.
const CANCEL_LIMIT: Duration = Duration::from_secs(1);

/// A duty that an engine does not fulfil. It never holds transcribed words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The duty, as a sentence.
    pub duty: &'static str,
    /// What was seen instead.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.duty, self.seen)
    }
}

impl std::error::Error for Violation {}

/// Checks an engine against the duties of [`Engine`] and [`Session`].
///
/// `speech` holds words that the engine finds, `silence` none; both are at most 30 s long.
///
/// # Errors
/// The first duty that is not fulfilled.
pub fn run(engine: &dyn Engine, speech: &Window, silence: &Window) -> std::result::Result<(), Violation> {
    let options = DecodeOptions::default();
    require(engine.preferred_batch() > 0, "a batch has at least one window", || "0".into())?;
    let mut session = open(engine)?;
    let reference = decode(&mut *session, speech, &options)?;
    require(!reference.segments.is_empty(), "words are found in speech", || "no segment".into())?;
    check_shape(&reference, speech)?;

    let silent = decode(&mut *session, silence, &options)?;
    check_shape(&silent, silence)?;
    check_odd_windows(&mut *session, speech, &options)?;
    check_repeatable(&mut *session, speech, &options, &reference)?;
    check_batch(&mut *session, speech, silence, &options, (&reference, &silent))?;
    check_cancelled_before(&mut *session, speech, &options)?;
    check_cancelled_amid(session, speech, &options, &reference)?;
    check_two_sessions(engine, speech, &options, &reference)
}

fn require(
    holds: bool,
    duty: &'static str,
    seen: impl FnOnce() -> String,
) -> std::result::Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation { duty, seen: seen() }) }
}

fn open(engine: &dyn Engine) -> std::result::Result<Box<dyn Session>, Violation> {
    engine.session().map_err(|error| Violation { duty: "a session can be opened", seen: error.to_string() })
}

fn decode(
    session: &mut dyn Session,
    window: &Window,
    options: &DecodeOptions,
) -> std::result::Result<Hypothesis, Violation> {
    session
        .decode(window, options, &Control::new())
        .map_err(|error| Violation { duty: "a valid window can be decoded", seen: error.to_string() })
}

/// Token texts, times and probabilities of one result.
fn check_shape(hypothesis: &Hypothesis, window: &Window) -> std::result::Result<(), Violation> {
    let limit = window.duration_ms();
    let mut last = 0;
    for (index, segment) in hypothesis.segments.iter().enumerate() {
        let at = |what: &str| format!("{what} in segment {index}");
        require(!segment.tokens.is_empty(), "a segment has a token", || at("none"))?;
        let first_starts = segment.tokens.first().map(|token| token.start_ms);
        let last_ends = segment.tokens.last().map(|token| token.end_ms);
        require(
            first_starts == Some(segment.start_ms) && last_ends == Some(segment.end_ms),
            "a segment reaches from its first token to its last",
            || at("other times"),
        )?;
        for token in &segment.tokens {
            require(!token.text.is_empty(), "a token has text", || at("an empty token"))?;
            require(!token.text.contains("<|"), "special tokens are left out", || at("a special token"))?;
            require(last <= token.start_ms && token.start_ms <= token.end_ms, "times rise", || {
                at(&format!("{}..{} ms after {last} ms", token.start_ms, token.end_ms))
            })?;
            require(token.end_ms <= limit, "times stay in the window", || {
                at(&format!("{} ms of {limit} ms", token.end_ms))
            })?;
            require(
                token.logprob.is_finite() && token.logprob <= 0.0,
                "a log-probability is at most 0",
                || at(&token.logprob.to_string()),
            )?;
            last = token.end_ms;
        }
        let spaced = segment.tokens.first().is_some_and(|token| token.text.starts_with(char::is_whitespace));
        require(!spaced, "a segment does not start with a space", || at("a space"))?;
        require(
            segment.avg_logprob.is_finite() && segment.avg_logprob <= 0.0,
            "the average log-probability is at most 0",
            || at(&segment.avg_logprob.to_string()),
        )?;
        require(
            (0.0..=1.0).contains(&segment.no_speech_prob),
            "the no-speech probability is in 0..=1",
            || at(&segment.no_speech_prob.to_string()),
        )?;
    }
    let joined: String = hypothesis.segments.iter().map(crate::HypothesisSegment::text).collect();
    require(joined == hypothesis.text(), "the tokens joined are the text", || "other characters".into())
}

/// Windows without samples, with one, too long, and with samples that are not numbers.
fn check_odd_windows(
    session: &mut dyn Session,
    speech: &Window,
    options: &DecodeOptions,
) -> std::result::Result<(), Violation> {
    let cut = |samples: Vec<f32>| {
        let map = if samples.is_empty() {
            TimeMap::default()
        } else {
            TimeMap::contiguous(0, samples.len() as u64)
        };
        Window { index: 0, file: speech.file, samples, map }
    };
    let empty = decode(session, &cut(Vec::new()), options)?;
    require(empty.segments.is_empty(), "an empty window gives nothing", || {
        format!("{} segments", empty.segments.len())
    })?;
    let one = cut(vec![0.0]);
    check_shape(&decode(session, &one, options)?, &one)?;
    for (duty, samples) in [
        ("a window of more than 30 s is refused", vec![0.0; MAX_WINDOW_SAMPLES + 1]),
        ("a sample that is not a number is refused", vec![0.0, f32::NAN, 0.0]),
        ("an infinite sample is refused", vec![0.0, f32::INFINITY, 0.0]),
    ] {
        let kind =
            session.decode(&cut(samples), options, &Control::new()).map_err(|error| error.kind()).err();
        require(kind == Some(ErrorKind::Window), duty, || format!("{kind:?}"))?;
    }
    Ok(())
}

fn check_repeatable(
    session: &mut dyn Session,
    speech: &Window,
    options: &DecodeOptions,
    reference: &Hypothesis,
) -> std::result::Result<(), Violation> {
    let again = decode(session, speech, options)?;
    require(again == *reference, "the same window gives the same result, whatever came before", || {
        "another result".into()
    })
}

fn check_batch(
    session: &mut dyn Session,
    speech: &Window,
    silence: &Window,
    options: &DecodeOptions,
    expected: (&Hypothesis, &Hypothesis),
) -> std::result::Result<(), Violation> {
    let requests = [speech, silence].map(|window| Request { window, options });
    let (mut results, mut deliveries) = ([None, None], 0);
    session.decode_batch(&requests, &Control::new(), &mut |place, result| {
        deliveries += 1;
        results[place] = Some(result);
    });
    require(deliveries == 2, "each window of a batch is delivered once", || deliveries.to_string())?;
    let hypotheses = results.into_iter().flatten().collect::<Result<Vec<_>>>();
    let same = hypotheses.is_ok_and(|found| found.iter().eq([expected.0, expected.1]));
    require(same, "a batch gives each window's own result, in order", || "other results".into())
}

fn check_cancelled_before(
    session: &mut dyn Session,
    speech: &Window,
    options: &DecodeOptions,
) -> std::result::Result<(), Violation> {
    let control = Control::new();
    control.cancel();
    let start = Instant::now();
    let kind = session.decode(speech, options, &control).map_err(|error| error.kind()).err();
    require(kind == Some(ErrorKind::Cancelled), "a cancelled control decodes nothing", || {
        format!("{kind:?}")
    })?;
    require(start.elapsed() < CANCEL_LIMIT, "cancelling takes less than a second", || {
        format!("{:?}", start.elapsed())
    })
}

/// Cancels at several moments of a decoding. A decoding that was quicker than the cancellation may return its result.
fn check_cancelled_amid(
    mut session: Box<dyn Session>,
    speech: &Window,
    options: &DecodeOptions,
    reference: &Hypothesis,
) -> std::result::Result<(), Violation> {
    for delay in [5, 60, 250].map(Duration::from_millis) {
        let control = Control::new();
        let (outcome, late) = thread::scope(|scope| {
            let helper = scope.spawn(|| {
                thread::sleep(delay);
                control.cancel();
                Instant::now()
            });
            let outcome = session.decode(speech, options, &control);
            let returned = Instant::now();
            let cancelled = helper.join().unwrap_or(returned);
            (outcome, returned.saturating_duration_since(cancelled))
        });
        require(late < CANCEL_LIMIT, "cancelling takes less than a second", || {
            format!("{late:?} after {delay:?}")
        })?;
        match outcome {
            Ok(found) => require(found == *reference, "a decoding that was not stopped is whole", || {
                "another result".into()
            })?,
            Err(error) => require(
                error.kind() == ErrorKind::Cancelled,
                "a decoding that was stopped says that it was cancelled",
                || error.to_string(),
            )?,
        }
    }
    let again = decode(&mut *session, speech, options)?;
    require(again == *reference, "a session can be used after a cancellation", || "another result".into())
}

fn check_two_sessions(
    engine: &dyn Engine,
    speech: &Window,
    options: &DecodeOptions,
    reference: &Hypothesis,
) -> std::result::Result<(), Violation> {
    let found = std::sync::Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let result = open(engine).and_then(|mut session| decode(&mut *session, speech, options));
                found.lock().unwrap_or_else(PoisonError::into_inner).push(result);
            });
        }
    });
    for result in found.into_inner().unwrap_or_else(PoisonError::into_inner) {
        require(result? == *reference, "two sessions at once give the same result", || {
            "another result".into()
        })?;
    }
    Ok(())
}
