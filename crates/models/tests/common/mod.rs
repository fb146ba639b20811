//! A synthetic Whisper with a few small dimensions, written in each format that the crate reads.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::{collections::HashMap, fs, path::Path, sync::atomic::AtomicBool};

use candle_core::{DType, Device, Tensor};
use models::{Dims, Event, Format, TensorSpec, plan};

/// Small sizes that keep every relation of the real ones; rows are whole quantisation blocks.
pub fn dims() -> Dims {
    Dims {
        vocab: 12,
        audio_ctx: 8,
        state: 32,
        audio_head: 4,
        audio_layer: 2,
        text_ctx: 6,
        text_head: 2,
        text_layer: 1,
        mels: 4,
    }
}

/// Text tokens as the model files spell them: "!", " the", "あ", "", then special tokens.
pub const TOKENS: [&str; 6] = ["!", "Ġthe", "ãģĤ", "", "<|endoftext|>", "<|ja|>"];
pub fn vocab() -> Vec<Vec<u8>> {
    vec![b"!".to_vec(), b" the".to_vec(), "あ".as_bytes().to_vec(), Vec::new()]
}

/// Values of a tensor: multiples of 1/1024 in [-0.5, 0.5), exact in f16, different for every tensor and place.
pub fn values(spec: &TensorSpec) -> Vec<f32> {
    let mut state =
        spec.name.bytes().fold(0x1234_5678_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    (0..spec.elements())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) % 1_024) as f32 / 1_024.0 - 0.5
        })
        .collect()
}

pub fn all_values() -> HashMap<String, Vec<f32>> {
    plan(&dims()).iter().map(|spec| (spec.name.clone(), values(spec))).collect()
}

pub fn silent() -> impl FnMut(&Event<'_>) {
    |_: &Event<'_>| {}
}

pub fn never() -> AtomicBool {
    AtomicBool::new(false)
}

fn f16_bytes(values: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let tensor = Tensor::from_slice(values, values.len(), &Device::Cpu).unwrap();
    tensor.to_dtype(DType::F16).unwrap().write_bytes(&mut bytes).unwrap();
    bytes
}

/// `model.bin` of the synthetic model, and the byte offsets at which its fields begin.
pub fn ct2_bytes() -> (Vec<u8>, Vec<usize>) {
    let d = dims();
    let v = all_values();
    let mut variables: Vec<(String, Vec<usize>, u8, Vec<u8>)> = Vec::new();
    let mut floats = |name: String, shape: Vec<usize>, parts: &[&str]| {
        let joined: Vec<f32> = parts.iter().flat_map(|p| v[*p].clone()).collect();
        assert_eq!(joined.len(), shape.iter().product::<usize>(), "{name}");
        variables.push((name, shape, 4, f16_bytes(&joined)));
    };
    let n = d.state;
    for (side, ctx, layers) in
        [("encoder", d.audio_ctx, d.audio_layer), ("decoder", d.text_ctx, d.text_layer)]
    {
        let position = format!("{side}.positional_embedding");
        floats(format!("{side}/position_encodings/encodings"), vec![ctx, n], &[&position]);
        let norm = if side == "encoder" { "encoder.ln_post" } else { "decoder.ln" };
        floats(format!("{side}/layer_norm/gamma"), vec![n], &[&format!("{norm}.weight")]);
        floats(format!("{side}/layer_norm/beta"), vec![n], &[&format!("{norm}.bias")]);
        for i in 0..layers {
            let (to, from) = (format!("{side}/layer_{i}"), format!("{side}.blocks.{i}"));
            let attentions: &[(&str, &str)] = if side == "encoder" {
                &[("self_attention", "attn")]
            } else {
                &[("self_attention", "attn"), ("attention", "cross_attn")]
            };
            for (module, name) in attentions {
                floats(
                    format!("{to}/{module}/layer_norm/gamma"),
                    vec![n],
                    &[&format!("{from}.{name}_ln.weight")],
                );
                floats(
                    format!("{to}/{module}/layer_norm/beta"),
                    vec![n],
                    &[&format!("{from}.{name}_ln.bias")],
                );
                let stacks: &[&[&str]] = if *name == "attn" {
                    &[&["query", "key", "value"], &["out"]]
                } else {
                    &[&["query"], &["key", "value"], &["out"]]
                };
                for (j, stack) in stacks.iter().enumerate() {
                    let weights: Vec<String> =
                        stack.iter().map(|p| format!("{from}.{name}.{p}.weight")).collect();
                    let weights: Vec<&str> = weights.iter().map(String::as_str).collect();
                    floats(format!("{to}/{module}/linear_{j}/weight"), vec![stack.len() * n, n], &weights);
                    // The stacked bias has a zero for keys; its place holds the query's here, which must not be read.
                    let biases: Vec<String> = stack
                        .iter()
                        .map(|p| if *p == "key" { "query" } else { p })
                        .map(|p| format!("{from}.{name}.{p}.bias"))
                        .collect();
                    let biases: Vec<&str> = biases.iter().map(String::as_str).collect();
                    floats(format!("{to}/{module}/linear_{j}/bias"), vec![stack.len() * n], &biases);
                }
            }
            floats(format!("{to}/ffn/layer_norm/gamma"), vec![n], &[&format!("{from}.mlp_ln.weight")]);
            floats(format!("{to}/ffn/layer_norm/beta"), vec![n], &[&format!("{from}.mlp_ln.bias")]);
            for (j, name, rows, columns) in [(0, "mlp.0", 4 * n, n), (1, "mlp.2", n, 4 * n)] {
                floats(
                    format!("{to}/ffn/linear_{j}/weight"),
                    vec![rows, columns],
                    &[&format!("{from}.{name}.weight")],
                );
                floats(format!("{to}/ffn/linear_{j}/bias"), vec![rows], &[&format!("{from}.{name}.bias")]);
            }
        }
    }
    floats("decoder/embeddings/weight".into(), vec![d.vocab, n], &["decoder.token_embedding.weight"]);
    for (conv, inputs) in [("conv1", d.mels), ("conv2", n)] {
        floats(format!("encoder/{conv}/weight"), vec![n, inputs, 3], &[&format!("encoder.{conv}.weight")]);
        floats(format!("encoder/{conv}/bias"), vec![n], &[&format!("encoder.{conv}.bias")]);
    }
    for (side, heads) in [("encoder", d.audio_head), ("decoder", d.text_head)] {
        variables.push((format!("{side}/num_heads"), vec![], 2, (heads as i16).to_le_bytes().to_vec()));
    }
    variables.sort();

    let mut out = Bytes::default();
    out.u32(6);
    out.name("WhisperSpec");
    out.u32(3);
    out.u32(variables.len() as u32);
    for (name, shape, dtype, data) in &variables {
        out.name(name);
        out.put(&[shape.len() as u8]);
        for size in shape {
            out.u32(*size as u32);
        }
        out.put(&[*dtype]);
        out.u32(data.len() as u32);
        out.put(data);
    }
    out.u32(1);
    out.name("decoder/projection/weight");
    out.name("decoder/embeddings/weight");
    (out.bytes, out.fields)
}

#[derive(Default)]
struct Bytes {
    bytes: Vec<u8>,
    fields: Vec<usize>,
}

impl Bytes {
    fn put(&mut self, bytes: &[u8]) {
        self.fields.push(self.bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    fn u32(&mut self, value: u32) {
        self.put(&value.to_le_bytes());
    }

    fn name(&mut self, name: &str) {
        self.put(&(name.len() as u16 + 1).to_le_bytes());
        self.put(name.as_bytes());
        self.put(&[0]);
    }
}

/// Writes the synthetic model as a `CTranslate2` directory.
pub fn write_ct2(dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    fs::write(dir.join("model.bin"), ct2_bytes().0).unwrap();
    fs::write(dir.join("vocabulary.json"), serde_json::to_string(&TOKENS).unwrap()).unwrap();
}

/// Writes the synthetic model as a Hugging Face directory, in two shards when asked to.
pub fn write_hf(dir: &Path, sharded: bool) {
    fs::create_dir_all(dir).unwrap();
    let d = dims();
    let config = serde_json::json!({
        "model_type": "whisper", "vocab_size": d.vocab, "d_model": d.state, "num_mel_bins": d.mels,
        "encoder_layers": d.audio_layer, "encoder_attention_heads": d.audio_head,
        "decoder_layers": d.text_layer, "decoder_attention_heads": d.text_head,
        "max_source_positions": d.audio_ctx, "max_target_positions": d.text_ctx, "torch_dtype": "float32",
    });
    fs::write(dir.join("config.json"), config.to_string()).unwrap();
    let vocab: HashMap<&str, usize> = TOKENS.iter().enumerate().map(|(i, t)| (*t, i)).collect();
    fs::write(dir.join("vocab.json"), serde_json::to_string(&vocab).unwrap()).unwrap();

    let mut shards = [HashMap::new(), HashMap::new()];
    for (i, spec) in plan(&d).iter().enumerate() {
        let tensor = Tensor::from_vec(values(spec), spec.shape.clone(), &Device::Cpu).unwrap();
        shards[usize::from(sharded && i % 2 == 1)].insert(hf_name(&spec.name), tensor);
    }
    if !sharded {
        candle_core::safetensors::save(&shards[0], dir.join("model.safetensors")).unwrap();
        return;
    }
    let mut map = HashMap::new();
    for (i, shard) in shards.iter().enumerate() {
        let file = format!("model-0000{}-of-00002.safetensors", i + 1);
        candle_core::safetensors::save(shard, dir.join(&file)).unwrap();
        map.extend(shard.keys().map(|name| (name.clone(), file.clone())));
    }
    let index = serde_json::json!({ "metadata": {}, "weight_map": map });
    fs::write(dir.join("model.safetensors.index.json"), index.to_string()).unwrap();
}

fn hf_name(name: &str) -> String {
    let mut name = format!("model.{name}");
    for (from, to) in [
        ("positional_embedding", "embed_positions.weight"),
        ("token_embedding", "embed_tokens"),
        ("ln_post", "layer_norm"),
        ("decoder.ln.", "decoder.layer_norm."),
        ("blocks", "layers"),
        ("cross_attn_ln", "encoder_attn_layer_norm"),
        ("cross_attn.", "encoder_attn."),
        (".attn_ln", ".self_attn_layer_norm"),
        (".attn.", ".self_attn."),
        ("mlp_ln", "final_layer_norm"),
        ("mlp.0", "fc1"),
        ("mlp.2", "fc2"),
        ("query", "q_proj"),
        ("key", "k_proj"),
        ("value", "v_proj"),
        (".out.", ".out_proj."),
    ] {
        name = name.replace(from, to);
    }
    name
}

/// Converts a model in memory.
pub fn ggml(input: &Path, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    models::convert(input, &mut out, format, &never(), &mut silent()).unwrap();
    out
}

pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let byte = |text: String, b: &u8| text + &format!("{b:02x}");
    Sha256::digest(bytes).iter().fold(String::new(), byte)
}

/// A manifest with one model, `synthetic`, whose file is `bytes`.
pub fn manifest(bytes: &[u8], sources: &str, bundle: &str) -> models::Manifest {
    manifest_with(bytes.len() as u64, &sha256(bytes), "f16", sources, bundle)
}

pub fn manifest_with(size: u64, sha256: &str, format: &str, sources: &str, bundle: &str) -> models::Manifest {
    let text = format!(
        r#"
        [[family]]
        name = "f"
        licence = "MIT"
        languages = ["ja"]
        lineage = "synthetic"
        cer = []
        [[model]]
        name = "synthetic"
        family = "f"
        format = "{format}"
        file = "ggml-synthetic.bin"
        size = {size}
        sha256 = ["{sha256}"]
        default = true
        source = [{sources}]
        {bundle}
        "#
    );
    models::Manifest::parse(&text).unwrap()
}

/// Names in a directory, sorted; the lock file aside.
pub fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .map(|entries| entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.retain(|n| n != ".lock");
    names.sort();
    names
}
