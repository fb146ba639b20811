//! Whisper in `CTranslate2`'s binary format, version 6.
//!
//! Little-endian. u32 version; specification name; u32 revision; u32 count; per variable: name, u8 rank, u32 sizes, u8
//! type, u32 bytes, data; then u32 count and per alias two names. A name is a u16 length and that many bytes, the last
//! one zero. (OpenNMT/CTranslate2, `python/ctranslate2/specs/model_spec.py`, `_serialize`.)
//!
//! A self-attention's `linear_0` is query, key and value stacked, `linear_1` the output. A cross-attention's `linear_0`
//! is the query, `linear_1` key and value stacked, `linear_2` the output.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use candle_core::{DType, Device, Tensor};

use crate::{
    Result,
    digest::open_regular,
    error::Error,
    vocab,
    whisper::{Dims, MAX_LAYERS, WeightSource, Whisper},
};

const VERSION: u32 = 6;
const SPECIFICATION: &[u8] = b"WhisperSpec";
/// large-v3 has about 1,100 variables of rank 3 at most; the limits keep the index of a crafted file small.
const MAX_VARIABLES: u32 = 1 << 16;
const MAX_RANK: u8 = 8;

#[derive(Clone, Debug)]
struct Variable {
    shape: Vec<usize>,
    /// `CTranslate2`'s `DataType`.
    dtype: u8,
    offset: u64,
    bytes: u64,
}

impl Variable {
    /// Candle's type, where the values are floating point.
    fn float(&self) -> Option<DType> {
        match self.dtype {
            0 => Some(DType::F32),
            4 => Some(DType::F16),
            5 => Some(DType::BF16),
            _ => None,
        }
    }
}

/// An opened `model.bin`; tensors are read when they are asked for.
pub(crate) struct Ct2<R> {
    reader: R,
    path: PathBuf,
    variables: HashMap<String, Variable>,
}

/// Whether `dir` looks like a `CTranslate2` model.
pub(crate) fn is_dir(dir: &Path) -> bool {
    dir.join("model.bin").is_file() && vocab::in_ctranslate2(dir)
}

/// Opens a `CTranslate2` directory: `model.bin` and its vocabulary.
pub(crate) fn open_dir(dir: &Path) -> Result<Whisper> {
    let path = dir.join("model.bin");
    let (file, meta) = open_regular(&path)?;
    let mut ct2 = Ct2::<BufReader<File>>::open(BufReader::new(file), meta.len(), path)?;
    let dims = ct2.dims()?;
    let vocab = vocab::from_ctranslate2(dir)?;
    Ok(Whisper { dims, vocab, weights: Box::new(ct2) })
}

impl<R: Read + Seek> Ct2<R> {
    /// Reads the index of a file of `len` bytes.
    pub(crate) fn open(reader: R, len: u64, path: PathBuf) -> Result<Self> {
        let mut input = Input { reader, at: 0, len };
        let variables = input.index().map_err(|e| match e {
            Fault::Format(reason) => Error::format(&path, reason),
            Fault::Io(e) => Error::io("read", &path)(e),
        })?;
        Ok(Self { reader: input.reader, path, variables })
    }

    fn variable(&self, name: &str) -> Result<&Variable> {
        self.variables.get(name).ok_or_else(|| Error::format(&self.path, format_args!("no variable {name}")))
    }

    fn size(&self, name: &str, axis: usize) -> Result<usize> {
        let shape = &self.variable(name)?.shape;
        shape
            .get(axis)
            .copied()
            .ok_or_else(|| Error::format(&self.path, format_args!("{name} has shape {shape:?}")))
    }

    fn layers(&self, side: &str) -> usize {
        // One more than the limit of `Dims::check`, which refuses it.
        (0..=MAX_LAYERS)
            .take_while(|i| {
                self.variables.contains_key(&format!("{side}/layer_{i}/self_attention/linear_0/weight"))
            })
            .count()
    }

    /// The sizes, from the shapes of the tensors; the heads are scalars of their own.
    fn dims(&mut self) -> Result<Dims> {
        let state = self.size("decoder/embeddings/weight", 1)?;
        let dims = Dims {
            vocab: self.size("decoder/embeddings/weight", 0)?,
            audio_ctx: self.size("encoder/position_encodings/encodings", 0)?,
            state,
            audio_head: self.integer("encoder/num_heads")?,
            audio_layer: self.layers("encoder"),
            text_ctx: self.size("decoder/position_encodings/encodings", 0)?,
            text_head: self.integer("decoder/num_heads")?,
            text_layer: self.layers("decoder"),
            mels: self.size("encoder/conv1/weight", 1)?,
        };
        dims.check(&self.path)?;
        Ok(dims)
    }

    /// The value of a scalar int8, int16 or int32 variable.
    fn integer(&mut self, name: &str) -> Result<usize> {
        let variable = self.variable(name)?.clone();
        let bad = || Error::format(&self.path, format_args!("{name} is not a positive integer"));
        if !matches!((variable.dtype, variable.bytes), (1, 1) | (2, 2) | (3, 4)) {
            return Err(bad());
        }
        let mut value = [0; 4];
        let bytes = self.read(&variable, 0, variable.bytes)?;
        value[..bytes.len()].copy_from_slice(&bytes);
        // Head counts are small and positive: no sign to extend.
        usize::try_from(i32::from_le_bytes(value))
            .ok()
            .filter(|v| *v < 128)
            .ok_or_else(|| Error::format(&self.path, format_args!("{name} is not a positive integer")))
    }

    fn read(&mut self, variable: &Variable, skip: u64, bytes: u64) -> Result<Vec<u8>> {
        let read = |reader: &mut R| -> io::Result<Vec<u8>> {
            reader.seek(SeekFrom::Start(variable.offset + skip))?;
            // The index has checked that the file holds these bytes.
            let mut data = vec![0; bytes as usize];
            reader.read_exact(&mut data)?;
            Ok(data)
        };
        read(&mut self.reader).map_err(Error::io("read", &self.path))
    }
}

impl<R: Read + Seek> WeightSource for Ct2<R> {
    fn tensor(&mut self, name: &str) -> Result<Tensor> {
        let missing = || Error::format(&self.path, format_args!("no tensor {name}"));
        let Place { variable, part, parts } = place(name).ok_or_else(missing)?;
        let found = self.variable(&variable)?.clone();
        let fail = |reason: String| Error::format(&self.path, format_args!("{variable}: {reason}"));
        let dtype = found.float().ok_or_else(|| {
            fail("integer weights; convert the model with float16 or float32 weights".to_owned())
        })?;
        let mut shape = found.shape.clone();
        if parts > 1 {
            match shape.first_mut() {
                Some(rows) if rows.is_multiple_of(parts) => *rows /= parts,
                _ => return Err(fail(format!("shape {shape:?} does not stack {parts} projections"))),
            }
        }
        let bytes = found.bytes / parts as u64;
        let data = self.read(&found, bytes * part as u64, bytes)?;
        Tensor::from_raw_buffer(&data, dtype, &shape, &Device::Cpu)
            .map_err(|e| Error::format(&self.path, format_args!("{variable}: {e}")))
    }
}

/// Where a tensor is: block `part` of `parts` equal blocks of rows of a variable.
struct Place {
    variable: String,
    part: usize,
    parts: usize,
}

/// Translates whisper.cpp's name.
fn place(name: &str) -> Option<Place> {
    let whole = |variable: String| Some(Place { variable, part: 0, parts: 1 });
    let (side, rest) = name.split_once('.')?;
    if !matches!(side, "encoder" | "decoder") {
        return None;
    }
    match rest {
        "positional_embedding" => return whole(format!("{side}/position_encodings/encodings")),
        "token_embedding.weight" => return whole(format!("{side}/embeddings/weight")),
        _ => {}
    }
    let (owner, kind) = rest.rsplit_once('.')?;
    let norm = match kind {
        "weight" => "gamma",
        "bias" => "beta",
        _ => return None,
    };
    if matches!(owner, "conv1" | "conv2") {
        return whole(format!("{side}/{owner}/{kind}"));
    }
    if matches!((side, owner), ("encoder", "ln_post") | ("decoder", "ln")) {
        return whole(format!("{side}/layer_norm/{norm}"));
    }
    let (layer, owner) = owner.strip_prefix("blocks.")?.split_once('.')?;
    let layer: u16 = layer.parse().ok()?;
    let (module, part, parts) = match owner {
        "mlp_ln" => ("ffn/layer_norm", 0, 1),
        "mlp.0" => ("ffn/linear_0", 0, 1),
        "mlp.2" => ("ffn/linear_1", 0, 1),
        "attn_ln" => ("self_attention/layer_norm", 0, 1),
        "attn.query" => ("self_attention/linear_0", 0, 3),
        "attn.key" => ("self_attention/linear_0", 1, 3),
        "attn.value" => ("self_attention/linear_0", 2, 3),
        "attn.out" => ("self_attention/linear_1", 0, 1),
        "cross_attn_ln" => ("attention/layer_norm", 0, 1),
        "cross_attn.query" => ("attention/linear_0", 0, 1),
        "cross_attn.key" => ("attention/linear_1", 0, 2),
        "cross_attn.value" => ("attention/linear_1", 1, 2),
        "cross_attn.out" => ("attention/linear_2", 0, 1),
        _ => return None,
    };
    // The format has a zero bias for keys, Whisper has none.
    if matches!((owner, kind), ("attn.key" | "cross_attn.key", "bias")) {
        return None;
    }
    let kind = if module.ends_with("layer_norm") { norm } else { kind };
    Some(Place { variable: format!("{side}/layer_{layer}/{module}/{kind}"), part, parts })
}

enum Fault {
    Format(String),
    Io(io::Error),
}

/// Reads the index without ever trusting a length that the file does not hold.
struct Input<R> {
    reader: R,
    at: u64,
    len: u64,
}

impl<R: Read + Seek> Input<R> {
    fn index(&mut self) -> Result<HashMap<String, Variable>, Fault> {
        let version = self.u32()?;
        if version != VERSION {
            return Err(Fault::Format(format!("not a CTranslate2 model of version {VERSION}")));
        }
        let specification = self.name()?;
        if specification.as_bytes() != SPECIFICATION {
            return Err(Fault::Format("not a Whisper model".to_owned()));
        }
        self.u32()?;
        let count = self.count()?;
        let mut variables = HashMap::new();
        for _ in 0..count {
            let name = self.name()?;
            let variable = self.variable(&name)?;
            if variables.insert(name.clone(), variable).is_some() {
                return Err(Fault::Format(format!("variable {name} appears twice")));
            }
        }
        for _ in 0..self.count()? {
            let (alias, name) = (self.name()?, self.name()?);
            let Some(variable) = variables.get(&name).cloned() else {
                return Err(Fault::Format(format!("alias {alias} of unknown variable {name}")));
            };
            variables.entry(alias).or_insert(variable);
        }
        if self.at != self.len {
            return Err(Fault::Format(format!("{} bytes after the end", self.len - self.at)));
        }
        Ok(variables)
    }

    fn variable(&mut self, name: &str) -> Result<Variable, Fault> {
        let [rank] = self.array()?;
        if rank > MAX_RANK {
            return Err(Fault::Format(format!("variable {name} has rank {rank}")));
        }
        let mut shape = Vec::with_capacity(rank.into());
        for _ in 0..rank {
            shape.push(self.u32()? as usize);
        }
        let [dtype] = self.array()?;
        let bytes = u64::from(self.u32()?);
        let width: u64 = match dtype {
            0 | 3 => 4,
            1 => 1,
            2 | 4 | 5 => 2,
            _ => return Err(Fault::Format(format!("variable {name} has unknown type {dtype}"))),
        };
        let expected = shape.iter().try_fold(width, |n, &size| n.checked_mul(size as u64));
        if expected != Some(bytes) {
            return Err(Fault::Format(format!("variable {name} of shape {shape:?} has {bytes} bytes")));
        }
        let offset = self.at;
        self.skip(bytes)?;
        Ok(Variable { shape, dtype, offset, bytes })
    }

    fn name(&mut self) -> Result<String, Fault> {
        let len = u16::from_le_bytes(self.array()?);
        self.need(len.into())?;
        let mut bytes = vec![0; len.into()];
        self.reader.read_exact(&mut bytes).map_err(Fault::Io)?;
        self.at += u64::from(len);
        if bytes.pop() != Some(0) {
            return Err(Fault::Format(format!("a name at byte {} does not end in zero", self.at)));
        }
        String::from_utf8(bytes)
            .map_err(|_| Fault::Format(format!("a name before byte {} is not UTF-8", self.at)))
    }

    fn count(&mut self) -> Result<u32, Fault> {
        let count = self.u32()?;
        if count > MAX_VARIABLES {
            return Err(Fault::Format(format!("{count} variables")));
        }
        Ok(count)
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.need(N as u64)?;
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(Fault::Io)?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Fault> {
        self.need(bytes)?;
        self.at += bytes;
        self.reader.seek(SeekFrom::Start(self.at)).map_err(Fault::Io)?;
        Ok(())
    }

    fn need(&self, bytes: u64) -> Result<(), Fault> {
        if self.len - self.at < bytes {
            return Err(Fault::Format(format!("cut off at byte {} of {}", self.len, self.at + bytes)));
        }
        Ok(())
    }
}
