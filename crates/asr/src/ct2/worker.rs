//! The thread that runs `CTranslate2` for one session.
//!
//! `CTranslate2` cannot be stopped in the middle of a pass, so the calling thread does not wait for it: a cancelled
//! session leaves the thread behind, which ends after the pass that it is in.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use ct2rs::sys::{Device, StorageView, Whisper, WhisperAlignmentResult, WhisperOptions};

use super::directory::Tokens;
use crate::error::Cause;
use crate::mel::Spectrogram;
use crate::{Control, Result};

/// How often a waiting caller looks at its cancel flag.
const POLL: Duration = Duration::from_millis(20);
/// How long a cancelled decoding may take to stop before its thread is left behind.
const GRACE: Duration = Duration::from_millis(400);
/// Width of the median filter over the attention, in encoder positions, as in the reference.
const MEDIAN_WIDTH: i64 = 7;
/// Milliseconds of an encoder position.
const POSITION_MS: u64 = 20;

/// Windows of one length that are decoded together.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// One for each window, all with the same number of frames, which is even.
    pub(super) spectrograms: Vec<Arc<Spectrogram>>,
    /// How many frames of each are the window and not the silence behind it, at least 2.
    pub(super) spoken: Vec<usize>,
    /// Numbers of the prompt's tokens; what precedes the start of the transcript is empty or the expected style.
    pub(super) prompt: Vec<usize>,
    /// Where in [`Batch::prompt`] the language stands, if it has to be found.
    pub(super) unknown_language: Option<usize>,
    /// How the tokens are chosen.
    pub(super) options: WhisperOptions,
    /// Whether tokens are aligned with the audio.
    pub(super) align: bool,
}

/// What was heard in one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Heard {
    /// Numbers of text tokens and timestamps.
    pub(super) numbers: Vec<usize>,
    /// Mean natural-log probability of a token.
    pub(super) mean_logprob: f32,
    /// Probability that the window holds no speech.
    pub(super) no_speech_prob: f32,
    /// Probability and end, in milliseconds of the window, of each text token; `None` where they were not aligned.
    pub(super) aligned: Option<Vec<(f32, u64)>>,
}

/// Windows for the thread.
struct Job {
    batch: Batch,
    control: Control,
}

/// What `CTranslate2` answered: a result for each window, or a reason.
type Answer = std::result::Result<Vec<Heard>, String>;

/// Whatever stopped a run.
type Failure = Box<dyn std::error::Error>;

/// How a decoding ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It ran to the end.
    Done(Vec<Heard>),
    /// It was cancelled; where the worker is lost, its thread still ends a pass.
    Cancelled { is_lost: bool },
    /// `CTranslate2` failed for this reason; the worker can take the next job.
    Failed(String),
    /// The thread is gone.
    Gone,
}

/// A thread that decodes.
pub(super) struct Worker {
    jobs: SyncSender<Job>,
    answers: Receiver<Answer>,
}

impl Worker {
    /// Starts the thread.
    pub(super) fn start(whisper: &Arc<Whisper>, tokens: &Arc<Tokens>) -> Result<Self> {
        let (jobs, inbox) = mpsc::sync_channel::<Job>(1);
        let (outbox, answers) = mpsc::sync_channel::<Answer>(1);
        let (whisper, tokens) = (Arc::clone(whisper), Arc::clone(tokens));
        thread::Builder::new()
            .name("ct2".into())
            .spawn(move || {
                while let Ok(Job { batch, control }) = inbox.recv() {
                    let answer = run(&whisper, &tokens, &batch, &control);
                    // The text of these errors is CTranslate2's own: shapes, sizes, missing parts of the model.
                    if outbox.send(answer.map_err(|error| error.to_string())).is_err() {
                        return;
                    }
                }
            })
            .map_err(|source| Cause::Spawn { source })?;
        Ok(Self { jobs, answers })
    }

    /// Decodes a batch; returns within half a second of a cancellation.
    pub(super) fn decode(&self, batch: Batch, control: &Control) -> Outcome {
        if self.jobs.send(Job { batch, control: control.clone() }).is_err() {
            return Outcome::Gone;
        }
        let answer = loop {
            match self.answers.recv_timeout(POLL) {
                Ok(answer) => break answer,
                Err(RecvTimeoutError::Disconnected) => return Outcome::Gone,
                Err(RecvTimeoutError::Timeout) if control.is_cancelled() => {
                    match self.answers.recv_timeout(GRACE) {
                        Ok(answer) => break answer,
                        Err(_) => return Outcome::Cancelled { is_lost: true },
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        match answer {
            Ok(heard) => Outcome::Done(heard),
            Err(_) if control.is_cancelled() => Outcome::Cancelled { is_lost: false },
            Err(reason) => Outcome::Failed(reason),
        }
    }
}

/// Encodes, decodes and aligns, and looks at the cancel flag in between.
fn run(
    whisper: &Whisper,
    tokens: &Tokens,
    batch: &Batch,
    control: &Control,
) -> std::result::Result<Vec<Heard>, Failure> {
    let step = || {
        control.note_progress();
        control.check()
    };
    let windows = batch.spectrograms.len();
    let frames = batch.spectrograms.first().map_or(0, |spectrogram| spectrogram.frames);
    let mut features: Vec<f32> =
        batch.spectrograms.iter().flat_map(|spectrogram| &spectrogram.values).copied().collect();
    step()?;
    let shape = [windows, whisper.n_mels(), frames];
    let encoded = whisper.encode(&StorageView::new(&shape, &mut features, Device::CPU)?, false)?;
    drop(features);
    step()?;

    let mut prompts = vec![batch.prompt.clone(); windows];
    if let Some(at) = batch.unknown_language {
        for (prompt, languages) in prompts.iter_mut().zip(whisper.detect_language(&encoded)?) {
            let best = languages.first().and_then(|best| tokens.number(&best.language));
            prompt[at] = best.ok_or("no language was found")?;
        }
        step()?;
    }
    let names: Vec<Vec<&str>> =
        prompts.iter().map(|prompt| prompt.iter().map(|number| tokens.name(*number)).collect()).collect();
    let generated = whisper.generate(&encoded, &names, &batch.options)?;
    step()?;
    let mut heard: Vec<Heard> = generated
        .into_iter()
        .map(|result| Heard {
            numbers: result.sequences_ids.into_iter().next().unwrap_or_default(),
            mean_logprob: result.scores.first().copied().unwrap_or_default(),
            no_speech_prob: result.no_speech_prob,
            aligned: None,
        })
        .collect();
    if heard.len() != windows {
        return Err("another number of results than of windows".into());
    }
    if batch.align {
        align(whisper, tokens, batch, &prompts, &encoded, &mut heard)?;
        step()?;
    }
    Ok(heard)
}

/// Finds when each text token ends, by all windows' attention in one pass of the decoder.
fn align(
    whisper: &Whisper,
    tokens: &Tokens,
    batch: &Batch,
    prompts: &[Vec<usize>],
    encoded: &StorageView<'_>,
    heard: &mut [Heard],
) -> std::result::Result<(), Failure> {
    let texts: Vec<Vec<usize>> = heard
        .iter()
        .map(|window| window.numbers.iter().copied().filter(|n| tokens.text(*n).is_some()).collect())
        .collect();
    if texts.iter().all(Vec::is_empty) {
        return Ok(());
    }
    let start = prompts[0].iter().position(|number| *number == tokens.start_of_transcript).unwrap_or(0);
    // Without <|notimestamps|>, which CTranslate2 adds.
    let start_sequence: Vec<usize> =
        prompts[0][start..].iter().copied().filter(|number| *number != tokens.no_timestamps).collect();
    let alignments = whisper.align(encoded, &start_sequence, &texts, &batch.spoken, MEDIAN_WIDTH)?;
    for ((window, text), alignment) in heard.iter_mut().zip(&texts).zip(alignments) {
        window.aligned = ends(&alignment, text.len());
    }
    Ok(())
}

/// Probability and end of each token. Row `i` of the alignment is what was heard before token `i` was written, so the
/// token ends where row `i + 1` begins. `None` where a token has no row.
fn ends(alignment: &WhisperAlignmentResult, tokens: usize) -> Option<Vec<(f32, u64)>> {
    let mut begins: Vec<Option<u64>> = vec![None; tokens + 1];
    for pair in &alignment.alignments {
        if let Some(begin) = usize::try_from(pair.token_x).ok().and_then(|row| begins.get_mut(row)) {
            begin.get_or_insert(pair.frame_x.max(0) as u64 * POSITION_MS);
        }
    }
    if alignment.text_token_probs.len() != tokens {
        return None;
    }
    let ends: Option<Vec<u64>> = begins.into_iter().skip(1).collect();
    Some(alignment.text_token_probs.iter().copied().zip(ends?).collect())
}

#[cfg(test)]
mod tests {
    use ct2rs::sys::WhisperTokenAlignment;

    use super::*;

    fn alignment(pairs: &[(i64, i64)], probabilities: &[f32]) -> WhisperAlignmentResult {
        WhisperAlignmentResult {
            alignments: pairs
                .iter()
                .map(|&(token_x, frame_x)| WhisperTokenAlignment { token_x, frame_x })
                .collect(),
            text_token_probs: probabilities.to_vec(),
        }
    }

    #[test]
    fn a_token_ends_where_the_next_row_begins() {
        let found = alignment(&[(0, 0), (0, 1), (0, 2), (1, 3), (1, 4), (2, 5)], &[0.5, 0.25]);
        assert_eq!(ends(&found, 2), Some(vec![(0.5, 60), (0.25, 100)]));
    }

    #[test]
    fn an_alignment_with_a_row_missing_is_none() {
        assert_eq!(ends(&alignment(&[(0, 0), (1, 3)], &[0.5, 0.5]), 2), None);
        assert_eq!(ends(&alignment(&[], &[]), 1), None);
    }
}
