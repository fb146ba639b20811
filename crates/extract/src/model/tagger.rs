//! What the network sees in a text.

use std::ops::Range;

use candle_core::{D, Device, Tensor};

use super::input::CharIds;
use super::labels::{PARTY_CLASSES, Party, Section, SpanKind, tag_of};
use super::net::{Batch, Net, REACH, WIDTH};
use super::weights::load;
use super::words::WordVectors;
use crate::Error;

/// The weights that come with the program.
const SHIPPED: &[u8] = include_bytes!("../../../../models/tagger.safetensors");
/// Characters that go through the network at once, beside their neighbours.
const CHUNK: usize = 1024;

/// The tagger: sections of sentences, ends of sentences, and spans. Same text, same answer.
#[derive(Debug)]
pub struct Tagger {
    net: Net,
}

/// Characters of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What they name.
    pub kind: SpanKind,
    /// Byte range of the text.
    pub range: Range<usize>,
}

/// A text as the network sees it.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Byte offset of each character, and the length of the text.
    offsets: Vec<usize>,
    /// [`WIDTH`] numbers for each character.
    states: Vec<f32>,
    /// For each character, the probability that a sentence ends with it.
    ends: Vec<f32>,
    /// For each character, the probability of nobody and of each party: [`PARTY_CLASSES`] numbers.
    parties: Vec<f32>,
    spans: Vec<Span>,
}

impl Tagger {
    /// The tagger with the weights that come with the program.
    pub fn shipped() -> Result<Self, Error> {
        Self::from_bytes(SHIPPED)
    }

    /// A tagger with other weights: the bytes of a file that the trainer wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self { net: load(bytes)? })
    }

    /// Reads a text. Time and memory grow with its length alone.
    pub fn read(&self, text: &str) -> Result<Reading, Error> {
        let chars: Vec<char> = text.chars().collect();
        let mut offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        offsets.push(text.len());
        let ids = CharIds::new(&chars, WordVectors::shipped()?);
        let mut reading = Reading { offsets, ..Reading::default() };
        let mut classes = Vec::with_capacity(chars.len());
        let mut start = 0;
        while start < chars.len() {
            let end = (start + CHUNK).min(chars.len());
            self.chunk(&ids, start..end, &mut reading, &mut classes).map_err(Error::tensor)?;
            start = end;
        }
        reading.spans = spans(&classes, &reading.offsets);
        Ok(reading)
    }

    /// Reads the characters of `range`, seen with their neighbours.
    fn chunk(
        &self,
        ids: &CharIds,
        range: Range<usize>,
        reading: &mut Reading,
        classes: &mut Vec<u32>,
    ) -> candle_core::Result<()> {
        let seen = range.start.saturating_sub(REACH)..(range.end + REACH).min(ids.chars.len());
        let row = |all: &[u32]| Tensor::from_slice(&all[seen.clone()], (1, seen.len()), &Device::Cpu);
        let mask = Tensor::ones((1, seen.len(), 1), candle_core::DType::F32, &Device::Cpu)?;
        let (chars, pairs) = (row(&ids.chars)?, row(&ids.pairs)?);
        let batch = Batch { chars, pairs, kinds: row(&ids.kinds)?, words: row(&ids.words)?, mask };
        let states = self.net.states(&batch)?.narrow(1, range.start - seen.start, range.len())?;
        let states = states.squeeze(0)?.contiguous()?;
        classes.extend(self.net.tags(&states)?.argmax(D::Minus1)?.to_vec1::<u32>()?);
        let ends = candle_nn::ops::softmax(&self.net.ends(&states)?, D::Minus1)?;
        reading.ends.extend(ends.narrow(1, 1, 1)?.flatten_all()?.to_vec1::<f32>()?);
        let parties = candle_nn::ops::softmax(&self.net.parties(&states)?, D::Minus1)?;
        reading.parties.extend(parties.flatten_all()?.to_vec1::<f32>()?);
        reading.states.extend(states.flatten_all()?.to_vec1::<f32>()?);
        Ok(())
    }

    /// The probability of each section, in the order of [`Section::ALL`], for each of the byte ranges. Ranges must lie on
    /// characters of the text that was read; an empty one is [`Section::Other`].
    pub fn sections(&self, reading: &Reading, ranges: &[Range<usize>]) -> Result<Vec<Vec<f32>>, Error> {
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        let means: Vec<f32> = ranges.iter().flat_map(|range| reading.mean(range)).collect();
        let probabilities = Tensor::from_vec(means, (ranges.len(), WIDTH), &Device::Cpu)
            .and_then(|means| self.net.sections(&means))
            .and_then(|logits| candle_nn::ops::softmax(&logits, D::Minus1))
            .and_then(|p| p.to_vec2::<f32>())
            .map_err(Error::tensor)?;
        Ok(probabilities)
    }
}

impl Reading {
    /// Spans by position; none overlaps another.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Byte offsets behind the characters with which a sentence ends with at least this probability.
    #[must_use]
    pub fn ends(&self, probability: f32) -> Vec<usize> {
        let ends = self.ends.iter().zip(self.offsets.iter().skip(1));
        ends.filter(|(p, _)| **p >= probability).map(|(_, offset)| *offset).collect()
    }

    /// Of whom the words of a byte range tell, and how probable that is, 0..=1. `None`: of nobody.
    #[must_use]
    pub fn party(&self, range: &Range<usize>) -> (Option<Party>, f32) {
        let mean = self.mean_of::<PARTY_CLASSES>(&self.parties, range);
        let likeliest = mean.into_iter().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        let (class, probability) = likeliest.unwrap_or((0, 0.0));
        (class.checked_sub(1).and_then(|index| Party::ALL.get(index).copied()), probability)
    }

    fn mean(&self, range: &Range<usize>) -> [f32; WIDTH] {
        self.mean_of(&self.states, range)
    }

    /// The mean over the characters of a byte range, of `N` numbers for each character.
    fn mean_of<const N: usize>(&self, numbers: &[f32], range: &Range<usize>) -> [f32; N] {
        let at = |offset: usize| self.offsets.partition_point(|o| *o < offset);
        let (start, end) = (at(range.start), at(range.end));
        let mut mean = [0.0; N];
        for own in numbers[start * N..end * N].chunks_exact(N) {
            mean.iter_mut().zip(own).for_each(|(sum, n)| *sum += n);
        }
        let count = (end - start).max(1) as f32;
        mean.map(|sum| sum / count)
    }
}

/// Section and probability of the most probable one.
#[must_use]
pub fn best(probabilities: &[f32]) -> (Section, f32) {
    let best = probabilities.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    best.and_then(|(index, p)| Some((*Section::ALL.get(index)?, p))).unwrap_or((Section::Other, 0.0))
}

fn spans(classes: &[u32], offsets: &[usize]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut open: Option<SpanKind> = None;
    for (at, class) in classes.iter().enumerate() {
        let Some((kind, begins)) = tag_of(*class as usize) else {
            open = None;
            continue;
        };
        match spans.last_mut() {
            Some(last) if !begins && open == Some(kind) => last.range.end = offsets[at + 1],
            // An inside without its begin begins a span: the kind is more certain than the place.
            _ => spans.push(Span { kind, range: offsets[at]..offsets[at + 1] }),
        }
        open = Some(kind);
    }
    spans
}
