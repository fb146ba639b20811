//! whisper.cpp's model files.
//!
//! Little-endian. u32 magic; 11 × u32 sizes and file type; u32 mel channels, u32 bins, filters as f32; u32 tokens, each
//! a u32 length and bytes; then tensors to the end of the file: u32 rank, u32 length of the name, u32 encoding, sizes
//! innermost first, name, data. (ggml-org/whisper.cpp 1.8.3, `src/whisper.cpp`, `whisper_model_load`; written as by
//! `models/convert-pt-to-ggml.py` and `examples/quantize/quantize.cpp`.)

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use candle_core::{DType, Device, Tensor, quantized::QTensor};

use crate::{
    Result,
    digest::open_regular,
    error::Error,
    format::{Encoding, Format, QUANTISATION_VERSION_FACTOR},
    mel,
    progress::{Meter, Stage},
    whisper::{Dims, Storage, TensorSpec, WeightSource, Whisper, plan},
};

const MAGIC: u32 = 0x6767_6d6c;
/// Elements quantised at a time: 32 MiB as f32.
const BATCH: usize = 8 << 20;
/// The longest token of Whisper's vocabulary has 128 bytes.
const MAX_TOKEN: u32 = 4_096;

fn encoding(spec: &TensorSpec, matrix: Encoding) -> Encoding {
    match spec.storage {
        Storage::Full => Encoding::F32,
        Storage::Half if matrix == Encoding::F32 => Encoding::F32,
        Storage::Half => Encoding::F16,
        Storage::Matrix => matrix,
    }
}

/// Writes `whisper` as a ggml file in `format`. `input` is for messages.
pub(crate) fn write(
    out: &mut dyn Write,
    whisper: &mut Whisper,
    format: Format,
    input: &Path,
    meter: &mut Meter<'_>,
) -> Result<()> {
    let dims = &whisper.dims;
    if whisper.vocab.len() > dims.vocab {
        return Err(Error::format(input, "more tokens than rows of the embedding"));
    }
    let mut header = Vec::new();
    let sizes = [
        dims.vocab,
        dims.audio_ctx,
        dims.state,
        dims.audio_head,
        dims.audio_layer,
        dims.text_ctx,
        dims.state,
        dims.text_head,
        dims.text_layer,
        dims.mels,
        format.file_type() as usize,
        dims.mels,
        mel::BINS,
    ];
    put(&mut header, &[MAGIC as usize]);
    put(&mut header, &sizes);
    header.extend(mel::filters(dims.mels).iter().flat_map(|w| w.to_le_bytes()));
    put(&mut header, &[whisper.vocab.len()]);
    for token in &whisper.vocab {
        put(&mut header, &[token.len()]);
        header.extend_from_slice(token);
    }
    let mut total = header.len() as u64;
    for spec in plan(dims) {
        let row = spec.shape.last().copied().unwrap_or(1);
        let size = encoding(&spec, format.encoding()).size(spec.elements(), row);
        let size = size.ok_or_else(|| {
            Error::format(input, format_args!("rows of {row} weights cannot be stored as {format}"))
        })?;
        total += size + 12 + 4 * spec.ggml_dims().len() as u64 + spec.name.len() as u64;
    }

    let write_failed = |e| Error::io("write the ggml file of", input)(e);
    out.write_all(&header).map_err(write_failed)?;
    let mut done = header.len() as u64;
    for item in whisper.tensors() {
        meter.bytes(Stage::Converting, done, total)?;
        let (spec, tensor) = item?;
        let ggml_dims = spec.ggml_dims();
        let mut head = Vec::new();
        let encoding = encoding(&spec, format.encoding());
        put(&mut head, &[ggml_dims.len(), spec.name.len(), encoding.id as usize]);
        put(&mut head, &ggml_dims);
        head.extend_from_slice(spec.name.as_bytes());
        out.write_all(&head).map_err(write_failed)?;
        done += head.len() as u64;

        let rows = spec.shape.first().copied().unwrap_or(1);
        let batch = (BATCH / (spec.elements() / rows).max(1)).max(1);
        for start in (0..rows).step_by(batch) {
            let data = tensor
                .narrow(0, start, batch.min(rows - start))
                .and_then(|part| match (spec.storage, format.quantised()) {
                    (Storage::Full, _) => bytes_of(&part, DType::F32),
                    (Storage::Matrix, Some(dtype)) => {
                        Ok(QTensor::quantize(&part, dtype)?.data()?.into_owned())
                    }
                    _ => bytes_of(&part, DType::F16),
                })
                .map_err(|e| Error::format(input, format_args!("{}: {e}", spec.name)))?;
            out.write_all(&data).map_err(write_failed)?;
            done += data.len() as u64;
            meter.bytes(Stage::Converting, done, total)?;
        }
    }
    Ok(())
}

fn put(out: &mut Vec<u8>, values: &[usize]) {
    // Sizes are at most `Dims::check`'s limits, which fit.
    out.extend(values.iter().flat_map(|v| (*v as u32).to_le_bytes()));
}

fn bytes_of(tensor: &Tensor, dtype: DType) -> candle_core::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(tensor.elem_count() * dtype.size_in_bytes());
    tensor.to_dtype(dtype)?.write_bytes(&mut bytes)?;
    Ok(bytes)
}

/// A ggml model whose structure has been checked from end to end: whisper.cpp's own parser trusts the file's sizes and
/// writes out of bounds on crafted ones, so only what passes here may reach it.
pub struct Ggml<R> {
    reader: R,
    path: PathBuf,
    dims: Dims,
    matrices: Encoding,
    filters: Vec<f32>,
    vocab: Vec<Vec<u8>>,
    /// Offset of each tensor of the plan.
    offsets: HashMap<String, (TensorSpec, u64)>,
}

impl Ggml<BufReader<File>> {
    /// Opens and checks a file. The weights themselves are not read.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, meta) = open_regular(path)?;
        Ggml::read(BufReader::new(file), meta.len(), path)
    }
}

impl<R: Read + Seek> Ggml<R> {
    /// Checks a file of `len` bytes. `path` is for messages.
    pub fn read(reader: R, len: u64, path: &Path) -> Result<Self> {
        let mut input = Input { reader, at: 0, len, path };
        if input.u32()? != MAGIC {
            return Err(Error::format(path, "not a ggml file of whisper.cpp"));
        }
        let mut sizes = [0; 11];
        for size in &mut sizes {
            *size = input.u32()? as usize;
        }
        let [
            vocab,
            audio_ctx,
            state,
            audio_head,
            audio_layer,
            text_ctx,
            text_state,
            text_head,
            text_layer,
            mels,
            kind,
        ] = sizes;
        let dims =
            Dims { vocab, audio_ctx, state, audio_head, audio_layer, text_ctx, text_head, text_layer, mels };
        dims.check(path)?;
        if text_state != state {
            return Err(Error::format(path, "encoder and decoder differ in width"));
        }
        let matrices = Encoding::of_file_type(kind as u32 % QUANTISATION_VERSION_FACTOR)
            .ok_or_else(|| Error::format(path, format_args!("unknown file type {kind}")))?;

        if input.u32()? as usize != mels || input.u32()? as usize != mel::BINS {
            return Err(Error::format(path, "mel filters of another size"));
        }
        let bytes = input.bytes(4 * (mels * mel::BINS) as u64)?;
        let filters = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        let tokens = input.u32()? as usize;
        if tokens > vocab {
            return Err(Error::format(path, format_args!("{tokens} tokens for {vocab} rows")));
        }
        let mut words = Vec::new();
        for _ in 0..tokens {
            let len = input.u32()?;
            if len > MAX_TOKEN {
                return Err(Error::format(path, format_args!("a token of {len} bytes")));
            }
            words.push(input.bytes(len.into())?);
        }

        let mut expected: HashMap<String, TensorSpec> =
            plan(&dims).into_iter().map(|spec| (spec.name.clone(), spec)).collect();
        let mut offsets = HashMap::new();
        while input.at < len {
            let (spec, offset) = input.tensor(&mut expected, matrices)?;
            offsets.insert(spec.name.clone(), (spec, offset));
        }
        if let Some(name) = expected.keys().min() {
            return Err(Error::format(
                path,
                format_args!("{} tensors are missing, {name} first", expected.len()),
            ));
        }
        Ok(Self {
            reader: input.reader,
            path: path.to_owned(),
            dims,
            matrices,
            filters,
            vocab: words,
            offsets,
        })
    }

    /// Its sizes.
    pub fn dims(&self) -> &Dims {
        &self.dims
    }

    /// Bytes of its text tokens by id.
    pub fn vocab(&self) -> &[Vec<u8>] {
        &self.vocab
    }

    /// Its mel filters, `[mels][201]`.
    pub fn filters(&self) -> &[f32] {
        &self.filters
    }

    /// Its format, where this crate can write that format too.
    pub fn format(&self) -> Option<Format> {
        Format::ALL.into_iter().find(|f| f.encoding() == self.matrices)
    }
}

impl<R: Read + Seek + 'static> Ggml<R> {
    /// The model, to be written in another format. Fails for quantised files: quantising twice loses more than once.
    pub(crate) fn into_whisper(self) -> Result<Whisper> {
        if self.matrices.block != 1 {
            return Err(Error::format(
                &self.path,
                "already quantised, cannot be converted to another format",
            ));
        }
        Ok(Whisper { dims: self.dims.clone(), vocab: self.vocab.clone(), weights: Box::new(self) })
    }
}

impl<R: Read + Seek> WeightSource for Ggml<R> {
    fn tensor(&mut self, name: &str) -> Result<Tensor> {
        let Some((spec, offset)) = self.offsets.get(name) else {
            return Err(Error::format(&self.path, format_args!("no tensor {name}")));
        };
        let encoding = encoding(spec, self.matrices);
        let dtype = match encoding {
            Encoding::F32 => DType::F32,
            Encoding::F16 => DType::F16,
            _ => return Err(Error::format(&self.path, format_args!("{name} is quantised"))),
        };
        let mut data = vec![0; spec.elements() * encoding.bytes];
        self.reader
            .seek(SeekFrom::Start(*offset))
            .and_then(|_| self.reader.read_exact(&mut data))
            .map_err(Error::io("read", &self.path))?;
        Tensor::from_raw_buffer(&data, dtype, &spec.shape, &Device::Cpu)
            .map_err(|e| Error::format(&self.path, format_args!("{name}: {e}")))
    }
}

struct Input<'a, R> {
    reader: R,
    at: u64,
    len: u64,
    path: &'a Path,
}

impl<R: Read + Seek> Input<'_, R> {
    /// Takes the next tensor's description off `expected` and passes over its data.
    fn tensor(
        &mut self,
        expected: &mut HashMap<String, TensorSpec>,
        matrices: Encoding,
    ) -> Result<(TensorSpec, u64)> {
        let (rank, name_len, id) = (self.u32()?, self.u32()?, self.u32()?);
        if rank > 3 || name_len > 256 {
            return Err(Error::format(self.path, "a tensor's rank or name is out of bounds"));
        }
        let mut dims = Vec::new();
        for _ in 0..rank {
            dims.push(self.u32()? as usize);
        }
        let name = String::from_utf8_lossy(&self.bytes(name_len.into())?).into_owned();
        let Some(spec) = expected.remove(&name) else {
            return Err(Error::format(self.path, format_args!("unknown or repeated tensor {name:?}")));
        };
        let encoding = encoding(&spec, matrices);
        if id != encoding.id || dims != spec.ggml_dims() {
            let reason =
                format!("tensor {name}: sizes {dims:?} in encoding {id} do not belong to this model");
            return Err(Error::format(self.path, reason));
        }
        let row = spec.shape.last().copied().unwrap_or(1);
        let Some(bytes) = encoding.size(spec.elements(), row) else {
            return Err(Error::format(self.path, format_args!("tensor {name}: rows are not whole blocks")));
        };
        let offset = self.at;
        self.need(bytes)?;
        self.at += bytes;
        self.reader.seek(SeekFrom::Start(self.at)).map_err(|e| self.failed(e))?;
        Ok((spec, offset))
    }

    fn u32(&mut self) -> Result<u32> {
        self.need(4)?;
        let mut bytes = [0; 4];
        self.reader.read_exact(&mut bytes).map_err(|e| self.failed(e))?;
        self.at += 4;
        Ok(u32::from_le_bytes(bytes))
    }

    fn bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        self.need(len)?;
        let mut bytes = vec![0; len as usize];
        self.reader.read_exact(&mut bytes).map_err(|e| self.failed(e))?;
        self.at += len;
        Ok(bytes)
    }

    fn need(&self, bytes: u64) -> Result<()> {
        if self.len - self.at < bytes {
            return Err(Error::format(self.path, format_args!("cut off at byte {}", self.len)));
        }
        Ok(())
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::io("read", self.path)(error)
    }
}
