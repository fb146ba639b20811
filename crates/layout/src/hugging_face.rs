//! Whisper as Hugging Face saves it: `config.json`, `model.safetensors` (or shards with an index), a vocabulary.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use serde::Deserialize;

use crate::Error;

/// The configuration's file.
pub const CONFIG: &str = "config.json";
/// All weights in one file.
pub const SINGLE: &str = "model.safetensors";
/// Which shard holds which weights.
pub const INDEX: &str = "model.safetensors.index.json";
/// Longest header of a safetensors file; that of a large-v3 shard is about 130 kB.
pub const MAX_HEADER: u64 = 16 << 20;
const MAX_SHARDS: usize = 256;

/// What `config.json` says about a Whisper model.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    model_type: String,
    /// Attention heads of the encoder.
    pub encoder_attention_heads: usize,
    /// Attention heads of the decoder.
    pub decoder_attention_heads: usize,
    /// Encoder blocks.
    pub encoder_layers: usize,
    /// Decoder blocks.
    pub decoder_layers: usize,
    /// Width of encoder and decoder.
    pub d_model: usize,
    /// Mel bands.
    pub num_mel_bins: usize,
    /// Encoder positions.
    pub max_source_positions: usize,
    /// Decoder positions.
    pub max_target_positions: usize,
    /// Rows of the token embedding.
    pub vocab_size: usize,
}

impl Config {
    /// Reads `config.json`. Sizes are not checked.
    ///
    /// # Errors
    /// Where it is of another kind of model, or a size is missing.
    pub fn read(json: &[u8]) -> Result<Self, Error> {
        let config: Self = serde_json::from_slice(json)?;
        if config.model_type == "whisper" { Ok(config) } else { Err(Error::NotWhisper) }
    }
}

/// Names of the shards in `model.safetensors.index.json`.
///
/// # Errors
/// Where one is not the plain name of a file beside the index.
pub fn shards(json: &[u8]) -> Result<BTreeSet<String>, Error> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: HashMap<String, String>,
    }
    let index: Index = serde_json::from_slice(json)?;
    let names: BTreeSet<String> = index.weight_map.into_values().collect();
    let outside = |name: &String| Path::new(name).components().count() != 1 || name.starts_with('.');
    if names.len() > MAX_SHARDS || names.iter().any(outside) {
        return Err(Error::Shards);
    }
    Ok(names)
}

/// Names under which a directory may hold whisper.cpp's tensor `name`: `WhisperForConditionalGeneration` prefixes `model.`,
/// `WhisperModel` does not.
#[must_use]
pub fn tensor_names(name: &str) -> Option<[String; 2]> {
    let name = translate(name)?;
    Some([format!("model.{name}"), name])
}

/// Hugging Face's name, without the prefix `model.`, of whisper.cpp's.
fn translate(name: &str) -> Option<String> {
    let (side, rest) = name.split_once('.')?;
    let fixed = match (side, rest) {
        ("encoder" | "decoder", "positional_embedding") => Some("embed_positions.weight"),
        ("decoder", "token_embedding.weight") => Some("embed_tokens.weight"),
        ("encoder", "conv1.weight" | "conv1.bias" | "conv2.weight" | "conv2.bias") => Some(rest),
        ("encoder", "ln_post.weight") | ("decoder", "ln.weight") => Some("layer_norm.weight"),
        ("encoder", "ln_post.bias") | ("decoder", "ln.bias") => Some("layer_norm.bias"),
        _ => None,
    };
    if let Some(fixed) = fixed {
        return Some(format!("{side}.{fixed}"));
    }
    let (layer, rest) = rest.strip_prefix("blocks.")?.split_once('.')?;
    let layer: u16 = layer.parse().ok()?;
    let (owner, kind) = rest.rsplit_once('.')?;
    let module = match owner {
        "mlp_ln" => "final_layer_norm",
        "mlp.0" => "fc1",
        "mlp.2" => "fc2",
        "attn_ln" => "self_attn_layer_norm",
        "attn.query" => "self_attn.q_proj",
        "attn.key" => "self_attn.k_proj",
        "attn.value" => "self_attn.v_proj",
        "attn.out" => "self_attn.out_proj",
        "cross_attn_ln" => "encoder_attn_layer_norm",
        "cross_attn.query" => "encoder_attn.q_proj",
        "cross_attn.key" => "encoder_attn.k_proj",
        "cross_attn.value" => "encoder_attn.v_proj",
        "cross_attn.out" => "encoder_attn.out_proj",
        _ => return None,
    };
    Some(format!("{side}.layers.{layer}.{module}.{kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_published_directories() {
        for (ours, theirs) in [
            ("encoder.conv1.weight", "encoder.conv1.weight"),
            ("decoder.token_embedding.weight", "decoder.embed_tokens.weight"),
            ("encoder.ln_post.bias", "encoder.layer_norm.bias"),
            ("decoder.blocks.11.cross_attn.key.weight", "decoder.layers.11.encoder_attn.k_proj.weight"),
            ("encoder.blocks.0.mlp.2.bias", "encoder.layers.0.fc2.bias"),
        ] {
            assert_eq!(tensor_names(ours), Some([format!("model.{theirs}"), theirs.to_owned()]));
        }
        assert_eq!(tensor_names("encoder.blocks.0.attn.norm.weight"), None);
        assert_eq!(tensor_names(""), None);
    }

    #[test]
    fn another_kind_of_model_is_refused() {
        let json = |kind: &str| {
            format!(
                r#"{{"model_type": "{kind}", "encoder_attention_heads": 8, "decoder_attention_heads": 8,
                "encoder_layers": 6, "decoder_layers": 6, "d_model": 512, "num_mel_bins": 80,
                "max_source_positions": 1500, "max_target_positions": 448, "vocab_size": 51865}}"#
            )
        };
        assert_eq!(Config::read(json("whisper").as_bytes()).unwrap().d_model, 512);
        assert!(matches!(Config::read(json("bert").as_bytes()), Err(Error::NotWhisper)));
        assert!(matches!(Config::read(br#"{"model_type": "whisper"}"#), Err(Error::Json(_))));
    }

    #[test]
    fn shards_lie_beside_the_index() {
        let index = |shard: &str| shards(format!(r#"{{"weight_map": {{"w": "{shard}"}}}}"#).as_bytes());
        assert_eq!(index("a.safetensors").unwrap().len(), 1);
        for elsewhere in ["../a", "/etc/passwd", "b/a", ".", ".."] {
            assert!(matches!(index(elsewhere), Err(Error::Shards)), "{elsewhere}");
        }
    }
}
