//! Sound to a transcript while it is being spoken.
//!
//! ```text
//! blocks ─▶ VAD ─▶ packer ─┬─ a window is done ─▶ all ways of the tier ──▶ segments that stay
//!                          └─ what is open ─────▶ one quick decoding ────▶ words so far: stable, tentative
//! ```
//!
//! Windows are those of [`PackConfig::live`](audio::PackConfig::live), which end at pauses, and are decoded as a recording's
//! are, so the final text is as good as that of the same windows of a file.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use asr::{Control, Engine};
use audio::vad::{self, Vad};
use audio::{PackConfig, PackedWindow, Packer};
use record::{SAMPLE_RATE, Segment, Transcript};

use crate::attempts::{Crashes, Decoder, Work};
use crate::error::Cause;
use crate::options::TranscribeOptions;
use crate::segments::segments;
use crate::tier::FITTED;
use crate::{Error, ErrorKind, Tier, cores};

/// How often a waiting loop looks at its cancel flag.
const POLL: Duration = Duration::from_millis(50);
/// So much new sound makes another quick decoding worth it.
const STEP: usize = SAMPLE_RATE as usize * 2 / 5;

/// What happens while somebody speaks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LiveEvent<'a> {
    /// Words of the window that is being spoken, which may still change.
    Partial {
        /// The words so far, in the sound's time.
        segments: &'a [Segment],
        /// Characters from the start of which two decodings in a row agreed; they are not taken back while the window is
        /// open.
        stable: usize,
    },
    /// A window is done: these segments stay. They replace all partial words.
    Final {
        /// The segments.
        segments: &'a [Segment],
        /// Milliseconds of sound before which nothing is open.
        until_ms: u64,
    },
}

/// What was heard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveTranscription {
    /// The final segments of all windows; when cancelled, of those that were done until then.
    pub transcript: Transcript,
    /// What the final decodings took.
    pub work: Work,
    /// Decodings of open windows.
    pub partials: usize,
    /// Length of the sound in milliseconds.
    pub duration_ms: u64,
}

impl TranscribeOptions {
    /// For live sound: windows that end at pauses, one session, so that a window is done as soon as it can be.
    #[must_use]
    pub fn live(tier: Tier) -> Self {
        let mut options = Self::new(tier);
        options.pack = PackConfig::live();
        (options.sessions, options.decode.threads) = (1, cores::all());
        options
    }
}

/// Transcribes blocks of sound (mono, 16 kHz) until their sender is gone, then what is still open.
///
/// `on_event` is called on the calling thread, which also decodes: the channel should hold the sound of some seconds. Memory
/// holds one window and the text.
///
/// # Errors
/// As [`transcribe`](crate::transcribe). Of what was heard before an error the caller has the events alone.
pub fn transcribe_live(
    blocks: &Receiver<Vec<f32>>,
    engine: &dyn Engine,
    options: &TranscribeOptions,
    control: &Control,
    on_event: &mut dyn FnMut(LiveEvent<'_>),
) -> Result<LiveTranscription, Error> {
    let crashes = Crashes::new(&[]);
    let mut live = Live::new(engine, options, &crashes)?;
    let outcome = live.run(blocks, control, on_event);
    match outcome {
        Err(error) if error.kind() == ErrorKind::Cancelled => {}
        outcome => outcome?,
    }
    Ok(live.done)
}

struct Live<'e> {
    options: &'e TranscribeOptions,
    decoder: Decoder<'e>,
    vad: Box<dyn Vad>,
    packer: Packer,
    samples: u64,
    /// Samples of the open window at its last quick decoding.
    shown: usize,
    agreement: Agreement,
    done: LiveTranscription,
}

impl<'e> Live<'e> {
    fn new(
        engine: &'e dyn Engine,
        options: &'e TranscribeOptions,
        crashes: &'e Crashes<'e>,
    ) -> Result<Self, Error> {
        let failed = |source| Error::from(Cause::Audio { source });
        let vad = vad::by_name(&options.vad).map_err(failed)?;
        let packer = Packer::new(options.pack, vad.frame_len(), 0).map_err(failed)?;
        Ok(Self {
            options,
            decoder: Decoder::new(engine, options, crashes),
            vad,
            packer,
            samples: 0,
            shown: 0,
            agreement: Agreement::default(),
            done: LiveTranscription::default(),
        })
    }

    fn run(
        &mut self,
        blocks: &Receiver<Vec<f32>>,
        control: &Control,
        on_event: &mut dyn FnMut(LiveEvent<'_>),
    ) -> Result<(), Error> {
        let mut probabilities = Vec::new();
        loop {
            control.check().map_err(|source| Cause::Engine { source })?;
            let first = match blocks.recv_timeout(POLL) {
                Ok(block) => block,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            // All that came during the last decoding is looked at before the next.
            for block in std::iter::once(first).chain(blocks.try_iter()) {
                self.samples += block.len() as u64;
                self.vad.push(&block, &mut probabilities);
                self.packer.push(&block, &probabilities);
                probabilities.clear();
            }
            if !self.finish_windows(control, on_event)? {
                self.show(control, on_event)?;
            }
        }
        self.packer.finish();
        self.finish_windows(control, on_event)?;
        Ok(())
    }

    /// Decodes the windows that are done; whether there was one.
    fn finish_windows(
        &mut self,
        control: &Control,
        on_event: &mut dyn FnMut(LiveEvent<'_>),
    ) -> Result<bool, Error> {
        self.done.duration_ms = self.samples * 1_000 / u64::from(SAMPLE_RATE);
        let mut any = false;
        while let Some(packed) = self.packer.pop() {
            any = true;
            (self.shown, self.agreement) = (0, Agreement::default());
            let until_ms = packed.window.map.to_file_ms(packed.window.duration_ms());
            let mut found = None;
            self.decoder.decode(&[packed], control, &mut |_, decoded| found = Some(decoded))?;
            if let Some(decoded) = found {
                on_event(LiveEvent::Final { segments: &decoded.segments, until_ms });
                self.done.transcript.segments.extend(decoded.segments);
                self.done.work += decoded.work;
            }
        }
        Ok(any)
    }

    /// Decodes what is open, where enough is new.
    fn show(&mut self, control: &Control, on_event: &mut dyn FnMut(LiveEvent<'_>)) -> Result<(), Error> {
        let Some(open) = self.packer.peek() else { return Ok(()) };
        let samples = open.window.samples.len();
        if samples < self.shown + STEP {
            return Ok(());
        }
        self.shown = samples;
        self.done.partials += 1;
        let heard = self.quick(&open, control)?;
        let words: String = heard.iter().filter(|s| s.is_mapped()).map(|s| s.text.as_str()).collect();
        let stable = self.agreement.next(&words);
        on_event(LiveEvent::Partial { segments: &heard, stable });
        Ok(())
    }

    fn quick(&mut self, open: &PackedWindow, control: &Control) -> Result<Vec<Segment>, Error> {
        let options = FITTED.options(&self.options.decode, open.window.samples.len());
        let heard = self.decoder.once(&open.window, &options, None, control)?.unwrap_or_default();
        Ok(segments(open, &heard, &self.options.guard).segments)
    }
}

/// What two decodings in a row agree on (local agreement: Macháček et al., "Turning Whisper into Real-Time Transcription
/// System", 2023), in characters from the start of the window.
#[derive(Debug, Default)]
struct Agreement {
    last: Vec<char>,
    stable: usize,
}

impl Agreement {
    /// Takes the next decoding's words; how many of their characters are stable.
    fn next(&mut self, words: &str) -> usize {
        let words: Vec<char> = words.chars().collect();
        let agreed = self.last.iter().zip(&words).take_while(|(a, b)| a == b).count();
        self.stable = self.stable.max(agreed);
        self.last = words;
        self.stable.min(self.last.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_stable_once_two_decodings_agree() {
        let mut agreement = Agreement::default();
        assert_eq!(agreement.next("本児は"), 0);
        assert_eq!(agreement.next("本児は学校を"), 3);
        assert_eq!(agreement.next("本児は学校に行った"), 5);
        // What was stable stays so, even where a decoding differs.
        assert_eq!(agreement.next("本人は学校に行った"), 5);
        assert_eq!(agreement.next(""), 0);
    }
}
