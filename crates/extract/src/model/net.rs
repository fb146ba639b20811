//! The network: embeddings of characters, pairs and words, seven residual convolutions of growing step, and four heads.
//!
//! A character sees [`REACH`] neighbours on each side. Everything is done for each character alone but the convolutions
//! and the section head, which takes the mean over a sentence.

use candle_core::{D, Result, Tensor};
use candle_nn::{Embedding, Linear, Module, VarBuilder};

use super::input::{CHAR_BUCKETS, CHAR_KINDS, PAIR_BUCKETS};
use super::labels::{PARTY_CLASSES, Section, TAG_CLASSES};
use super::words::{WORD_WIDTH, WordVectors};

/// Width of an embedding.
const EMBED: usize = 64;
/// Width of the character states.
pub(crate) const WIDTH: usize = 128;
/// Step of each convolution of three taps.
const STEPS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Neighbours on each side that reach a character: the sum of the steps.
pub(crate) const REACH: usize = 127;
/// Classes of the end head: a sentence goes on, or ends here.
pub(crate) const END_CLASSES: usize = 2;

/// Name and shape of every weight.
pub(crate) fn shapes() -> Vec<(String, Vec<usize>)> {
    let mut shapes = vec![
        ("embed.char".to_owned(), vec![CHAR_BUCKETS, EMBED]),
        ("embed.pair".to_owned(), vec![PAIR_BUCKETS, EMBED]),
        ("embed.kind".to_owned(), vec![CHAR_KINDS, EMBED]),
    ];
    let mut linear = |name: &str, input: usize, output: usize| {
        shapes.push((format!("{name}.weight"), vec![output, input]));
        shapes.push((format!("{name}.bias"), vec![output]));
    };
    linear("input", EMBED, WIDTH);
    linear("word", WORD_WIDTH, WIDTH);
    for step in STEPS {
        linear(&format!("conv{step}"), 3 * WIDTH, WIDTH);
    }
    linear("tags", WIDTH, TAG_CLASSES);
    linear("ends", WIDTH, END_CLASSES);
    linear("parties", WIDTH, PARTY_CLASSES);
    linear("hidden", WIDTH, WIDTH);
    linear("section", WIDTH, Section::ALL.len());
    shapes
}

/// The network with its weights.
#[derive(Debug)]
pub(crate) struct Net {
    chars: Embedding,
    pairs: Embedding,
    kinds: Embedding,
    input: Linear,
    words: Tensor,
    word: Linear,
    convolutions: Vec<(usize, Linear)>,
    tags: Linear,
    ends: Linear,
    parties: Linear,
    hidden: Linear,
    section: Linear,
}

/// Characters of a batch, padded to one length.
#[derive(Debug)]
pub(crate) struct Batch {
    /// (batch, length), u32.
    pub(crate) chars: Tensor,
    /// (batch, length), u32.
    pub(crate) pairs: Tensor,
    /// (batch, length), u32.
    pub(crate) kinds: Tensor,
    /// (batch, length), u32.
    pub(crate) words: Tensor,
    /// (batch, length, 1): 1 for a character, 0 for padding.
    pub(crate) mask: Tensor,
}

impl Net {
    /// Takes the weights from `vars`; the vectors of words are not trained.
    pub(crate) fn new(vars: &VarBuilder<'_>, words: &WordVectors) -> Result<Self> {
        let embedding = |name: &str, rows: usize| -> Result<Embedding> {
            Ok(Embedding::new(vars.get((rows, EMBED), name)?, EMBED))
        };
        let linear = |name: &str, input: usize, output: usize| -> Result<Linear> {
            let vars = vars.pp(name);
            Ok(Linear::new(vars.get((output, input), "weight")?, Some(vars.get(output, "bias")?)))
        };
        let convolutions = STEPS
            .iter()
            .map(|step| Ok((*step, linear(&format!("conv{step}"), 3 * WIDTH, WIDTH)?)))
            .collect::<Result<_>>()?;
        Ok(Self {
            chars: embedding("embed.char", CHAR_BUCKETS)?,
            pairs: embedding("embed.pair", PAIR_BUCKETS)?,
            kinds: embedding("embed.kind", CHAR_KINDS)?,
            input: linear("input", EMBED, WIDTH)?,
            words: words.vectors.clone(),
            word: linear("word", WORD_WIDTH, WIDTH)?,
            convolutions,
            tags: linear("tags", WIDTH, TAG_CLASSES)?,
            ends: linear("ends", WIDTH, END_CLASSES)?,
            parties: linear("parties", WIDTH, PARTY_CLASSES)?,
            hidden: linear("hidden", WIDTH, WIDTH)?,
            section: linear("section", WIDTH, Section::ALL.len())?,
        })
    }

    /// The states of the characters: (batch, length, [`WIDTH`]), zero at padding.
    pub(crate) fn states(&self, batch: &Batch) -> Result<Tensor> {
        let embedded = self.chars.forward(&batch.chars)?
            + self.pairs.forward(&batch.pairs)?
            + self.kinds.forward(&batch.kinds)?;
        let (rows, length) = batch.words.dims2()?;
        let meant = self.words.index_select(&batch.words.flatten_all()?, 0)?;
        let meant = meant.reshape((rows, length, WORD_WIDTH))?;
        let mut states = (self.input.forward(&embedded?)? + self.word.forward(&meant)?)?
            .relu()?
            .broadcast_mul(&batch.mask)?;
        for (step, convolution) in &self.convolutions {
            let taps = neighbours(&normal(&states)?, *step)?;
            let change = convolution.forward(&taps)?.relu()?;
            states = (states + change)?.broadcast_mul(&batch.mask)?;
        }
        Ok(states)
    }

    /// Logits of the tags, (…, [`TAG_CLASSES`]).
    pub(crate) fn tags(&self, states: &Tensor) -> Result<Tensor> {
        self.tags.forward(&normal(states)?)
    }

    /// Logits of the ends of sentences, (…, [`END_CLASSES`]).
    pub(crate) fn ends(&self, states: &Tensor) -> Result<Tensor> {
        self.ends.forward(&normal(states)?)
    }

    /// Logits of the parties, (…, [`PARTY_CLASSES`]).
    pub(crate) fn parties(&self, states: &Tensor) -> Result<Tensor> {
        self.parties.forward(&normal(states)?)
    }

    /// Logits of the sections of sentences, given the mean state of each: (sentences, sections).
    pub(crate) fn sections(&self, means: &Tensor) -> Result<Tensor> {
        self.section.forward(&self.hidden.forward(&normal(means)?)?.relu()?)
    }
}

/// Divides each state by its root mean square.
fn normal(states: &Tensor) -> Result<Tensor> {
    let scale = ((states.sqr()?.mean_keepdim(D::Minus1)? + 1e-5)?).sqrt()?;
    states.broadcast_div(&scale)
}

/// Each state between those `step` before and after it; zero beyond the edges.
fn neighbours(states: &Tensor, step: usize) -> Result<Tensor> {
    let length = states.dim(1)?;
    let before = states.pad_with_zeros(1, step, 0)?.narrow(1, 0, length)?;
    let after = states.pad_with_zeros(1, 0, step)?.narrow(1, step, length)?;
    Tensor::cat(&[&before, states, &after], D::Minus1)
}
