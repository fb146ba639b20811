//! Whisper's decoder: one step for the sequences of many windows at once.

use std::collections::TryReserveError;
use std::sync::Arc;

use kernels::{HEAD, KeyCache, Precision, Scratch, Then, Threads, ValueCache, attend};

use super::encoder::norm;
use super::room::Short;
use super::weights::Weights;
use crate::ggml::Header;

/// Positions of the encoder's output that a thread turns into keys and values at once.
const ROWS: usize = 48;

/// Keys and values of one layer, for each head.
#[derive(Clone)]
struct LayerCache {
    keys: Vec<KeyCache>,
    values: Vec<ValueCache>,
}

impl LayerCache {
    fn new(weights: &Weights) -> Self {
        let (precision, heads) = (weights.precision, weights.header.n_text_head);
        Self {
            keys: (0..heads).map(|_| KeyCache::new(precision)).collect(),
            values: (0..heads).map(|_| ValueCache::new(precision)).collect(),
        }
    }

    fn reserve(&mut self, positions: usize) -> Result<(), TryReserveError> {
        self.keys.iter_mut().try_for_each(|cache| cache.reserve(positions))?;
        self.values.iter_mut().try_for_each(|cache| cache.reserve(positions))
    }

    fn set(&mut self, position: usize, keys: &[f32], values: &[f32]) {
        for (cache, key) in self.keys.iter_mut().zip(keys.chunks_exact(HEAD)) {
            cache.set(position, key);
        }
        for (cache, value) in self.values.iter_mut().zip(values.chunks_exact(HEAD)) {
            cache.set(position, value);
        }
    }
}

/// What the decoder attends to of a window, shared by its sequences.
pub(super) struct Sound {
    layers: Vec<LayerCache>,
    pub(super) positions: usize,
}

/// Memory of the longest sound, in bytes.
pub(super) fn sound_bytes(header: &Header, precision: Precision) -> usize {
    let number = match precision {
        Precision::Int8 => size_of::<u16>(),
        Precision::Float => size_of::<f32>(),
    };
    let layer = header.n_audio_ctx as usize * header.n_text_state as usize * 2 * number;
    header.n_text_layer as usize * layer
}

impl Sound {
    /// Keys and values of an encoder's output, `[positions][width]`; fails where the system gives no memory for them. The
    /// memory of another sound, of the same weights, is used again: what several threads free in turn is not.
    pub(super) fn new(
        weights: &Weights,
        encoded: &[f32],
        threads: &Threads,
        used: Option<Self>,
    ) -> Result<Self, Short> {
        let width = weights.header.n_text_state as usize;
        let positions = encoded.len() / width;
        let mut layers = used.map_or_else(
            || weights.decoder.iter().map(|_| LayerCache::new(weights)).collect(),
            |sound: Self| sound.layers,
        );
        let bytes = sound_bytes(&weights.header, weights.precision) as u64;
        layers.iter_mut().try_for_each(|cache| cache.reserve(positions)).map_err(|_| Short { bytes })?;
        let mut key_value = vec![0.0; positions * 2 * width];
        for (layer, cache) in weights.decoder.iter().zip(&mut layers) {
            threads.pieces(&mut key_value, ROWS * 2 * width, |piece, output| {
                let input = &encoded[piece * ROWS * width..][..output.len() / 2];
                layer.cross_key_value.multiply(input, &mut Scratch::default(), output, Then::Store);
            });
            let mut work: Vec<_> = cache.keys.iter_mut().zip(&mut cache.values).collect();
            threads.pieces(&mut work, 1, |head, work| {
                let (keys, values) = &mut work[0];
                for (position, row) in key_value.chunks_exact(2 * width).enumerate() {
                    keys.set(position, &row[head * HEAD..][..HEAD]);
                    values.set(position, &row[width + head * HEAD..][..HEAD]);
                }
            });
        }
        Ok(Self { layers, positions })
    }
}

/// What the decoder has written of one sequence so far, as keys and values.
#[derive(Clone)]
pub(super) struct Memory {
    layers: Vec<LayerCache>,
    pub(super) len: usize,
}

impl Memory {
    pub(super) fn new(weights: &Weights) -> Self {
        Self { layers: weights.decoder.iter().map(|_| LayerCache::new(weights)).collect(), len: 0 }
    }
}

/// Next tokens of one sequence.
pub(super) struct Step<'s> {
    pub(super) sound: &'s Sound,
    pub(super) memory: &'s mut Memory,
    pub(super) tokens: &'s [i32],
}

/// What a step gives for each sequence, after its last token.
pub(super) struct Stepped<'d> {
    /// `[sequences][vocabulary]`.
    pub(super) logits: &'d mut [f32],
    /// The alignment heads' shares in the sound's positions: `[heads][positions]`.
    pub(super) alignment: Vec<Arc<[f32]>>,
}

/// Room for the decoder's work.
#[derive(Default)]
pub(super) struct Decoder {
    scratch: Scratch,
    wide: Vec<f32>,
    logits: Vec<f32>,
}

impl Decoder {
    /// Writes the tokens of all steps into their memories; `aligned` are the layers and numbers of the alignment heads.
    pub(super) fn step(
        &mut self,
        weights: &Weights,
        steps: &mut [Step<'_>],
        aligned: &[(usize, usize)],
        threads: &Threads,
    ) -> Stepped<'_> {
        let width = weights.header.n_text_state as usize;
        let heads = weights.header.n_text_head as usize;
        let rows: Vec<(usize, usize)> = steps
            .iter()
            .enumerate()
            .flat_map(|(s, step)| (0..step.tokens.len()).map(move |t| (s, t)))
            .collect();
        let mut x = vec![0.0; rows.len() * width];
        for (x, &(s, t)) in x.chunks_exact_mut(width).zip(&rows) {
            weights.tokens.column(steps[s].tokens[t] as usize, x);
            let at = steps[s].memory.len + t;
            for (x, position) in x.iter_mut().zip(&weights.decoder_positions[at * width..]) {
                *x += position;
            }
        }
        let mut alignment: Vec<Vec<f32>> = steps.iter().map(|_| Vec::new()).collect();
        let mut normed = vec![0.0; x.len()];
        let mut found = vec![0.0; x.len()];
        for (l, layer) in weights.decoder.iter().enumerate() {
            norm(weights, &layer.attention_norm, &x, &mut normed);
            let wide = room(&mut self.wide, rows.len() * 3 * width);
            layer.query_key_value.multiply_wide(threads, &normed, &mut self.scratch, wide, Then::Store);
            for (row, &(s, t)) in wide.chunks_exact(3 * width).zip(&rows) {
                let memory = &mut *steps[s].memory;
                let at = memory.len + t;
                memory.layers[l].set(at, &row[width..2 * width], &row[2 * width..]);
            }
            let (view, wide) = (&*steps, &*wide);
            threads.pieces(&mut found, HEAD, |i, output| {
                let (row, head) = (i / heads, i % heads);
                let (s, t) = rows[row];
                let memory = &view[s].memory;
                let cache = &memory.layers[l];
                let mut shares = vec![0.0; memory.len + t + 1];
                let query = &wide[row * 3 * width + head * HEAD..][..HEAD];
                attend(weights.isa, query, &cache.keys[head], &cache.values[head], &mut shares, output);
            });
            layer.attention_out.multiply_wide(threads, &found, &mut self.scratch, &mut x, Then::Add);

            norm(weights, &layer.cross_norm, &x, &mut normed);
            let queries = room(&mut self.wide, rows.len() * width);
            layer.cross_query.multiply_wide(threads, &normed, &mut self.scratch, queries, Then::Store);
            let queries = &*queries;
            let mut work: Vec<_> = found.chunks_exact_mut(HEAD).map(|output| (output, Vec::new())).collect();
            threads.pieces(&mut work, 1, |i, work| {
                let (output, shares) = &mut work[0];
                let (row, head) = (i / heads, i % heads);
                let sound = view[rows[row].0].sound;
                let cache = &sound.layers[l];
                shares.resize(sound.positions, 0.0);
                let query = &queries[i * HEAD..][..HEAD];
                attend(weights.isa, query, &cache.keys[head], &cache.values[head], shares, output);
            });
            for &(_, head) in aligned.iter().filter(|(layer, _)| *layer == l) {
                for (row, &(s, t)) in rows.iter().enumerate() {
                    if t + 1 == steps[s].tokens.len() {
                        alignment[s].extend_from_slice(&work[row * heads + head].1);
                    }
                }
            }
            layer.cross_out.multiply_wide(threads, &found, &mut self.scratch, &mut x, Then::Add);

            norm(weights, &layer.mlp_norm, &x, &mut normed);
            let inner = room(&mut self.wide, rows.len() * 4 * width);
            layer.mlp_in.multiply_wide(threads, &normed, &mut self.scratch, inner, Then::Gelu);
            layer.mlp_out.multiply_wide(threads, inner, &mut self.scratch, &mut x, Then::Add);
        }
        let last: Vec<f32> = rows
            .iter()
            .zip(x.chunks_exact(width))
            .filter(|&(&(s, t), _)| t + 1 == steps[s].tokens.len())
            .flat_map(|(_, x)| x.iter().copied())
            .collect();
        let mut normed = vec![0.0; last.len()];
        norm(weights, &weights.decoder_norm, &last, &mut normed);
        let logits = room(&mut self.logits, steps.len() * weights.tokens.columns());
        weights.tokens.multiply_wide(threads, &normed, &mut self.scratch, logits, Then::Store);
        for step in steps.iter_mut() {
            step.memory.len += step.tokens.len();
        }
        Stepped { logits, alignment: alignment.into_iter().map(Arc::from).collect() }
    }
}

/// The first `len` numbers of a buffer that grows to what is needed.
fn room(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}
