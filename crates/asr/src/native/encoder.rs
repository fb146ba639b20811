//! Whisper's encoder: a spectrogram into what the decoder attends to.

use kernels::{HEAD, Head, Scores, Scratch, Then, Threads, layer_norm};

use super::weights::{EncoderLayer, Norm, Weights};
use crate::mel::Spectrogram;
use crate::{Control, Result};

/// Rows that go through the matrices of a layer together: their intermediate results fit into a core's cache.
const ROWS: usize = 48;
/// Queries that a thread takes at once.
const QUERIES: usize = 96;

/// Room for the encoder's work; grows to the longest window.
#[derive(Default)]
pub(super) struct Encoder {
    frames: Vec<f32>,
    half: Vec<f32>,
    /// The result: `[positions][width]`.
    x: Vec<f32>,
    query_key_value: Vec<f32>,
    /// `[heads][positions][HEAD]`.
    attended: Vec<f32>,
    heads: Vec<Head>,
    room: usize,
}

impl Encoder {
    /// Encodes a spectrogram of twice as many frames as `positions`; returns `[positions][width]`.
    pub(super) fn encode(
        &mut self,
        weights: &Weights,
        spectrogram: &Spectrogram,
        threads: &Threads,
        control: &Control,
    ) -> Result<&[f32]> {
        let (width, positions) = (weights.header.n_audio_state as usize, spectrogram.frames / 2);
        self.reserve(weights, positions);
        self.convolve(weights, spectrogram, threads);
        for layer in &weights.encoder {
            control.check()?;
            control.note_progress();
            self.attend(weights, layer, threads);
            self.transform(weights, layer, threads);
        }
        let x = &mut self.x;
        threads.pieces(x, ROWS * width, |_, rows| {
            let before = rows.to_vec();
            norm(weights, &weights.encoder_norm, &before, rows);
        });
        Ok(x)
    }

    fn reserve(&mut self, weights: &Weights, positions: usize) {
        let heads = weights.header.n_audio_head as usize;
        if positions > self.room || self.heads.len() != heads {
            self.heads = (0..heads).map(|_| Head::new(weights.isa, positions)).collect();
            self.room = positions;
        }
    }

    /// Both convolutions and the positions' embedding.
    fn convolve(&mut self, weights: &Weights, spectrogram: &Spectrogram, threads: &Threads) {
        let Spectrogram { values, frames } = spectrogram;
        let (bands, width) = (values.len() / frames.max(&1), weights.header.n_audio_state as usize);
        // A frame of zeros before and after: the convolutions reach one position over each end.
        self.frames.clear();
        self.frames.resize((frames + 2) * bands, 0.0);
        for (band, values) in values.chunks_exact(*frames).enumerate() {
            for (at, value) in values.iter().enumerate() {
                self.frames[(at + 1) * bands + band] = *value;
            }
        }
        self.half.clear();
        self.half.resize((frames + 2) * width, 0.0);
        let source = &self.frames;
        threads.pieces(&mut self.half[width..(frames + 1) * width], ROWS * width, |piece, output| {
            let mut input = Vec::with_capacity(output.len() / width * 3 * bands);
            for i in 0..output.len() / width {
                let at = piece * ROWS + i;
                input.extend_from_slice(&source[at * bands..(at + 3) * bands]);
            }
            weights.conv1.multiply(&input, &mut Scratch::default(), output, Then::Gelu);
        });
        let positions = frames / 2;
        self.x.clear();
        self.x.resize(positions * width, 0.0);
        let source = &self.half;
        threads.pieces(&mut self.x, ROWS * width, |piece, output| {
            let mut scratch = Scratch::default();
            let mut input = Vec::with_capacity(output.len() * 3);
            for i in 0..output.len() / width {
                let at = 2 * (piece * ROWS + i);
                input.extend_from_slice(&source[at * width..(at + 3) * width]);
            }
            weights.conv2.multiply(&input, &mut scratch, output, Then::Gelu);
            let embedding = &weights.encoder_positions[piece * ROWS * width..];
            for (x, position) in output.iter_mut().zip(embedding) {
                *x += position;
            }
        });
    }

    /// Queries, keys, values, and what each query finds.
    fn attend(&mut self, weights: &Weights, layer: &EncoderLayer, threads: &Threads) {
        let width = weights.header.n_audio_state as usize;
        let positions = self.x.len() / width;
        let stride = 3 * width;
        self.query_key_value.resize(positions * stride, 0.0);
        let x = &self.x;
        threads.pieces(&mut self.query_key_value, ROWS * stride, |piece, output| {
            let input = &x[piece * ROWS * width..][..output.len() / 3];
            let mut normed = vec![0.0; input.len()];
            norm(weights, &layer.attention_norm, input, &mut normed);
            layer.query_key_value.multiply(&normed, &mut Scratch::default(), output, Then::Store);
        });
        let rows = &self.query_key_value;
        threads.pieces(&mut self.heads, 1, |i, head| {
            head[0].load(rows, stride, width + i * HEAD, 2 * width + i * HEAD);
        });
        self.attended.resize(positions * width, 0.0);
        let heads = &self.heads;
        let pieces = positions.div_ceil(QUERIES);
        // Pieces of one head each: the last piece of a head is shorter, so they are cut by hand.
        let mut work: Vec<_> = self
            .attended
            .chunks_exact_mut(positions * HEAD)
            .enumerate()
            .flat_map(|(head, rows)| {
                rows.chunks_mut(QUERIES * HEAD).enumerate().map(move |(i, rows)| (head, i, rows))
            })
            .collect();
        debug_assert_eq!(work.len(), heads.len() * pieces);
        threads.pieces(&mut work, 1, |_, work| {
            let (head, piece, output) = &mut work[0];
            let queries = &rows[*piece * QUERIES * stride + *head * HEAD..];
            heads[*head].attend(queries, stride, &mut Scores::default(), output);
        });
    }

    /// The rest of a layer: each row by itself.
    fn transform(&mut self, weights: &Weights, layer: &EncoderLayer, threads: &Threads) {
        let width = weights.header.n_audio_state as usize;
        let positions = self.x.len() / width;
        let attended = &self.attended;
        threads.pieces(&mut self.x, ROWS * width, |piece, x| {
            let rows = x.len() / width;
            let mut scratch = Scratch::default();
            let mut input = vec![0.0; x.len()];
            for (r, input) in input.chunks_exact_mut(width).enumerate() {
                for (head, input) in input.chunks_exact_mut(HEAD).enumerate() {
                    input.copy_from_slice(&attended[(head * positions + piece * ROWS + r) * HEAD..][..HEAD]);
                }
            }
            layer.attention_out.multiply(&input, &mut scratch, x, Then::Add);
            norm(weights, &layer.mlp_norm, x, &mut input);
            let mut inner = vec![0.0; rows * 4 * width];
            layer.mlp_in.multiply(&input, &mut scratch, &mut inner, Then::Gelu);
            layer.mlp_out.multiply(&inner, &mut scratch, x, Then::Add);
        });
    }
}

/// Normalises rows.
pub(super) fn norm(weights: &Weights, norm: &Norm, input: &[f32], output: &mut [f32]) {
    layer_norm(weights.isa, input, &norm.weight, &norm.bias, output);
}
