//! Many windows at once: where one is done, the next one takes its place.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kernels::Threads;
use record::SAMPLE_RATE;

use super::Shared;
use super::decoder::{Decoder, Sound};
use super::encoder::Encoder;
use super::phrases::phrases;
use super::rules::Rules;
use super::search::{Pass, Plan, Sequence};
use crate::engine::{Hypothesis, Request, check_window};
use crate::error::Cause;
use crate::heard::{Attempt, Heard};
use crate::request::{self, MIN_SAMPLES, SAMPLES_PER_POSITION};
use crate::{Control, ErrorKind, Result, Search};

/// A rest of a window of fewer samples is not decoded by itself: the decoder has seen it in its first pass.
const MIN_REST: usize = SAMPLE_RATE as usize / 2;

/// Room for the work, kept from batch to batch.
#[derive(Default)]
pub(super) struct Batch {
    encoder: Encoder,
    decoder: Decoder,
    /// Sounds of windows that are done, for their memory; at most as many as are decoded at once.
    used: Vec<Sound>,
    stages: Stages,
}

/// What the stages of a batch took.
#[derive(Default)]
struct Stages {
    mel: Duration,
    encoder: Duration,
    /// Keys and values of what the encoder gave.
    sound: Duration,
    decoder: Duration,
    /// Rules, probabilities and the choice of tokens.
    choice: Duration,
    /// Alignment, times and words.
    words: Duration,
    steps: usize,
    rows: usize,
}

/// Runs `work` and adds what it took.
fn timed<R>(total: &mut Duration, work: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = work();
    *total += start.elapsed();
    result
}

/// A window on its way through its temperatures and passes.
struct Journey<'r> {
    request: Request<'r>,
    plan: Plan,
    /// Which of the temperatures is being tried.
    trial: usize,
    /// First sample of the pass that comes next.
    from: usize,
    heard: Heard,
    best: Option<Attempt>,
}

impl Batch {
    /// Decodes the windows and delivers each, by its place, when it is done.
    pub(super) fn run(
        &mut self,
        shared: &Shared,
        requests: &[Request<'_>],
        threads: &Threads,
        control: &Control,
        deliver: &mut (dyn FnMut(usize, Result<Hypothesis>) + Send),
    ) {
        self.stages = Stages::default();
        let mut waiting = VecDeque::new();
        for (place, request) in requests.iter().enumerate() {
            match begin(shared, *request) {
                Ok(Some(journey)) => waiting.push_back((place, journey)),
                Ok(None) => deliver(place, Ok(Hypothesis::default())),
                Err(error) => deliver(place, Err(error)),
            }
        }
        let mut left: Vec<bool> = vec![false; requests.len()];
        for (place, _) in &waiting {
            left[*place] = true;
        }
        let done = self.work(shared, waiting, threads, control, &mut |place, result| {
            left[place] = false;
            deliver(place, result);
        });
        if done.is_err() {
            // The only error of the work is a cancellation.
            for place in (0..left.len()).filter(|place| left[*place]) {
                deliver(place, Err(Cause::Cancelled.into()));
            }
        }
        let Stages { mel, encoder, sound, decoder, choice, words, steps, rows } = &self.stages;
        tracing::debug!(
            windows = requests.len(),
            threads = threads.count(),
            ?mel,
            ?encoder,
            ?sound,
            ?decoder,
            ?choice,
            ?words,
            steps,
            rows,
            "batch decoded"
        );
    }

    fn work(
        &mut self,
        shared: &Shared,
        mut waiting: VecDeque<(usize, Journey<'_>)>,
        threads: &Threads,
        control: &Control,
        deliver: &mut dyn FnMut(usize, Result<Hypothesis>),
    ) -> Result<()> {
        let mut active: Vec<(usize, Journey<'_>, Pass)> = Vec::new();
        loop {
            while let Some((_, journey)) = waiting.front()
                && (active.is_empty()
                    || active.iter().map(|(_, journey, _)| rows(journey)).sum::<usize>() + rows(journey)
                        <= shared.places)
                && let Some((place, journey)) = waiting.pop_front()
            {
                match self.pass(shared, &journey, threads, control) {
                    Ok(pass) => active.push((place, journey, pass)),
                    // The others go on.
                    Err(error) if error.kind() == ErrorKind::Memory => deliver(place, Err(error)),
                    Err(error) => return Err(error),
                }
            }
            if active.is_empty() {
                return Ok(());
            }
            control.check()?;
            control.note_progress();
            self.step(shared, &mut active, threads);
            let mut going_on = Vec::with_capacity(active.len());
            for (place, mut journey, pass) in active {
                if pass.rows() > 0 {
                    going_on.push((place, journey, pass));
                } else if self.finish(shared, &mut journey, pass) {
                    deliver(place, Ok(timed(&mut self.stages.words, || journey.hypothesis())));
                } else {
                    waiting.push_front((place, journey));
                }
            }
            active = going_on;
        }
    }

    /// Takes what a pass gave; false where the window needs another one.
    fn finish(&mut self, shared: &Shared, journey: &mut Journey<'_>, pass: Pass) -> bool {
        let (spoken, no_speech_prob) = (pass.spoken, pass.no_speech_prob.unwrap_or(0.0));
        let (sequence, sound) = pass.best();
        self.used.push(sound);
        let Some(sequence) = sequence else { return true };
        timed(&mut self.stages.words, || journey.finish(shared, &sequence, spoken, no_speech_prob))
    }

    /// Encodes the next part of a window.
    fn pass(
        &mut self,
        shared: &Shared,
        journey: &Journey<'_>,
        threads: &Threads,
        control: &Control,
    ) -> Result<Pass> {
        let Request { window, options } = journey.request;
        let samples = &window.samples[journey.from..];
        let positions = options.audio_ctx.unwrap_or(shared.weights.header.n_audio_ctx as usize);
        let Self { encoder, used, stages, .. } = self;
        let spectrogram = timed(&mut stages.mel, || shared.mel.compute(samples, 2 * positions));
        let encoded =
            timed(&mut stages.encoder, || encoder.encode(&shared.weights, &spectrogram, threads, control))?;
        let sound = timed(&mut stages.sound, || Sound::new(&shared.weights, encoded, threads, used.pop()))?;
        let spoken = samples.len().max(MIN_SAMPLES).div_ceil(SAMPLES_PER_POSITION).min(positions);
        Ok(Pass::new(&shared.weights, sound, spoken, journey.plan.clone()))
    }

    /// One token of every sequence.
    fn step(&mut self, shared: &Shared, active: &mut [(usize, Journey<'_>, Pass)], threads: &Threads) {
        let weights = &shared.weights;
        let counts: Vec<usize> = active.iter().map(|(_, _, pass)| pass.rows()).collect();
        let mut steps: Vec<_> = active.iter_mut().flat_map(|(_, _, pass)| pass.steps()).collect();
        let Self { decoder, stages, .. } = self;
        (stages.steps, stages.rows) = (stages.steps + 1, stages.rows + steps.len());
        let stepped =
            timed(&mut stages.decoder, || decoder.step(weights, &mut steps, &shared.aligned, threads));
        drop(steps);
        let (mut logits, mut alignment) = (stepped.logits, &stepped.alignment[..]);
        let mut work = Vec::with_capacity(active.len());
        for ((_, _, pass), rows) in active.iter_mut().zip(counts) {
            let (own, others) = logits.split_at_mut(rows * weights.tokens.columns());
            let (own_alignment, other_alignments) = alignment.split_at(rows);
            work.push((pass, own, own_alignment));
            (logits, alignment) = (others, other_alignments);
        }
        timed(&mut stages.choice, || {
            threads.pieces(&mut work, 1, |_, work| {
                let (pass, logits, alignment) = &mut work[0];
                pass.advance(logits, alignment);
            });
        });
    }
}

/// Checks a request; `None` where there is nothing to hear.
fn begin<'r>(shared: &Shared, request: Request<'r>) -> Result<Option<Journey<'r>>> {
    let Request { window, options } = request;
    let header = &shared.weights.header;
    check_window(window)?;
    request::check(window, options, header.n_audio_ctx as usize, header.n_text_ctx as usize)?;
    let is_multilingual = header.is_multilingual();
    let language = match &options.language {
        None => None,
        Some(code) => {
            let known = shared.tokens.language(code).filter(|_| is_multilingual || code == "en");
            Some(known.ok_or_else(|| Cause::Language { language: code.clone() })?)
        }
    };
    let plan = Plan {
        rules: Rules {
            tokens: Arc::clone(&shared.tokens),
            timestamps: options.timestamps,
            suppress_non_speech: options.suppress_non_speech,
            bias: shared.bias.tokens(options.bias.as_ref(), &shared.vocabulary)?,
            isa: shared.weights.isa,
        },
        search: options.search,
        temperature: options.temperatures[0],
        language,
        is_multilingual,
        prompt: request::prompt(options.prompt.as_deref(), &shared.vocabulary),
        max_tokens: options.max_tokens.unwrap_or(header.n_text_ctx as usize / 2 - 4),
        entropy: options.thresholds.entropy,
    };
    // Digital silence holds no words; the model would fill it with a loop.
    if window.samples.iter().all(|sample| *sample == 0.0) {
        return Ok(None);
    }
    Ok(Some(Journey { request, plan, trial: 0, from: 0, heard: Heard::default(), best: None }))
}

/// Sequences that a window may have at once.
fn rows(journey: &Journey<'_>) -> usize {
    match journey.plan.search {
        Search::Beam { size } => size,
        Search::Greedy { best_of } if journey.plan.temperature > 0.0 => best_of,
        Search::Greedy { .. } => 1,
    }
}

impl Journey<'_> {
    /// The best of all trials.
    fn hypothesis(&mut self) -> Hypothesis {
        let best = self.best.take().map(|best| best.into_hypothesis(self.request.window));
        best.unwrap_or_default()
    }

    /// Takes what a pass gave; false where another pass is needed.
    fn finish(&mut self, shared: &Shared, sequence: &Sequence, spoken: usize, no_speech_prob: f32) -> bool {
        let window = self.request.window;
        let from_ms = (self.from * 1_000 / SAMPLE_RATE as usize) as u64;
        let found = phrases(sequence, &shared.tokens, shared.aligned.len(), spoken, from_ms);
        if self.from == 0 {
            self.heard.no_speech_prob = no_speech_prob;
        }
        self.heard.segments.extend(found.segments);
        if let Some(rest) = found.rest {
            let next = self.from + rest * SAMPLES_PER_POSITION;
            if next + MIN_REST < window.samples.len() {
                self.from = next;
                return false;
            }
        }
        let options = self.request.options;
        let attempt = Attempt::new(std::mem::take(&mut self.heard), self.plan.temperature, options);
        let good = attempt.is_good;
        if self.best.as_ref().is_none_or(|best| attempt.beats(best)) {
            self.best = Some(attempt);
        }
        self.trial += 1;
        match options.temperatures.get(self.trial) {
            Some(temperature) if !good => {
                self.plan.temperature = *temperature;
                self.from = 0;
                false
            }
            _ => true,
        }
    }
}
