//! A Whisper model between its source and a ggml file: sizes, vocabulary, tensors under whisper.cpp's names.

use std::path::Path;

use candle_core::Tensor;

use crate::{
    Result,
    error::{Error, Problem},
};

/// Sizes of a Whisper model. Encoder and decoder share one state size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dims {
    /// Rows of the token embedding, special tokens included: 51,865, or 51,866 since large-v3.
    pub vocab: usize,
    /// Encoder positions, 1,500 for 30 s.
    pub audio_ctx: usize,
    /// Width of encoder and decoder, 384–1,280.
    pub state: usize,
    /// Attention heads of the encoder.
    pub audio_head: usize,
    /// Encoder blocks.
    pub audio_layer: usize,
    /// Decoder positions, 448.
    pub text_ctx: usize,
    /// Attention heads of the decoder.
    pub text_head: usize,
    /// Decoder blocks.
    pub text_layer: usize,
    /// Mel channels, 80, or 128 since large-v3.
    pub mels: usize,
}

/// No size of a Whisper model reaches this; it keeps products of sizes within 64 bits.
const MAX_DIM: usize = 1 << 20;
pub(crate) const MAX_LAYERS: usize = 256;
const MAX_MELS: usize = 512;

impl Dims {
    /// Fails where a size cannot belong to a Whisper model. `path` is for the message.
    pub(crate) fn check(&self, path: &Path) -> Result<()> {
        let sizes = [
            ("vocabulary", self.vocab, MAX_DIM),
            ("audio context", self.audio_ctx, MAX_DIM),
            ("state", self.state, MAX_DIM),
            ("audio heads", self.audio_head, self.state),
            ("audio layers", self.audio_layer, MAX_LAYERS),
            ("text context", self.text_ctx, MAX_DIM),
            ("text heads", self.text_head, self.state),
            ("text layers", self.text_layer, MAX_LAYERS),
            ("mel channels", self.mels, MAX_MELS),
        ];
        for (what, size, max) in sizes {
            if size == 0 || size > max {
                return Err(Error::format(path, format_args!("{what}: {size} is not in 1..={max}")));
            }
        }
        if !self.state.is_multiple_of(self.audio_head) || !self.state.is_multiple_of(self.text_head) {
            return Err(Error::format(path, "the state is not a multiple of the heads"));
        }
        Ok(())
    }
}

/// How a tensor is stored in a ggml file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Always f32: biases, norms, positions.
    Full,
    /// f16, never quantised: convolution kernels.
    Half,
    /// In the file's format, quantised row by row: the matrices.
    Matrix,
}

/// One tensor of a Whisper model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// whisper.cpp's name, e.g. `decoder.blocks.0.cross_attn.query.weight`.
    pub name: String,
    /// Row-major shape, outermost first, as in `PyTorch`.
    pub shape: Vec<usize>,
    /// How it is stored.
    pub storage: Storage,
}

impl TensorSpec {
    /// ggml's `ne`, innermost first. Convolution biases are columns there.
    pub(crate) fn ggml_dims(&self) -> Vec<usize> {
        let mut dims: Vec<usize> = self.shape.iter().rev().copied().collect();
        if self.name.starts_with("encoder.conv") && self.shape.len() == 1 {
            dims.insert(0, 1);
        }
        dims
    }

    /// Number of elements.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Every tensor of a model, in the order of the published ggml files.
#[must_use]
pub fn plan(dims: &Dims) -> Vec<TensorSpec> {
    let n = dims.state;
    let mut plan = Plan(Vec::new());
    plan.push("decoder.positional_embedding", &[dims.text_ctx, n], Storage::Full);
    plan.push("encoder.positional_embedding", &[dims.audio_ctx, n], Storage::Full);
    plan.push("decoder.token_embedding.weight", &[dims.vocab, n], Storage::Matrix);
    for i in 0..dims.text_layer {
        let block = format!("decoder.blocks.{i}");
        plan.feed_forward_and_self_attention(&block, n);
        plan.norm(&format!("{block}.cross_attn_ln"), n);
        plan.attention(&format!("{block}.cross_attn"), n);
    }
    plan.norm("decoder.ln", n);
    plan.push("encoder.conv1.weight", &[n, dims.mels, 3], Storage::Half);
    plan.push("encoder.conv1.bias", &[n], Storage::Full);
    plan.push("encoder.conv2.weight", &[n, n, 3], Storage::Half);
    plan.push("encoder.conv2.bias", &[n], Storage::Full);
    for i in 0..dims.audio_layer {
        plan.feed_forward_and_self_attention(&format!("encoder.blocks.{i}"), n);
    }
    plan.norm("encoder.ln_post", n);
    plan.0
}

struct Plan(Vec<TensorSpec>);

impl Plan {
    fn push(&mut self, name: &str, shape: &[usize], storage: Storage) {
        self.0.push(TensorSpec { name: name.to_owned(), shape: shape.to_vec(), storage });
    }

    fn norm(&mut self, name: &str, n: usize) {
        self.push(&format!("{name}.weight"), &[n], Storage::Full);
        self.push(&format!("{name}.bias"), &[n], Storage::Full);
    }

    fn linear(&mut self, name: &str, outputs: usize, inputs: usize) {
        self.push(&format!("{name}.weight"), &[outputs, inputs], Storage::Matrix);
        self.push(&format!("{name}.bias"), &[outputs], Storage::Full);
    }

    fn attention(&mut self, name: &str, n: usize) {
        self.linear(&format!("{name}.query"), n, n);
        // Keys have no bias: it would add the same number to every score of a query.
        self.push(&format!("{name}.key.weight"), &[n, n], Storage::Matrix);
        self.linear(&format!("{name}.value"), n, n);
        self.linear(&format!("{name}.out"), n, n);
    }

    fn feed_forward_and_self_attention(&mut self, block: &str, n: usize) {
        self.norm(&format!("{block}.mlp_ln"), n);
        self.linear(&format!("{block}.mlp.0"), 4 * n, n);
        self.linear(&format!("{block}.mlp.2"), n, 4 * n);
        self.norm(&format!("{block}.attn_ln"), n);
        self.attention(&format!("{block}.attn"), n);
    }
}

/// Where the tensors of a Whisper model come from.
///
/// # For implementations
///
/// * `tensor` takes a name of [`plan`] and returns that tensor on the CPU, contiguous, in `PyTorch`'s row-major layout,
///   as f32, f16 or bf16; stacked projections are returned un-stacked.
/// * A name that the source lacks, or data that the file does not hold, is an error, never a panic.
/// * Memory is in the order of the one tensor that is asked for, however large the file says that it is.
/// * The order of calls does not matter, and asking twice gives the same values.
///
/// Every implementation's tests run [`conformance`].
pub trait WeightSource {
    /// The tensor with whisper.cpp's `name`.
    fn tensor(&mut self, name: &str) -> Result<Tensor>;
}

/// A Whisper model whose weights are still in their source.
pub struct Whisper {
    /// Sizes.
    pub dims: Dims,
    /// Bytes of the text tokens by id; special tokens follow them and are not listed.
    pub vocab: Vec<Vec<u8>>,
    /// The weights.
    pub weights: Box<dyn WeightSource>,
}

impl Whisper {
    /// Every tensor in the order of [`plan`], read one at a time, with its shape checked.
    pub fn tensors(&mut self) -> impl Iterator<Item = Result<(TensorSpec, Tensor)>> + '_ {
        plan(&self.dims).into_iter().map(|spec| {
            let tensor = self.weights.tensor(&spec.name)?;
            if tensor.dims() != spec.shape {
                let reason =
                    format!("tensor {} has shape {:?}, expected {:?}", spec.name, tensor.dims(), spec.shape);
                return Err(Problem::Format { path: spec.name.into(), reason }.into());
            }
            Ok((spec, tensor))
        })
    }
}

/// Checks the duties of a [`WeightSource`] on `whisper`, whose tensors `expected` gives in row-major order.
///
/// # Panics
///
/// When a duty is broken.
pub fn conformance(whisper: &mut Whisper, expected: &dyn Fn(&TensorSpec) -> Vec<f32>) {
    let specs = plan(&whisper.dims);
    let mut read = |spec: &TensorSpec| -> Vec<f32> {
        let tensor = whisper.weights.tensor(&spec.name).unwrap_or_else(|e| panic!("{}: {e}", spec.name));
        assert_eq!(tensor.dims(), spec.shape, "shape of {}", spec.name);
        assert!(tensor.is_contiguous(), "{} is not contiguous", spec.name);
        tensor
            .to_dtype(candle_core::DType::F32)
            .and_then(|t| t.flatten_all())
            .and_then(|t| t.to_vec1())
            .unwrap_or_else(|e| panic!("{}: {e}", spec.name))
    };
    for spec in specs.iter().rev().chain(&specs) {
        assert_eq!(read(spec), expected(spec), "values of {}", spec.name);
    }
    for name in ["", "decoder", "encoder.blocks.9999.attn.key.weight", "encoder.blocks.0.attn.key.bias"] {
        assert!(whisper.weights.tensor(name).is_err(), "`{name}` is not a tensor");
    }
}
