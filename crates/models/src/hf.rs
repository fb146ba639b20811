//! Whisper as Hugging Face saves it: `config.json`, `model.safetensors` (or shards with an index), a vocabulary.
//!
//! A safetensors file is a u64 length, that many bytes of JSON `{name: {dtype, shape, data_offsets}}`, and the data;
//! offsets count from the data's start. (huggingface/safetensors, README, "Format".) candle reads such a file whole or
//! maps it, which is unsafe; a float32 medium model is 3 GB, so tensors are read one by one here.

use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use candle_core::{DType, Device, Tensor};
use layout::hugging_face::{CONFIG, Config, INDEX, MAX_HEADER, SINGLE, shards, tensor_names};
use serde::Deserialize;

use crate::{
    Result,
    digest::open_regular,
    error::Error,
    vocab,
    whisper::{Dims, WeightSource, Whisper},
};

#[derive(Deserialize)]
struct Header {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

struct Entry {
    shard: usize,
    dtype: Option<DType>,
    shape: Vec<usize>,
    offset: u64,
    bytes: u64,
}

struct Safetensors {
    dir: PathBuf,
    shards: Vec<(PathBuf, File)>,
    entries: HashMap<String, Entry>,
}

/// Whether `dir` looks like a Hugging Face model with safetensors weights.
pub(crate) fn is_dir(dir: &Path) -> bool {
    dir.join(CONFIG).is_file() && [SINGLE, INDEX].iter().any(|name| dir.join(name).is_file())
}

/// The files of the weights, where `path` is a Hugging Face directory or a `.safetensors` file in one; else `None`.
pub(crate) fn weights(path: &Path) -> Result<Option<Vec<PathBuf>>> {
    if path.is_dir() && is_dir(path) {
        return Ok(Some(files(path)?.into_iter().map(|name| path.join(name)).collect()));
    }
    let is_safetensors = path.extension().is_some_and(|extension| extension == "safetensors");
    let beside = is_safetensors && path.is_file() && path.with_file_name(CONFIG).is_file();
    Ok(beside.then(|| vec![path.to_owned()]))
}

/// Names of the files of the weights in a directory.
fn files(dir: &Path) -> Result<BTreeSet<String>> {
    if dir.join(SINGLE).is_file() {
        return Ok([SINGLE.to_owned()].into());
    }
    let path = dir.join(INDEX);
    shards(&vocab::read(&path)?).map_err(|e| vocab::bad(&path, &e))
}

/// Opens a Hugging Face directory.
pub(crate) fn open_dir(dir: &Path) -> Result<Whisper> {
    let path = dir.join(CONFIG);
    let config = Config::read(&vocab::read(&path)?).map_err(|e| vocab::bad(&path, &e))?;
    let dims = Dims {
        vocab: config.vocab_size,
        audio_ctx: config.max_source_positions,
        state: config.d_model,
        audio_head: config.encoder_attention_heads,
        audio_layer: config.encoder_layers,
        text_ctx: config.max_target_positions,
        text_head: config.decoder_attention_heads,
        text_layer: config.decoder_layers,
        mels: config.num_mel_bins,
    };
    dims.check(&path)?;
    let weights = Safetensors::open(dir)?;
    let vocab = vocab::from_hugging_face(dir)?;
    Ok(Whisper { dims, vocab, weights: Box::new(weights) })
}

impl Safetensors {
    fn open(dir: &Path) -> Result<Self> {
        let mut this = Self { dir: dir.to_owned(), shards: Vec::new(), entries: HashMap::new() };
        for name in files(dir)? {
            this.add(dir.join(name))?;
        }
        Ok(this)
    }

    fn add(&mut self, path: PathBuf) -> Result<()> {
        let (mut file, meta) = open_regular(&path)?;
        let mut len = [0; 8];
        file.read_exact(&mut len).map_err(|_| Error::format(&path, "cut off"))?;
        let header = u64::from_le_bytes(len);
        let data = meta.len() - 8;
        if header > MAX_HEADER || header > data {
            return Err(Error::format(&path, "not a safetensors file"));
        }
        let data = data - header;
        let mut json = Vec::new();
        file.by_ref().take(header).read_to_end(&mut json).map_err(Error::io("read", &path))?;
        let tensors: HashMap<String, serde_json::Value> =
            serde_json::from_slice(&json).map_err(|e| Error::format(&path, e))?;
        let shard = self.shards.len();
        for (name, value) in tensors {
            if name == "__metadata__" {
                continue;
            }
            let bad = |reason: &str| Error::format(&path, format_args!("tensor {name}: {reason}"));
            let tensor: Header = serde_json::from_value(value).map_err(|e| bad(&e.to_string()))?;
            let (start, end) = tensor.data_offsets;
            if start > end || end > data {
                return Err(bad("its data lies outside the file"));
            }
            let dtype = match tensor.dtype.as_str() {
                "F32" => Some(DType::F32),
                "F16" => Some(DType::F16),
                "BF16" => Some(DType::BF16),
                _ => None,
            };
            if let Some(dtype) = dtype {
                let width = dtype.size_in_bytes() as u64;
                let bytes = tensor.shape.iter().try_fold(width, |n, &size| n.checked_mul(size as u64));
                if bytes != Some(end - start) {
                    return Err(bad("its shape does not fit its data"));
                }
            }
            let entry =
                Entry { shard, dtype, shape: tensor.shape, offset: 8 + header + start, bytes: end - start };
            if self.entries.insert(name.clone(), entry).is_some() {
                return Err(bad("appears twice"));
            }
        }
        self.shards.push((path, file));
        Ok(())
    }
}

impl WeightSource for Safetensors {
    fn tensor(&mut self, name: &str) -> Result<Tensor> {
        let found = tensor_names(name)
            .and_then(|names| names.into_iter().find_map(|name| self.entries.get(&name).map(|e| (name, e))));
        let Some((name, entry)) = found else {
            return Err(Error::format(&self.dir, format_args!("no tensor {name}")));
        };
        let Some((path, file)) = self.shards.get_mut(entry.shard) else {
            return Err(Error::format(&self.dir, format_args!("no tensor {name}")));
        };
        let Some(dtype) = entry.dtype else {
            return Err(Error::format(&path, format_args!("{name} is not in float32, float16 or bfloat16")));
        };
        let mut data = vec![0; entry.bytes as usize];
        file.seek(SeekFrom::Start(entry.offset))
            .and_then(|_| file.read_exact(&mut data))
            .map_err(Error::io("read", &*path))?;
        Tensor::from_raw_buffer(&data, dtype, &entry.shape, &Device::Cpu)
            .map_err(|e| Error::format(&path, format_args!("{name}: {e}")))
    }
}
