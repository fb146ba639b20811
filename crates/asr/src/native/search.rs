//! The sequences of one pass over a window, and how they go on.

use std::sync::Arc;

use kernels::log_sum_exp;

use super::decoder::{Memory, Sound, Step};
use super::rules::Rules;
use super::weights::Weights;
use crate::Search;
use crate::heard::{LOOP_TOKENS, entropy};

/// Timestamps within so many steps of 20 ms of the sound's end close it.
const CLOSING: usize = 5;

/// A sequence of tokens that the decoder may have meant.
#[derive(Clone)]
pub(super) struct Sequence {
    memory: Memory,
    /// Tokens that the decoder has not seen yet.
    unseen: Vec<i32>,
    /// What was written: text and timestamps.
    pub(super) tokens: Vec<i32>,
    /// Natural-log probability of each; one more where the end was written too.
    pub(super) logprobs: Vec<f32>,
    /// The alignment heads' shares with which each was chosen; one more as for `logprobs`.
    pub(super) alignment: Vec<Arc<[f32]>>,
    random: fastrand::Rng,
}

impl Sequence {
    fn mean_logprob(&self) -> f32 {
        self.logprobs.iter().sum::<f32>() / self.logprobs.len().max(1) as f32
    }

    fn total(&self) -> f32 {
        self.logprobs.iter().sum()
    }
}

/// What holds for all sequences of a pass.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) rules: Rules,
    pub(super) search: Search,
    pub(super) temperature: f32,
    /// `None` to take the most probable one.
    pub(super) language: Option<i32>,
    pub(super) is_multilingual: bool,
    pub(super) prompt: Vec<i32>,
    pub(super) max_tokens: usize,
    /// Entropy below which the last tokens are a loop.
    pub(super) entropy: f32,
}

/// One pass of the decoder over a sound.
pub(super) struct Pass {
    pub(super) sound: Sound,
    /// Positions of the sound that are not silence added behind it.
    pub(super) spoken: usize,
    plan: Plan,
    live: Vec<Sequence>,
    finished: Vec<Sequence>,
    /// Probability of no speech; known after the first step.
    pub(super) no_speech_prob: Option<f32>,
}

impl Pass {
    pub(super) fn new(weights: &Weights, sound: Sound, spoken: usize, plan: Plan) -> Self {
        let tokens = &plan.rules.tokens;
        let mut unseen = Vec::new();
        if !plan.prompt.is_empty() {
            unseen.push(tokens.previous);
            unseen.extend(&plan.prompt);
        }
        unseen.push(tokens.start);
        let first = Sequence {
            memory: Memory::new(weights),
            unseen,
            tokens: Vec::new(),
            logprobs: Vec::new(),
            alignment: Vec::new(),
            random: fastrand::Rng::with_seed(0),
        };
        Self { sound, spoken, plan, live: vec![first], finished: Vec::new(), no_speech_prob: None }
    }

    /// Sequences that go on.
    pub(super) fn rows(&self) -> usize {
        self.live.len()
    }

    /// What the decoder sees next, one step for each of [`Pass::rows`].
    pub(super) fn steps(&mut self) -> impl Iterator<Item = Step<'_>> {
        let sound = &self.sound;
        self.live.iter_mut().map(move |sequence| Step {
            sound,
            memory: &mut sequence.memory,
            tokens: &sequence.unseen,
        })
    }

    /// Goes on with the logits, `[rows][vocabulary]`, and the alignment of the step.
    pub(super) fn advance(&mut self, logits: &mut [f32], alignment: &[Arc<[f32]>]) {
        let vocabulary = logits.len() / self.live.len().max(1);
        if self.no_speech_prob.is_none() && self.open(logits) {
            return;
        }
        match self.plan.search {
            Search::Beam { size } if self.plan.temperature <= 0.0 => {
                self.widen(size, logits.chunks_exact_mut(vocabulary), alignment);
            }
            Search::Beam { size } => self.sample(size, logits.chunks_exact_mut(vocabulary), alignment),
            Search::Greedy { best_of } => {
                self.sample(best_of, logits.chunks_exact_mut(vocabulary), alignment);
            }
        }
    }

    /// After the first step: the probability of no speech, and what opens the transcript. False where nothing does, so that
    /// the logits are those of the text.
    fn open(&mut self, logits: &[f32]) -> bool {
        let Plan { rules, language, is_multilingual, .. } = &self.plan;
        let tokens = &rules.tokens;
        let total = log_sum_exp(rules.isa, logits);
        let no_speech = logits.get(tokens.no_speech as usize).map_or(0.0, |logit| (logit - total).exp());
        self.no_speech_prob = Some(no_speech.clamp(0.0, 1.0));
        let mut opening = Vec::new();
        if *is_multilingual {
            let guessed = || {
                let logit = |token: &i32| logits[*token as usize];
                tokens.language_tokens().max_by(|a, b| logit(a).total_cmp(&logit(b)))
            };
            opening.extend(language.or_else(guessed));
            opening.push(tokens.transcribe);
        }
        if !rules.timestamps {
            opening.push(tokens.no_timestamps);
        }
        let opens = !opening.is_empty();
        if opens {
            self.live[0].unseen = opening;
        }
        opens
    }

    /// The most probable token, or a sampled one for each of `count` sequences.
    fn sample<'l>(
        &mut self,
        count: usize,
        logits: impl Iterator<Item = &'l mut [f32]>,
        alignment: &[Arc<[f32]>],
    ) {
        let temperature = self.plan.temperature;
        let isa = self.plan.rules.isa;
        let mut next = Vec::new();
        for ((sequence, logits), shares) in self.live.drain(..).zip(logits).zip(alignment) {
            self.plan.rules.apply(&sequence.tokens, logits);
            let total = log_sum_exp(isa, logits);
            let copies = if sequence.tokens.is_empty() && temperature > 0.0 { count } else { 1 };
            let mut scaled = Vec::new();
            if temperature > 0.0 {
                scaled.extend(logits.iter().map(|logit| logit / temperature));
                kernels::softmax(isa, &mut scaled);
            }
            for (seed, mut sequence) in (0_u64..).zip(vec![sequence; copies]) {
                if temperature > 0.0 && sequence.tokens.is_empty() {
                    sequence.random = fastrand::Rng::with_seed(seed);
                }
                let token = if temperature > 0.0 {
                    draw(&scaled, logits, sequence.random.f32())
                } else {
                    most_probable(logits)
                };
                next.push((sequence, token, logits[token] - total, Arc::clone(shares)));
            }
        }
        for (sequence, token, logprob, shares) in next {
            self.extend(sequence, token as i32, logprob, shares);
        }
    }

    /// Beam search: the `size` best of all sequences' best tokens.
    fn widen<'l>(
        &mut self,
        size: usize,
        logits: impl Iterator<Item = &'l mut [f32]>,
        alignment: &[Arc<[f32]>],
    ) {
        let mut candidates = Vec::new();
        for (from, (sequence, logits)) in self.live.iter().zip(logits).enumerate() {
            self.plan.rules.apply(&sequence.tokens, logits);
            let total = log_sum_exp(self.plan.rules.isa, logits);
            for token in best(logits, size + 1) {
                let logprob = logits[token] - total;
                candidates.push((sequence.total() + logprob, from, token as i32, logprob));
            }
        }
        candidates.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut sources: Vec<Option<Sequence>> = self.live.drain(..).map(Some).collect();
        let mut taken = Vec::new();
        let mut going_on = 0;
        for &(_, from, token, logprob) in &candidates {
            going_on += usize::from(token != self.plan.rules.tokens.end);
            taken.push((from, token, logprob));
            if going_on == size {
                break;
            }
        }
        for (i, &(from, token, logprob)) in taken.iter().enumerate() {
            let again = taken[i + 1..].iter().any(|later| later.0 == from);
            let sequence = if again { sources[from].clone() } else { sources[from].take() };
            if let Some(sequence) = sequence {
                self.extend(sequence, token, logprob, Arc::clone(&alignment[from]));
            }
        }
        if self.finished.len() >= size {
            self.live.clear();
        }
    }

    /// Writes a token.
    fn extend(&mut self, mut sequence: Sequence, token: i32, logprob: f32, shares: Arc<[f32]>) {
        let tokens = &self.plan.rules.tokens;
        sequence.logprobs.push(logprob.min(0.0));
        sequence.alignment.push(shares);
        if token == tokens.end {
            self.finished.push(sequence);
            return;
        }
        sequence.tokens.push(token);
        sequence.unseen = vec![token];
        let closes = sequence.tokens.len() > 1
            && tokens.timestamp(token).is_some_and(|at| at + CLOSING >= self.spoken);
        let is_full = sequence.tokens.len() >= self.plan.max_tokens;
        if closes || is_full || self.loops(&sequence) {
            self.finished.push(sequence);
        } else {
            self.live.push(sequence);
        }
    }

    /// Whether the last tokens repeat each other.
    fn loops(&self, sequence: &Sequence) -> bool {
        let end = self.plan.rules.tokens.end;
        let text: Vec<i32> =
            sequence.tokens.iter().rev().filter(|token| **token < end).take(LOOP_TOKENS).copied().collect();
        let more = sequence.tokens.iter().filter(|token| **token < end).count() > LOOP_TOKENS;
        more && entropy(&text) < self.plan.entropy
    }

    /// The best sequence, once none goes on, and the sound, of no more use but its memory.
    pub(super) fn best(mut self) -> (Option<Sequence>, Sound) {
        self.finished.append(&mut self.live);
        let best = self.finished.into_iter().max_by(|a, b| a.mean_logprob().total_cmp(&b.mean_logprob()));
        (best, self.sound)
    }
}

/// The place of the largest number.
fn most_probable(logits: &[f32]) -> usize {
    let mut best = 0;
    for (at, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = at;
        }
    }
    best
}

/// The places of the largest numbers, in falling order.
fn best(logits: &[f32], count: usize) -> Vec<usize> {
    let mut best: Vec<usize> = Vec::with_capacity(count + 1);
    for (at, logit) in logits.iter().enumerate() {
        if best.len() == count && logits[best[count - 1]] >= *logit {
            continue;
        }
        let place = best.partition_point(|other| logits[*other] >= *logit);
        best.insert(place, at);
        best.truncate(count);
    }
    best
}

/// The place that a random number in 0..1 falls on. Shares of what may not follow are never drawn.
fn draw(shares: &[f32], logits: &[f32], random: f32) -> usize {
    let mut left = random;
    let mut last = 0;
    for (at, share) in shares.iter().enumerate().filter(|(at, _)| logits[*at] > f32::NEG_INFINITY) {
        last = at;
        left -= share;
        if left <= 0.0 {
            break;
        }
    }
    last
}
