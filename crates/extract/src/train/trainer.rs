//! The training: `AdamW` over dictations made on the spot, with a learning rate that rises and falls once.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, VarBuilder, VarMap, loss};
use fastrand::Rng;
use safetensors::{Dtype, tensor::TensorView};

use super::document::{Dictation, Patterns, dictation, scripted};
use super::grammar::Grammar;
use super::score::{Score, score};
use crate::Error;
use crate::model::{
    Batch, CharIds, FORMAT, FORMAT_KEY, LABELS_KEY, Net, Tagger, WordVectors, label_hash, shapes,
};

/// Highest learning rate.
const RATE: f64 = 4e-3;
/// Share of the steps in which the rate rises.
const WARM_UP: f64 = 0.04;
/// Share of characters that the network does not see, so that it learns from their neighbours.
const HIDDEN: f32 = 0.1;
/// Share of words whose characters the network does not see, and of those whose meaning it does not.
const HIDDEN_WORDS: f32 = 0.2;
/// Share of the inputs of the heads that are dropped.
const DROPPED: f32 = 0.2;
/// Weight of the tag and party losses beside those of sections and ends: they are means over many characters outside spans.
const TAG_WEIGHT: f64 = 2.0;
/// Dictations that are scored.
const SCORED: usize = 300;

/// What to train.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Everything random follows from it.
    pub seed: u64,
    /// Steps of the optimiser.
    pub steps: usize,
    /// Dictations in a step.
    pub batch: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, steps: 1600, batch: 16 }
    }
}

/// What came out.
#[derive(Debug)]
pub struct Report {
    /// The weights' file.
    pub weights: Vec<u8>,
    /// How long the training took.
    pub time: Duration,
    /// Scores on dictations made of patterns that were held out.
    pub held_out: Score,
    /// Scores on dictations after scripts that were held out.
    pub held_out_scripts: Score,
    /// Scores on new dictations made of trained patterns.
    pub trained: Score,
}

/// Trains a tagger. `progress` is told the step and its loss.
pub fn train(options: &Options, progress: &mut dyn FnMut(usize, f32)) -> Result<Report, Error> {
    let started = Instant::now();
    let grammar = Grammar::shipped()?;
    let mut rng = Rng::with_seed(options.seed);
    let map = initial(&mut rng).map_err(Error::tensor)?;
    let words = WordVectors::shipped()?;
    optimise(&map, &grammar, words, options, &mut rng, progress).map_err(Error::tensor)?;
    let time = started.elapsed();
    let weights = file(&map)?;
    // What is scored is what is shipped: the weights as they were rounded for the file.
    let tagger = Tagger::from_bytes(&weights)?;
    let mut scored = |make: Make, patterns: Patterns| -> Result<Score, Error> {
        let made: Vec<Dictation> = (0..SCORED).map(|_| make(&grammar, patterns, &mut rng)).collect();
        score(&tagger, &made)
    };
    Ok(Report {
        held_out: scored(dictation, Patterns::HeldOut)?,
        held_out_scripts: scored(scripted, Patterns::HeldOut)?,
        trained: scored(dictation, Patterns::Trained)?,
        weights,
        time,
    })
}

/// Makes a dictation.
type Make = fn(&Grammar, Patterns, &mut Rng) -> Dictation;

/// Random weights: embeddings in ±0.1, matrices in ±√(3 / inputs), biases 0.
fn initial(rng: &mut Rng) -> candle_core::Result<VarMap> {
    let map = VarMap::new();
    for (name, shape) in shapes() {
        let reach = match shape[..] {
            [_] => 0.0,
            _ if name.starts_with("embed") => 0.1,
            [_, inputs, ..] => (3.0 / inputs as f32).sqrt(),
            [] => continue,
        };
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| reach * (2.0 * rng.f32() - 1.0)).collect();
        let var = Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu)?)?;
        if let Ok(mut data) = map.data().lock() {
            data.insert(name, var);
        }
    }
    Ok(map)
}

fn optimise(
    map: &VarMap,
    grammar: &Grammar,
    words: &WordVectors,
    options: &Options,
    rng: &mut Rng,
    progress: &mut dyn FnMut(usize, f32),
) -> candle_core::Result<()> {
    let net = Net::new(&VarBuilder::from_varmap(map, DType::F32, &Device::Cpu), words)?;
    let mut optimiser =
        AdamW::new(map.all_vars(), ParamsAdamW { lr: 0.0, weight_decay: 0.01, ..ParamsAdamW::default() })?;
    for step in 0..options.steps {
        // Each kind by itself: scripts are longer, and what is padded is computed for nothing.
        let mut half = |make: Make| -> candle_core::Result<Tensor> {
            let made: Vec<Dictation> =
                (0..options.batch / 2).map(|_| make(grammar, Patterns::Trained, rng)).collect();
            losses(&net, words, &made, rng)
        };
        let loss = (half(dictation)? + half(scripted)?)?.affine(0.5, 0.0)?;
        optimiser.set_learning_rate(rate(step, options.steps));
        optimiser.backward_step(&loss)?;
        progress(step, loss.to_scalar()?);
    }
    Ok(())
}

fn rate(step: usize, steps: usize) -> f64 {
    let done = (step + 1) as f64 / steps as f64;
    if done < WARM_UP {
        RATE * done / WARM_UP
    } else {
        RATE * 0.5 * (1.0 + (std::f64::consts::PI * (done - WARM_UP) / (1.0 - WARM_UP)).cos())
    }
}

fn losses(net: &Net, words: &WordVectors, made: &[Dictation], rng: &mut Rng) -> candle_core::Result<Tensor> {
    let length = made.iter().map(|d| d.chars.len()).max().unwrap_or_default();
    let (mut chars, mut pairs, mut kinds, mut words_of, mut mask) = (vec![], vec![], vec![], vec![], vec![]);
    let (mut spots, mut tags, mut ends): (Vec<u32>, Vec<u32>, Vec<u32>) = Default::default();
    let (mut told, mut parties): (Vec<u32>, Vec<u32>) = Default::default();
    let (mut sections, mut means): (Vec<u32>, Vec<_>) = Default::default();
    let count: usize = made.iter().map(|d| d.sentences.len()).sum();
    for (row, dictation) in made.iter().enumerate() {
        let mut ids = CharIds::new(&dictation.chars, words);
        hide(&mut ids, rng);
        let parts = [
            (&mut chars, ids.chars),
            (&mut pairs, ids.pairs),
            (&mut kinds, ids.kinds),
            (&mut words_of, ids.words),
        ];
        for (all, own) in parts {
            let padding = length - own.len();
            all.extend(own);
            all.extend(std::iter::repeat_n(0, padding));
        }
        mask.extend((0..length).map(|at| if at < dictation.chars.len() { 1.0_f32 } else { 0.0 }));
        spots.extend((0..dictation.chars.len()).map(|at| (row * length + at) as u32));
        told.extend((0..dictation.parties.len()).map(|at| (row * length + at) as u32));
        parties.extend_from_slice(&dictation.parties);
        tags.extend_from_slice(&dictation.tags);
        ends.extend_from_slice(&dictation.ends);
        for (range, section) in &dictation.sentences {
            sections.push(*section as u32);
            means.push((row, range.clone()));
        }
    }
    let shape = (made.len(), length);
    let tensor = |ids: Vec<u32>| Tensor::from_vec(ids, shape, &Device::Cpu);
    let batch = Batch {
        chars: tensor(chars)?,
        pairs: tensor(pairs)?,
        kinds: tensor(kinds)?,
        words: tensor(words_of)?,
        mask: Tensor::from_vec(mask, (made.len(), length, 1), &Device::Cpu)?,
    };
    let states = net.states(&batch)?;
    let (_, _, width) = states.dims3()?;
    let states = dropped(&states, rng)?;
    let flat = states.reshape((made.len() * length, width))?;

    let known = flat.index_select(&Tensor::new(spots, &Device::Cpu)?, 0)?;
    let tag_loss = loss::cross_entropy(&net.tags(&known)?, &Tensor::new(tags, &Device::Cpu)?)?;
    let end_loss = loss::cross_entropy(&net.ends(&known)?, &Tensor::new(ends, &Device::Cpu)?)?;

    let mut loss = ((tag_loss * TAG_WEIGHT)? + end_loss)?;
    if !told.is_empty() {
        let known = flat.index_select(&Tensor::new(told, &Device::Cpu)?, 0)?;
        let of_parties = loss::cross_entropy(&net.parties(&known)?, &Tensor::new(parties, &Device::Cpu)?)?;
        loss = (loss + (of_parties * TAG_WEIGHT)?)?;
    }

    let mut weights = vec![0.0_f32; count * made.len() * length];
    for (sentence, (row, range)) in means.iter().enumerate() {
        let start = sentence * made.len() * length + row * length;
        weights[start + range.start..start + range.end].fill(1.0 / range.len() as f32);
    }
    let weights = Tensor::from_vec(weights, (count, made.len() * length), &Device::Cpu)?;
    let logits = net.sections(&weights.matmul(&flat)?)?;
    let section_loss = loss::cross_entropy(&logits, &Tensor::new(sections, &Device::Cpu)?)?;
    loss + section_loss
}

/// Hides single characters, and of some words either the characters or the meaning: the network must make do with the other.
fn hide(ids: &mut CharIds, rng: &mut Rng) {
    let mut at = 0;
    while at < ids.chars.len() {
        let word = ids.words[at];
        let len = if word == 0 { 1 } else { ids.words[at..].iter().take_while(|w| **w == word).count() };
        let chance = rng.f32();
        if word != 0 && chance < HIDDEN_WORDS {
            ids.chars[at..at + len].fill(0);
            ids.pairs[at..at + len].fill(0);
        } else if word != 0 && chance < 2.0 * HIDDEN_WORDS {
            ids.words[at..at + len].fill(0);
        }
        at += len;
    }
    for at in 0..ids.chars.len() {
        if rng.f32() < HIDDEN {
            (ids.chars[at], ids.pairs[at]) = (0, 0);
        }
    }
}

/// Sets some numbers to zero and raises the others, so that their sum stays.
fn dropped(states: &Tensor, rng: &mut Rng) -> candle_core::Result<Tensor> {
    let kept = 1.0 / (1.0 - DROPPED);
    let mask: Vec<f32> =
        (0..states.elem_count()).map(|_| if rng.f32() < DROPPED { 0.0 } else { kept }).collect();
    states * Tensor::from_vec(mask, states.shape(), &Device::Cpu)?
}

/// The weights' file: half precision, names in order, the header that the loader asks for.
fn file(map: &VarMap) -> Result<Vec<u8>, Error> {
    let mut halves: BTreeMap<String, (Vec<usize>, Vec<u8>)> = BTreeMap::new();
    if let Ok(data) = map.data().lock() {
        for (name, var) in data.iter() {
            let values = var
                .flatten_all()
                .and_then(|v| v.to_dtype(DType::F16))
                .and_then(|v| v.to_vec1::<half::f16>())
                .map_err(Error::tensor)?;
            let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            halves.insert(name.clone(), (var.dims().to_vec(), bytes));
        }
    }
    let mut views = Vec::new();
    for (name, (shape, bytes)) in &halves {
        views
            .push((name.clone(), TensorView::new(Dtype::F16, shape.clone(), bytes).map_err(Error::writing)?));
    }
    let header =
        HashMap::from([(FORMAT_KEY.to_owned(), FORMAT.to_owned()), (LABELS_KEY.to_owned(), label_hash())]);
    safetensors::serialize(views, Some(header)).map_err(Error::writing)
}
