//! A model in a Hugging Face directory: `config.json`, `model.safetensors` or shards of it, and a vocabulary.
//!
//! A safetensors file is a u64 length, that many bytes of JSON `{name: {dtype, shape, data_offsets}}`, and the data
//! (huggingface/safetensors, README, "Format"). The crate `safetensors` checks the JSON: shapes fit their data, which lies
//! side by side without gaps. Tensors are read one by one.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use kernels::{Isa, Precision};
use layout::hugging_face::{CONFIG, Config, INDEX, MAX_HEADER, SINGLE, shards, tensor_names};
use layout::{mel, vocabulary};
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::dequantise::{BF16, F16, F32};
use super::room;
use super::weights::{Loaded, Source, Tensor, pack};
use crate::ggml::{Contents, Header, ModelError};

/// More than ten times the largest vocabulary.
const MAX_DESCRIPTION: u64 = 64 << 20;

/// Whether a path is that of a Hugging Face directory, or of a `.safetensors` file in one.
pub(super) fn is_one(path: &Path) -> bool {
    place(path).is_some_and(|(directory, _)| directory.join(CONFIG).is_file())
}

/// The directory, and the file in it where one is named.
fn place(path: &Path) -> Option<(&Path, Option<&str>)> {
    match path.extension() {
        Some(extension) if extension == "safetensors" && path.is_file() => {
            Some((path.parent()?, Some(path.file_name()?.to_str()?)))
        }
        _ => Some((path, None)),
    }
}

/// Reads a directory, or the named file with what lies beside it.
pub(super) fn load(path: &Path, isa: Isa, precision: Precision) -> Result<Loaded, ModelError> {
    let (directory, file) = place(path).unwrap_or((path, None));
    let described = |file: &str| {
        let file = file.to_owned();
        move |source| ModelError::Description { file, source }
    };
    let config = Config::read(&read(&directory.join(CONFIG), MAX_DESCRIPTION)?).map_err(described(CONFIG))?;
    let header = header(&config)?;
    let files = match file {
        Some(file) => [file.to_owned()].into(),
        None if directory.join(SINGLE).is_file() => [SINGLE.to_owned()].into(),
        None => shards(&read(&directory.join(INDEX), MAX_DESCRIPTION)?).map_err(described(INDEX))?,
    };
    let mut source = Shards::default();
    for file in files {
        source.add(&directory.join(&file), &file)?;
    }
    // Tensors are read one by one.
    let sizes = || source.entries.values().map(|entry| entry.bytes as u64);
    let largest = sizes().max().unwrap_or(0);
    room::ask(room::loading(&header, sizes().sum(), 0, precision) + largest)?;
    let weights = pack(header, source, isa, precision)?;
    let plain = directory.join("vocab.json");
    let tokens = if plain.is_file() {
        vocabulary::from_vocab(&read(&plain, MAX_DESCRIPTION)?).map_err(described("vocab.json"))?
    } else {
        let json = read(&directory.join("tokenizer.json"), MAX_DESCRIPTION)?;
        vocabulary::from_tokenizer(&json).map_err(described("tokenizer.json"))?
    };
    let filters = mel::filters(header.n_mels as usize);
    Ok(Loaded { weights, contents: Contents { header, filters }, tokens })
}

fn header(config: &Config) -> Result<Header, ModelError> {
    // What does not fit is not plausible either.
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let header = Header {
        n_vocab: number(config.vocab_size),
        n_audio_ctx: number(config.max_source_positions),
        n_audio_state: number(config.d_model),
        n_audio_head: number(config.encoder_attention_heads),
        n_audio_layer: number(config.encoder_layers),
        n_text_ctx: number(config.max_target_positions),
        n_text_state: number(config.d_model),
        n_text_head: number(config.decoder_attention_heads),
        n_text_layer: number(config.decoder_layers),
        n_mels: number(config.num_mel_bins),
        ftype: 0,
    };
    header.check()?;
    Ok(header)
}

/// Opens a regular file; a device or a pipe is refused rather than waited for.
fn open(path: &Path) -> Result<(File, u64), ModelError> {
    let meta = std::fs::metadata(path)?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file").into());
    }
    Ok((File::open(path)?, meta.len()))
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, ModelError> {
    let (file, length) = open(path)?;
    if length > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "too large for a description").into());
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The safetensors files of a directory.
#[derive(Default)]
struct Shards {
    files: Vec<File>,
    entries: HashMap<String, Entry>,
}

struct Entry {
    file: usize,
    dtype: Dtype,
    /// The slowest dimension first.
    shape: Vec<usize>,
    offset: u64,
    bytes: usize,
}

impl Shards {
    fn add(&mut self, path: &Path, name: &str) -> Result<(), ModelError> {
        let (mut file, length) = open(path)?;
        let cut = ModelError::Truncated { length };
        let mut bytes = [0; 8];
        if length < 8 {
            return Err(cut);
        }
        file.read_exact(&mut bytes)?;
        let json_length = u64::from_le_bytes(bytes);
        if json_length > MAX_HEADER.min(length - 8) {
            return Err(cut);
        }
        let mut json = Vec::new();
        file.by_ref().take(json_length).read_to_end(&mut json)?;
        let described = |source: serde_json::Error| ModelError::Description {
            file: name.to_owned(),
            source: layout::Error::Json(source),
        };
        let metadata: Metadata = serde_json::from_slice(&json).map_err(described)?;
        let start = 8 + json_length;
        if metadata.data_len() as u64 != length - start {
            return Err(cut);
        }
        for (name, info) in metadata.tensors() {
            let (from, to) = info.data_offsets;
            let entry = Entry {
                file: self.files.len(),
                dtype: info.dtype,
                shape: info.shape.clone(),
                offset: start + from as u64,
                bytes: to - from,
            };
            if self.entries.insert(name.clone(), entry).is_some() {
                return Err(ModelError::Shape { name });
            }
        }
        self.files.push(file);
        Ok(())
    }
}

impl Source for Shards {
    fn tensor(&mut self, name: &str) -> Result<Option<Tensor>, ModelError> {
        let names = tensor_names(name).into_iter().flatten();
        let Some(entry) = names.into_iter().find_map(|name| self.entries.remove(&name)) else {
            return Ok(None);
        };
        let kind = match entry.dtype {
            Dtype::F32 => F32,
            Dtype::F16 => F16,
            Dtype::BF16 => BF16,
            other => return Err(ModelError::Number { name: name.to_owned(), kind: format!("{other:?}") }),
        };
        let file = &mut self.files[entry.file];
        let mut bytes = vec![0; entry.bytes];
        file.seek(SeekFrom::Start(entry.offset))?;
        file.read_exact(&mut bytes)?;
        Ok(Some(Tensor { kind, dims: entry.shape.into_iter().rev().collect(), bytes }))
    }
}
