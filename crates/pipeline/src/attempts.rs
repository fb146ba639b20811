//! Decoding one window, and decoding it again where the result cannot be right.

use asr::{Control, DecodeOptions, Engine, Search, Session};
use audio::PackedWindow;
use record::{Flag, Segment};

use crate::transcribe::{TranscribeOptions, segments};

/// Sequences that a repeated decoding compares.
const WIDTH: usize = 5;
/// Temperatures of the repeated decodings, after a beam search: every other one of Whisper's reference list, as each
/// costs a whole decoding.
const TEMPERATURES: [f32; 2] = [0.4, 0.8];

/// A session that is opened when the first window comes, and again when it was lost.
pub(crate) struct Decoder<'e> {
    engine: &'e dyn Engine,
    session: Option<Box<dyn Session>>,
}

impl<'e> Decoder<'e> {
    pub(crate) fn new(engine: &'e dyn Engine) -> Self {
        Self { engine, session: None }
    }

    /// Decodes a window. A result that loops, or that the model itself gives little probability, is decoded again, by beam
    /// search where that was not the first way, and then at rising temperatures; the best of all is returned, with the
    /// flags it still has.
    pub(crate) fn decode(
        &mut self,
        packed: &PackedWindow,
        options: &TranscribeOptions,
        control: &Control,
    ) -> asr::Result<Vec<Segment>> {
        let mut best = self.once(packed, options, &options.decode, control)?;
        for retry in retries(&options.decode) {
            if !is_doubtful(&best) {
                break;
            }
            let again = self.once(packed, options, &retry, control)?;
            if rank(&again) > rank(&best) {
                best = again;
            }
        }
        Ok(best)
    }

    fn once(
        &mut self,
        packed: &PackedWindow,
        options: &TranscribeOptions,
        decode: &DecodeOptions,
        control: &Control,
    ) -> asr::Result<Vec<Segment>> {
        let hypothesis = match self.open()?.decode(&packed.window, decode, control) {
            Err(error) if error.kind() == asr::ErrorKind::SessionLost => {
                self.session = None;
                self.open()?.decode(&packed.window, decode, control)?
            }
            result => result?,
        };
        Ok(segments(packed, &hypothesis, &options.guard))
    }

    fn open(&mut self) -> asr::Result<&mut Box<dyn Session>> {
        match &mut self.session {
            Some(session) => Ok(session),
            empty => Ok(empty.insert(self.engine.session()?)),
        }
    }
}

fn retries(first: &DecodeOptions) -> impl Iterator<Item = DecodeOptions> {
    let beam = DecodeOptions { search: Search::Beam { size: WIDTH }, ..first.clone() };
    let sampled = TEMPERATURES.map(|temperature| DecodeOptions {
        search: Search::Greedy { best_of: WIDTH },
        temperatures: vec![temperature],
        ..first.clone()
    });
    let searched = matches!(first.search, Search::Beam { .. });
    (!searched).then_some(beam).into_iter().chain(sampled)
}

/// Whether another decoding could help: invented text over noise stays invented, however often it is decoded.
fn is_doubtful(segments: &[Segment]) -> bool {
    segments.iter().any(|segment| {
        segment.flags.contains(&Flag::Repetition)
            || (segment.flags.contains(&Flag::LowConfidence)
                && !segment.flags.contains(&Flag::PossibleHallucination))
    })
}

/// Orders results: no loop, no doubt, then the mean log-probability of a token.
fn rank(segments: &[Segment]) -> (bool, bool, f32) {
    let loops = segments.iter().any(|segment| segment.flags.contains(&Flag::Repetition));
    let tokens: usize = segments.iter().map(|segment| segment.tokens.len()).sum();
    let sum: f32 = segments.iter().map(|s| s.avg_logprob.unwrap_or_default() * s.tokens.len() as f32).sum();
    (!loops, !is_doubtful(segments), sum / tokens.max(1) as f32)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use asr::{Hypothesis, HypothesisSegment};
    use record::{EngineInfo, TimeMap, Token, Window};

    use super::*;

    /// An engine that loops until it is asked at a high enough temperature.
    struct Looping {
        info: EngineInfo,
        clear_at: f32,
        asked: std::sync::Arc<Mutex<Vec<(Search, f32)>>>,
    }

    struct LoopingSession {
        clear_at: f32,
        asked: std::sync::Arc<Mutex<Vec<(Search, f32)>>>,
    }

    impl Engine for Looping {
        fn info(&self) -> &EngineInfo {
            &self.info
        }

        fn session(&self) -> asr::Result<Box<dyn Session>> {
            Ok(Box::new(LoopingSession { clear_at: self.clear_at, asked: self.asked.clone() }))
        }
    }

    impl Session for LoopingSession {
        fn decode(&mut self, _: &Window, options: &DecodeOptions, _: &Control) -> asr::Result<Hypothesis> {
            let temperature = options.temperatures[0];
            self.asked.lock().unwrap().push((options.search, temperature));
            let clear = temperature >= self.clear_at;
            let text = if clear { "家庭訪問を実施" } else { "主人公自身を限定する形、" };
            let tokens: Vec<Token> = (0..if clear { 1 } else { 12 })
                .map(|i| Token {
                    text: text.into(),
                    start_ms: i * 1_000,
                    end_ms: (i + 1) * 1_000,
                    logprob: if clear { -0.5 } else { -0.1 },
                })
                .collect();
            let segment = HypothesisSegment {
                start_ms: 0,
                end_ms: 1_000 * tokens.len() as u64,
                avg_logprob: tokens[0].logprob,
                no_speech_prob: 0.0,
                tokens,
            };
            Ok(Hypothesis { segments: vec![segment], temperature })
        }
    }

    fn decode(clear_at: f32) -> (Vec<Segment>, Vec<(Search, f32)>) {
        let samples = vec![0.1; 14 * 16_000];
        let packed = PackedWindow {
            speech: std::iter::once(0..samples.len()).collect(),
            rms: 0.1,
            peak: 0.1,
            window: Window { index: 0, file: 0, map: TimeMap::contiguous(0, samples.len() as u64), samples },
        };
        let asked = std::sync::Arc::default();
        let engine = Looping { info: EngineInfo::default(), clear_at, asked };
        let segments =
            Decoder::new(&engine).decode(&packed, &TranscribeOptions::default(), &Control::new()).unwrap();
        let asked = engine.asked.lock().unwrap().clone();
        (segments, asked)
    }

    #[test]
    fn a_good_result_is_decoded_once() {
        let (segments, asked) = decode(0.0);
        assert_eq!(segments[0].text, "家庭訪問を実施");
        assert_eq!(asked.len(), 1);
    }

    #[test]
    fn a_loop_is_decoded_by_beam_search_and_then_at_rising_temperatures() {
        let (segments, asked) = decode(0.4);
        assert_eq!(segments[0].text, "家庭訪問を実施");
        assert_eq!(
            asked,
            [
                (Search::Greedy { best_of: 1 }, 0.0),
                (Search::Beam { size: WIDTH }, 0.0),
                (Search::Greedy { best_of: WIDTH }, 0.4)
            ]
        );
    }

    #[test]
    fn a_loop_that_stays_is_marked() {
        let (segments, asked) = decode(1.0);
        assert!(segments[0].flags.contains(&Flag::Repetition));
        assert_eq!(asked.len(), 4);
    }
}
