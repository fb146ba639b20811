//! An engine that plays what somebody wrote down.
//!
//! The fixture is a JSON object; a transcript written by kikitori is one, and so is the least that is needed:
//!
//! ```json
//! { "segments": [ { "start_ms": 300, "end_ms": 2100, "text": "家庭訪問。" } ] }
//! ```
//!
//! Times are the recording's, so that one fixture can be played whatever the packer does: a window gets the tokens
//! whose middle lies in one of its pieces. Unknown members are ignored.
//!
//! | member | meaning |
//! |---|---|
//! | `segments[].file` | index of the recording; 0 where absent |
//! | `segments[].start_ms`, `end_ms` | times in the recording, in milliseconds |
//! | `segments[].raw`, or else `text` | the words |
//! | `segments[].tokens` | pieces of the words with times of their own, as in a transcript; where absent, each character is one, at equal intervals |
//! | `segments[].avg_logprob`, `no_speech_prob` | −0.1 and 0 where absent |
//! | `segments[].aborts` | a window of this segment takes the process down, as a mistake in native code would; false where absent |
//! | `decode_ms` | how long decoding a window pretends to take; 0 where absent |
//! | `stuck_ms` | how long it first pretends to be stuck in native code, without progress and deaf to a cancellation; 0 where absent |

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use record::{EngineInfo, Piece, SAMPLE_RATE, Token, Window, samples_to_ms};
use serde::Deserialize;

use crate::engine::check_window;
use crate::error::Cause;
use crate::{Control, DecodeOptions, Engine, EngineConfig, Hypothesis, HypothesisSegment, Result, Session};

/// Registry name.
pub(crate) const NAME: &str = "replay";

/// How often the pretended decoding looks at its cancel flag.
const POLL: Duration = Duration::from_millis(10);

#[derive(Debug, Deserialize)]
struct Fixture {
    segments: Vec<FixtureSegment>,
    #[serde(default)]
    decode_ms: u64,
    #[serde(default)]
    stuck_ms: u64,
}

#[derive(Debug, Deserialize)]
struct FixtureSegment {
    #[serde(default)]
    file: usize,
    start_ms: u64,
    end_ms: u64,
    raw: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    aborts: bool,
    #[serde(default)]
    tokens: Vec<Token>,
    avg_logprob: Option<f32>,
    no_speech_prob: Option<f32>,
}

impl FixtureSegment {
    /// The words with times of the recording.
    fn tokens(&self) -> Vec<Token> {
        if !self.tokens.is_empty() {
            return self.tokens.clone();
        }
        let words: Vec<char> = self.raw.as_deref().unwrap_or(&self.text).chars().collect();
        let (count, length) = (words.len() as u64, self.end_ms - self.start_ms);
        let logprob = self.avg_logprob.unwrap_or(-0.1);
        let at = |index: u64| self.start_ms + length * index / count;
        (0..count)
            .zip(words)
            .map(|(i, c)| Token { text: c.to_string(), start_ms: at(i), end_ms: at(i + 1), logprob })
            .collect()
    }
}

/// Plays a fixture.
#[derive(Debug)]
pub struct ReplayEngine {
    info: EngineInfo,
    fixture: Arc<Fixture>,
}

impl ReplayEngine {
    /// Reads the fixture at [`EngineConfig::model_path`].
    ///
    /// # Errors
    /// [`ErrorKind::Model`](crate::ErrorKind::Model) for a file that is missing or not a fixture.
    pub fn open(config: &EngineConfig) -> Result<Self> {
        let path = &config.model_path;
        let file = File::open(path).map_err(|source| Cause::OpenModel { path: path.clone(), source })?;
        let fixture: Fixture = serde_json::from_reader(BufReader::new(file))
            .map_err(|source| Cause::Fixture { path: path.clone(), source })?;
        let reversed = |segment: &FixtureSegment| {
            segment.end_ms < segment.start_ms
                || segment.tokens.iter().any(|token| token.end_ms < token.start_ms)
        };
        if let Some(index) = fixture.segments.iter().position(reversed) {
            return Err(Cause::FixtureTimes { path: path.clone(), index }.into());
        }
        Ok(Self { info: config.info(NAME), fixture: Arc::new(fixture) })
    }
}

impl Engine for ReplayEngine {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn session(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(ReplaySession { fixture: Arc::clone(&self.fixture) }))
    }
}

/// Stateless: the fixture and the window say everything.
struct ReplaySession {
    fixture: Arc<Fixture>,
}

impl Session for ReplaySession {
    fn decode(&mut self, window: &Window, _options: &DecodeOptions, control: &Control) -> Result<Hypothesis> {
        check_window(window)?;
        control.check()?;
        thread::sleep(Duration::from_millis(self.fixture.stuck_ms));
        let end = Instant::now() + Duration::from_millis(self.fixture.decode_ms);
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            thread::sleep(left.min(POLL));
            control.note_progress();
            control.check()?;
        }
        let mut segments = Vec::new();
        for segment in self.fixture.segments.iter().filter(|segment| segment.file == window.file) {
            let Some(heard) = hear(segment, window) else { continue };
            if segment.aborts {
                std::process::abort();
            }
            segments.push(heard);
        }
        Ok(Hypothesis { segments, temperature: 0.0 })
    }
}

/// The part of a segment that is in the window, in window time.
fn hear(segment: &FixtureSegment, window: &Window) -> Option<HypothesisSegment> {
    let limit_ms = window.duration_ms();
    let mut earliest = 0;
    let mut tokens = Vec::new();
    for token in segment.tokens() {
        let middle = ms_to_samples(token.start_ms.midpoint(token.end_ms));
        let Some(piece) = window.map.pieces().iter().find(|piece| contains(piece, middle)) else {
            continue;
        };
        let start_ms = to_window_ms(piece, token.start_ms).min(limit_ms).max(earliest);
        let end_ms = to_window_ms(piece, token.end_ms).min(limit_ms).max(start_ms);
        earliest = end_ms;
        tokens.push(Token { start_ms, end_ms, ..token });
    }
    Some(HypothesisSegment {
        start_ms: tokens.first()?.start_ms,
        end_ms: tokens.last()?.end_ms,
        tokens,
        avg_logprob: segment.avg_logprob.unwrap_or(-0.1),
        no_speech_prob: segment.no_speech_prob.unwrap_or(0.0),
    })
}

fn ms_to_samples(ms: u64) -> u64 {
    ms.saturating_mul(u64::from(SAMPLE_RATE)) / 1000
}

fn contains(piece: &Piece, file_sample: u64) -> bool {
    (piece.file_start..piece.file_start + piece.len).contains(&file_sample)
}

/// A moment of the recording in the window's time, clamped to the piece.
fn to_window_ms(piece: &Piece, file_ms: u64) -> u64 {
    let offset = ms_to_samples(file_ms).saturating_sub(piece.file_start).min(piece.len);
    samples_to_ms(piece.window_start + offset)
}

#[cfg(test)]
mod tests;
