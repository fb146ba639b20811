//! A Whisper with the smallest dimensions that engines take, of numbers that mean nothing, in each format.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use models::{Dims, Format, TensorSpec, plan};
use safetensors::{Dtype, View};

/// Text tokens of a multilingual vocabulary.
const TEXT_TOKENS: usize = 50_257;

pub(crate) fn dims() -> Dims {
    Dims {
        vocab: 51_865,
        audio_ctx: 1_500,
        state: 64,
        audio_head: 1,
        audio_layer: 1,
        text_ctx: 448,
        text_head: 1,
        text_layer: 1,
        mels: 80,
    }
}

/// A tensor of a safetensors file.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl View for &Stored {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        (&self.bytes[..]).into()
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// Multiples of 1/1024 around 0, norms' weights around 1: exact in half precision.
fn values(spec: &TensorSpec) -> Vec<f32> {
    let mut state =
        spec.name.bytes().fold(0x1234_5678_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    let base = if spec.name.contains("ln") && spec.name.ends_with("weight") { 1.0 } else { 0.0 };
    (0..spec.elements())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            base + ((state >> 16) % 256) as f32 / 1_024.0 - 0.125
        })
        .collect()
}

/// The model's tensors under Hugging Face's names.
pub(crate) fn tensors() -> HashMap<String, Stored> {
    let stored = |spec: TensorSpec| {
        let [name, _] = layout::hugging_face::tensor_names(&spec.name).unwrap();
        let bytes = values(&spec).into_iter().flat_map(f32::to_le_bytes).collect();
        (name, Stored { dtype: Dtype::F32, shape: spec.shape, bytes })
    };
    plan(&dims()).into_iter().map(stored).collect()
}

/// `vocab.json`: every byte, then texts of digits.
pub(crate) fn vocabulary(text_tokens: usize) -> String {
    let printable = |b: &u8| matches!(b, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let own = (0..=u8::MAX).filter(printable).map(char::from);
    let bytes = own.chain('\u{100}'..'\u{144}').map(String::from);
    let texts = bytes.chain((256..).map(|number: usize| number.to_string())).take(text_tokens);
    let numbered: serde_json::Map<_, _> =
        texts.chain(["<|endoftext|>".to_owned()]).zip((0..).map(|i: u32| i.into())).collect();
    serde_json::Value::Object(numbered).to_string()
}

pub(crate) fn config() -> serde_json::Value {
    let d = dims();
    serde_json::json!({
        "model_type": "whisper",
        "encoder_attention_heads": d.audio_head,
        "decoder_attention_heads": d.text_head,
        "encoder_layers": d.audio_layer,
        "decoder_layers": d.text_layer,
        "d_model": d.state,
        "num_mel_bins": d.mels,
        "max_source_positions": d.audio_ctx,
        "max_target_positions": d.text_ctx,
        "vocab_size": d.vocab,
    })
}

/// Writes a Hugging Face directory.
pub(crate) fn write_directory(directory: &Path) {
    fs::write(directory.join("config.json"), config().to_string()).unwrap();
    fs::write(directory.join("vocab.json"), vocabulary(TEXT_TOKENS)).unwrap();
    write_tensors(&directory.join("model.safetensors"), &tensors());
}

pub(crate) fn write_tensors(path: &Path, tensors: &HashMap<String, Stored>) {
    safetensors::serialize_to_file(tensors, None, path).unwrap();
}

/// Converts a directory to a ggml file.
pub(crate) fn convert(directory: &Path, path: &Path, format: Format) {
    let mut file = File::create(path).unwrap();
    let mut quiet = |_: &models::Event<'_>| {};
    models::convert(directory, &mut file, format, &AtomicBool::new(false), &mut quiet).unwrap();
}
