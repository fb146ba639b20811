//! A model's weights, packed for the processor.

use std::collections::HashMap;
use std::io::{BufRead, Seek, SeekFrom};

use kernels::{HEAD, Isa, Matrix, Precision};

use super::{dequantise, room};
use crate::ggml::{Contents, Header, ModelError, ModelFile};

/// Weights of a layer norm.
pub(super) struct Norm {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

/// A layer of the encoder.
pub(super) struct EncoderLayer {
    pub(super) attention_norm: Norm,
    /// Query, key and value one after the other.
    pub(super) query_key_value: Matrix,
    pub(super) attention_out: Matrix,
    pub(super) mlp_norm: Norm,
    pub(super) mlp_in: Matrix,
    pub(super) mlp_out: Matrix,
}

/// A layer of the decoder.
pub(super) struct DecoderLayer {
    pub(super) attention_norm: Norm,
    /// Query, key and value one after the other.
    pub(super) query_key_value: Matrix,
    pub(super) attention_out: Matrix,
    pub(super) cross_norm: Norm,
    pub(super) cross_query: Matrix,
    /// Key and value one after the other, of the encoder's output.
    pub(super) cross_key_value: Matrix,
    pub(super) cross_out: Matrix,
    pub(super) mlp_norm: Norm,
    pub(super) mlp_in: Matrix,
    pub(super) mlp_out: Matrix,
}

/// All weights of a model.
pub(super) struct Weights {
    pub(super) isa: Isa,
    /// Of the products, and so of what the decoder keeps.
    pub(super) precision: Precision,
    pub(super) header: Header,
    /// `[width][3 · bands]`: three frames of all bands.
    pub(super) conv1: Matrix,
    /// `[width][3 · width]`: three positions.
    pub(super) conv2: Matrix,
    /// `[positions][width]`.
    pub(super) encoder_positions: Vec<f32>,
    pub(super) encoder: Vec<EncoderLayer>,
    pub(super) encoder_norm: Norm,
    /// `[vocabulary][width]`, for input and output.
    pub(super) tokens: Matrix,
    /// `[positions][width]`.
    pub(super) decoder_positions: Vec<f32>,
    pub(super) decoder: Vec<DecoderLayer>,
    pub(super) decoder_norm: Norm,
}

/// A file's weights with what else it holds.
pub(super) struct Loaded {
    pub(super) weights: Weights,
    pub(super) contents: Contents,
    /// The vocabulary's entries as bytes, in the order of their numbers.
    pub(super) tokens: Vec<Vec<u8>>,
}

/// Reads a ggml file.
pub(super) fn load(
    mut file: impl BufRead + Seek,
    isa: Isa,
    precision: Precision,
) -> Result<Loaded, ModelError> {
    // Before anything of the file is kept.
    room::ask(file.seek(SeekFrom::End(0))?)?;
    let mut file = ModelFile::open(file)?;
    room::ask(room::loading(&file.contents.header, file.length(), file.length(), precision))?;
    let mut tensors = HashMap::new();
    while let Some(head) = file.next_tensor()? {
        let bytes = file.weights()?;
        tensors.insert(head.name, Tensor { kind: head.kind, dims: head.dims, bytes });
    }
    let weights = pack(file.contents.header, tensors, isa, precision)?;
    Ok(Loaded { weights, contents: file.contents, tokens: file.tokens })
}

/// Packs what a source holds under whisper.cpp's names.
pub(super) fn pack(
    header: Header,
    source: impl Source,
    isa: Isa,
    precision: Precision,
) -> Result<Weights, ModelError> {
    Tensors { source, isa, precision }.weights(header)
}

/// Weights as they stand in the file.
pub(super) struct Tensor {
    /// ggml's number of the type.
    pub(super) kind: u32,
    /// The fastest dimension first.
    pub(super) dims: Vec<usize>,
    pub(super) bytes: Vec<u8>,
}

/// Where tensors come from. Each is asked for once.
pub(super) trait Source {
    /// The tensor of this name of whisper.cpp's; `None` where there is none.
    fn tensor(&mut self, name: &str) -> Result<Option<Tensor>, ModelError>;
}

impl Source for HashMap<String, Tensor> {
    fn tensor(&mut self, name: &str) -> Result<Option<Tensor>, ModelError> {
        Ok(self.remove(name))
    }
}

struct Tensors<S> {
    source: S,
    isa: Isa,
    precision: Precision,
}

impl<S: Source> Tensors<S> {
    /// Numbers of a tensor of these dimensions, the fastest first; the file's copy is given up.
    fn take(&mut self, name: &str, dims: &[usize]) -> Result<Vec<f32>, ModelError> {
        let wrong = || ModelError::Shape { name: name.to_owned() };
        let tensor = self.source.tensor(name)?.ok_or_else(wrong)?;
        // Dimensions of 1 are there or not, by the converter.
        let essential = |dims: &[usize]| dims.iter().copied().filter(|dim| *dim != 1).collect::<Vec<_>>();
        if essential(&tensor.dims) != essential(dims) {
            return Err(wrong());
        }
        dequantise::numbers(tensor.kind, &tensor.bytes)
    }

    fn norm(&mut self, name: &str, width: usize) -> Result<Norm, ModelError> {
        Ok(Norm {
            weight: self.take(&format!("{name}.weight"), &[width])?,
            bias: self.take(&format!("{name}.bias"), &[width])?,
        })
    }

    /// Several layers of the same input as one: for each its name, its outputs and whether it has a bias.
    fn linear(&mut self, parts: &[(String, usize, bool)], depth: usize) -> Result<Matrix, ModelError> {
        let (mut weights, mut bias) = (Vec::new(), Vec::new());
        for (name, columns, has_bias) in parts {
            weights.extend(self.take(&format!("{name}.weight"), &[depth, *columns])?);
            if *has_bias {
                bias.extend(self.take(&format!("{name}.bias"), &[*columns])?);
            } else {
                bias.resize(bias.len() + columns, 0.0);
            }
        }
        Ok(Matrix::new(self.isa, self.precision, &weights, depth, Some(&bias)))
    }

    /// A convolution over three positions, with the positions' channels beside each other.
    fn convolution(
        &mut self,
        name: &str,
        channels: usize,
        width: usize,
        precision: Precision,
    ) -> Result<Matrix, ModelError> {
        let weights = self.take(&format!("{name}.weight"), &[3, channels, width])?;
        let bias = self.take(&format!("{name}.bias"), &[width])?;
        let mut turned = vec![0.0; weights.len()];
        for (from, to) in weights.chunks_exact(3 * channels).zip(turned.chunks_exact_mut(3 * channels)) {
            for (i, weight) in from.iter().enumerate() {
                to[i % 3 * channels + i / 3] = *weight;
            }
        }
        Ok(Matrix::new(self.isa, precision, &turned, 3 * channels, Some(&bias)))
    }

    fn weights(mut self, header: Header) -> Result<Weights, ModelError> {
        let width = header.n_audio_state as usize;
        // All published models have heads of 64.
        if header.n_audio_head as usize * HEAD != width {
            return Err(ModelError::Dimension { name: "n_audio_head", value: header.n_audio_head });
        }
        if header.n_text_head as usize * HEAD != width {
            return Err(ModelError::Dimension { name: "n_text_head", value: header.n_text_head });
        }
        let bands = header.n_mels as usize;
        let precision = self.precision;
        Ok(Weights {
            isa: self.isa,
            precision,
            header,
            // Its input, the spectrogram, suffers most from being rounded, and it is the smallest product.
            conv1: self.convolution("encoder.conv1", bands, width, Precision::Float)?,
            conv2: self.convolution("encoder.conv2", width, width, precision)?,
            encoder_positions: self
                .take("encoder.positional_embedding", &[width, header.n_audio_ctx as usize])?,
            encoder: (0..header.n_audio_layer)
                .map(|layer| self.encoder_layer(&format!("encoder.blocks.{layer}"), width))
                .collect::<Result<_, _>>()?,
            encoder_norm: self.norm("encoder.ln_post", width)?,
            tokens: {
                let embedding =
                    self.take("decoder.token_embedding.weight", &[width, header.n_vocab as usize])?;
                Matrix::new(self.isa, precision, &embedding, width, None)
            },
            decoder_positions: self
                .take("decoder.positional_embedding", &[width, header.n_text_ctx as usize])?,
            decoder: (0..header.n_text_layer)
                .map(|layer| self.decoder_layer(&format!("decoder.blocks.{layer}"), width))
                .collect::<Result<_, _>>()?,
            decoder_norm: self.norm("decoder.ln", width)?,
        })
    }

    fn encoder_layer(&mut self, name: &str, width: usize) -> Result<EncoderLayer, ModelError> {
        Ok(EncoderLayer {
            attention_norm: self.norm(&format!("{name}.attn_ln"), width)?,
            query_key_value: self.query_key_value(&format!("{name}.attn"), width)?,
            attention_out: self.linear(&[(format!("{name}.attn.out"), width, true)], width)?,
            mlp_norm: self.norm(&format!("{name}.mlp_ln"), width)?,
            mlp_in: self.linear(&[(format!("{name}.mlp.0"), 4 * width, true)], width)?,
            mlp_out: self.linear(&[(format!("{name}.mlp.2"), width, true)], 4 * width)?,
        })
    }

    fn decoder_layer(&mut self, name: &str, width: usize) -> Result<DecoderLayer, ModelError> {
        let cross = format!("{name}.cross_attn");
        Ok(DecoderLayer {
            attention_norm: self.norm(&format!("{name}.attn_ln"), width)?,
            query_key_value: self.query_key_value(&format!("{name}.attn"), width)?,
            attention_out: self.linear(&[(format!("{name}.attn.out"), width, true)], width)?,
            cross_norm: self.norm(&format!("{name}.cross_attn_ln"), width)?,
            cross_query: self.linear(&[(format!("{cross}.query"), width, true)], width)?,
            cross_key_value: self.linear(
                &[(format!("{cross}.key"), width, false), (format!("{cross}.value"), width, true)],
                width,
            )?,
            cross_out: self.linear(&[(format!("{cross}.out"), width, true)], width)?,
            mlp_norm: self.norm(&format!("{name}.mlp_ln"), width)?,
            mlp_in: self.linear(&[(format!("{name}.mlp.0"), 4 * width, true)], width)?,
            mlp_out: self.linear(&[(format!("{name}.mlp.2"), width, true)], 4 * width)?,
        })
    }

    fn query_key_value(&mut self, name: &str, width: usize) -> Result<Matrix, ModelError> {
        let part = |part: &str, has_bias| (format!("{name}.{part}"), width, has_bias);
        self.linear(&[part("query", true), part("key", false), part("value", true)], width)
    }
}
