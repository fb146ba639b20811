//! A bounds-checked reader of ggml Whisper files.
//!
//! The native engine reads its weights with it. whisper.cpp's own reader trusts the numbers in the file: a length taken
//! from a damaged file becomes an allocation or an index. [`inspect`] walks the whole structure in safe Rust before it,
//! without reading the weights, and refuses what does not add up. It is a second fence: callers compare the file's
//! SHA-256 with the manifest first.
//!
//! Layout, little-endian: magic `ggml`; eleven i32 (the [`Header`]); mel filters (u32 rows, u32 columns, f32 each);
//! vocabulary (i32 count, then u32 length and bytes each); tensors until the end (i32 rank, i32 name length, i32 type,
//! i32 dimensions, name, data).

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// `ggml` read as a little-endian number.
const MAGIC: u32 = 0x6767_6d6c;
/// Positions of a 512-point transform that the filters weight; whisper.cpp computes 400-point frames: 201 bins.
const N_BINS: u32 = 1 + 400 / 2;
/// Longest token of a vocabulary, in bytes. The longest in the published ones has 128 × 4.
const MAX_TOKEN_BYTES: u32 = 1024;

/// Dimensions of a Whisper model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Tokens that the decoder can emit; 51,864 in English-only models.
    pub n_vocab: u32,
    /// Encoder positions, of 20 ms each.
    pub n_audio_ctx: u32,
    /// Width of the encoder.
    pub n_audio_state: u32,
    /// Attention heads of the encoder.
    pub n_audio_head: u32,
    /// Layers of the encoder.
    pub n_audio_layer: u32,
    /// Decoder positions.
    pub n_text_ctx: u32,
    /// Width of the decoder.
    pub n_text_state: u32,
    /// Attention heads of the decoder.
    pub n_text_head: u32,
    /// Layers of the decoder.
    pub n_text_layer: u32,
    /// Mel bands: 80 or 128.
    pub n_mels: u32,
    /// Type of the large tensors, plus 1000 × the version of the quantisation.
    pub ftype: u32,
}

impl Header {
    /// Whether the model was trained on more than English.
    #[must_use]
    pub fn is_multilingual(&self) -> bool {
        self.n_vocab >= 51_865
    }

    /// Refuses numbers that no Whisper model has.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let within = |name, value: u32, low: u32, high: u32| {
            if (low..=high).contains(&value) { Ok(()) } else { Err(ModelError::Dimension { name, value }) }
        };
        within("n_vocab", self.n_vocab, 51_864, 60_000)?;
        within("n_audio_ctx", self.n_audio_ctx, 64, 3_000)?;
        within("n_audio_state", self.n_audio_state, 64, 4_096)?;
        within("n_audio_head", self.n_audio_head, 1, 64)?;
        within("n_audio_layer", self.n_audio_layer, 1, 64)?;
        within("n_text_ctx", self.n_text_ctx, 64, 4_096)?;
        // whisper.cpp's cross-attention takes the encoder's output as it is.
        within("n_text_state", self.n_text_state, self.n_audio_state, self.n_audio_state)?;
        within("n_text_head", self.n_text_head, 1, 64)?;
        within("n_text_layer", self.n_text_layer, 1, 64)?;
        within("ftype", self.ftype % 1000, 0, 25)?;
        if self.n_mels != 80 && self.n_mels != 128 {
            return Err(ModelError::Dimension { name: "n_mels", value: self.n_mels });
        }
        if !self.n_audio_state.is_multiple_of(self.n_audio_head) {
            return Err(ModelError::Dimension { name: "n_audio_head", value: self.n_audio_head });
        }
        if !self.n_text_state.is_multiple_of(self.n_text_head) {
            return Err(ModelError::Dimension { name: "n_text_head", value: self.n_text_head });
        }
        Ok(())
    }

    /// Most tensors that whisper.cpp reserves room for: per block 15 in the encoder, 24 in the decoder.
    fn max_tensors(&self) -> usize {
        25 + 15 * self.n_audio_layer as usize + 24 * self.n_text_layer as usize
    }

    /// Number of weights that a Whisper model of these dimensions has.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let [audio, text] = [self.n_audio_state, self.n_text_state].map(u64::from);
        // Per block: four attention matrices, two of the feed-forward net (each 4 × wide), biases, two layer norms.
        let encoder_block = 12 * audio * audio + 12 * audio;
        // The decoder's has a second attention (four matrices, three biases, one layer norm).
        let decoder_block = 16 * text * text + 17 * text;
        let convolutions = 3 * u64::from(self.n_mels) * audio + 3 * audio * audio + 2 * audio;
        u64::from(self.n_audio_ctx) * audio
            + convolutions
            + 2 * audio
            + u64::from(self.n_audio_layer) * encoder_block
            + u64::from(self.n_vocab) * text
            + u64::from(self.n_text_ctx) * text
            + 2 * text
            + u64::from(self.n_text_layer) * decoder_block
    }
}

/// Why a file is not a usable model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file could not be read.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// It does not start with ggml's magic number.
    #[error("the file does not start with the ggml magic number")]
    Magic,
    /// A dimension is not one that a Whisper model can have.
    #[error("a dimension in the header is not plausible: {name} = {value}")]
    Dimension {
        /// Name of the header field.
        name: &'static str,
        /// What the file says.
        value: u32,
    },
    /// The vocabulary is longer than the header says, or holds an oversized token.
    #[error("the vocabulary does not fit the header: entry {entry}")]
    Vocabulary {
        /// Number of the entry, from 0.
        entry: u32,
    },
    /// A tensor's rank, type, name or size is wrong, or it appears twice.
    #[error("a tensor is not plausible: tensor {index}")]
    Tensor {
        /// Number of the tensor in the file, from 0.
        index: usize,
    },
    /// A tensor that a Whisper model has is missing, or has other dimensions than the header says.
    #[error("a tensor is missing or has other dimensions than the header says: {name}")]
    Shape {
        /// Its name.
        name: String,
    },
    /// The weights are of a type that the engine does not read.
    #[error("the engine does not read weights of this type: {kind}")]
    Type {
        /// ggml's number of the type.
        kind: u32,
    },
    /// The weights of a safetensors file are not floating-point numbers.
    #[error("the engine does not read weights of this type: {kind} in {name}")]
    Number {
        /// Name of the tensor.
        name: String,
        /// Name of the type.
        kind: String,
    },
    /// What lies beside the weights of a Hugging Face model is not that of a Whisper model.
    #[error("the model's description cannot be used: {file}")]
    Description {
        /// Name of the file.
        file: String,
        /// What is wrong with it.
        source: layout::Error,
    },
    /// The file ends before its contents do.
    #[error("the file is cut short at byte {length}")]
    Truncated {
        /// Length of the file.
        length: u64,
    },
    /// The system gives no memory for it.
    #[error("there is not enough memory: {bytes} bytes")]
    Memory {
        /// How much was asked for.
        bytes: u64,
    },
    /// The tensors do not hold as many weights as the header's dimensions need.
    #[error("the file holds {found} weights, its header needs {expected}")]
    Weights {
        /// By the header.
        expected: u64,
        /// In the file.
        found: u64,
    },
}

/// Opens a regular file; a directory, a device or a pipe is refused rather than waited for.
pub(crate) fn open_file(path: &Path) -> io::Result<BufReader<File>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok(BufReader::with_capacity(1 << 20, File::open(path)?))
}

/// What [`inspect`] keeps of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    /// The dimensions.
    pub header: Header,
    /// The mel filters, `[n_mels][201]`, row by row.
    pub filters: Vec<f32>,
}

/// Checks a whole ggml Whisper file. The weights themselves are skipped, not read.
///
/// # Errors
/// The first thing that does not add up; memory use stays below the file's length whatever the file says.
pub fn inspect(file: impl BufRead + Seek) -> Result<Contents, ModelError> {
    let mut file = ModelFile::open(file)?;
    while file.next_tensor()?.is_some() {}
    Ok(file.contents)
}

/// A ggml Whisper file that is read tensor by tensor.
pub(crate) struct ModelFile<R> {
    reader: Bounded<R>,
    pub(crate) contents: Contents,
    /// The vocabulary's entries as bytes, in the order of their numbers.
    pub(crate) tokens: Vec<Vec<u8>>,
    names: HashSet<String>,
    weights: u64,
    /// Bytes of the last tensor that nobody has read.
    pending: u64,
}

/// What a file says about a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TensorHead {
    pub(crate) name: String,
    /// ggml's number of the type.
    pub(crate) kind: u32,
    /// The fastest dimension first.
    pub(crate) dims: Vec<usize>,
    bytes: u64,
}

impl<R: BufRead + Seek> ModelFile<R> {
    /// Reads what stands before the tensors.
    pub(crate) fn open(mut file: R) -> Result<Self, ModelError> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        let mut reader = Bounded { file, at: 0, length };
        if reader.u32().map_err(|_| ModelError::Magic)? != MAGIC {
            return Err(ModelError::Magic);
        }
        let header = read_header(&mut reader)?;
        let (rows, columns) = (reader.u32()?, reader.u32()?);
        if rows != header.n_mels {
            return Err(ModelError::Dimension { name: "filters", value: rows });
        }
        if columns != N_BINS {
            return Err(ModelError::Dimension { name: "filter_bins", value: columns });
        }
        let filters =
            (0..rows * columns).map(|_| reader.u32().map(f32::from_bits)).collect::<Result<_, _>>()?;
        let words = reader.u32()?;
        if words == 0 || words > header.n_vocab {
            return Err(ModelError::Vocabulary { entry: words });
        }
        let mut tokens = Vec::new();
        for entry in 0..words {
            let bytes = reader.u32()?;
            if bytes > MAX_TOKEN_BYTES {
                return Err(ModelError::Vocabulary { entry });
            }
            tokens.push(reader.bytes(bytes.into())?);
        }
        let contents = Contents { header, filters };
        Ok(Self { reader, contents, tokens, names: HashSet::new(), weights: 0, pending: 0 })
    }

    /// The next tensor; its weights are skipped where [`ModelFile::weights`] is not called before the next call.
    /// `None` at the end of a file whose tensors hold what its header needs.
    pub(crate) fn next_tensor(&mut self) -> Result<Option<TensorHead>, ModelError> {
        self.reader.skip(std::mem::take(&mut self.pending))?;
        if self.reader.at == self.reader.length {
            let (expected, found) = (self.contents.header.parameters(), self.weights);
            return if found == expected { Ok(None) } else { Err(ModelError::Weights { expected, found }) };
        }
        let index = self.names.len();
        if index >= self.contents.header.max_tensors() {
            return Err(ModelError::Tensor { index });
        }
        let head = read_tensor(&mut self.reader, index)?;
        if !self.names.insert(head.name.clone()) {
            return Err(ModelError::Tensor { index });
        }
        let weights = head.dims.iter().map(|dim| *dim as u64).product();
        self.weights = self.weights.saturating_add(weights);
        self.pending = head.bytes;
        Ok(Some(head))
    }

    /// Length of the file.
    pub(crate) fn length(&self) -> u64 {
        self.reader.length
    }

    /// The bytes of the tensor that was last returned.
    pub(crate) fn weights(&mut self) -> Result<Vec<u8>, ModelError> {
        self.reader.bytes(std::mem::take(&mut self.pending))
    }
}

/// Reads the eleven numbers and refuses those that no Whisper model has.
fn read_header(reader: &mut Bounded<impl BufRead + Seek>) -> Result<Header, ModelError> {
    let header = Header {
        n_vocab: reader.u32()?,
        n_audio_ctx: reader.u32()?,
        n_audio_state: reader.u32()?,
        n_audio_head: reader.u32()?,
        n_audio_layer: reader.u32()?,
        n_text_ctx: reader.u32()?,
        n_text_state: reader.u32()?,
        n_text_head: reader.u32()?,
        n_text_layer: reader.u32()?,
        n_mels: reader.u32()?,
        ftype: reader.u32()?,
    };
    header.check()?;
    Ok(header)
}

/// Reads one tensor's description; its data, which follows, is known to be in the file.
fn read_tensor(reader: &mut Bounded<impl BufRead + Seek>, index: usize) -> Result<TensorHead, ModelError> {
    let wrong = || ModelError::Tensor { index };
    let (rank, name_bytes, kind) = (reader.u32()?, reader.u32()?, reader.u32()?);
    if !(1..=4).contains(&rank) || !(1..=128).contains(&name_bytes) {
        return Err(wrong());
    }
    let mut weights = 1_u64;
    let mut dims = Vec::new();
    for _ in 0..rank {
        let size = u64::from(reader.u32()?);
        dims.push(size as usize);
        weights = weights
            .checked_mul(size)
            .filter(|n| (1..=u64::from(u32::MAX >> 1)).contains(n))
            .ok_or_else(wrong)?;
    }
    let name = String::from_utf8(reader.bytes(name_bytes.into())?).map_err(|_| wrong())?;
    let (block, bytes) = block_layout(kind).ok_or_else(wrong)?;
    if !dims[0].is_multiple_of(block as usize) {
        return Err(wrong());
    }
    let bytes = weights / block * bytes;
    reader.expect(bytes)?;
    Ok(TensorHead { name, kind, dims, bytes })
}

/// Weights per block and bytes per block of a ggml type that whisper.cpp writes (`ggml.h`, `enum ggml_type`).
fn block_layout(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 => (1, 4),      // f32
        1 => (1, 2),      // f16
        2 => (32, 18),    // q4_0
        3 => (32, 20),    // q4_1
        6 => (32, 22),    // q5_0
        7 => (32, 24),    // q5_1
        8 => (32, 34),    // q8_0
        10 => (256, 84),  // q2_K
        11 => (256, 110), // q3_K
        12 => (256, 144), // q4_K
        13 => (256, 176), // q5_K
        14 => (256, 210), // q6_K
        _ => return None,
    })
}

/// A reader that knows where the file ends.
struct Bounded<R> {
    file: R,
    at: u64,
    length: u64,
}

impl<R: BufRead + Seek> Bounded<R> {
    fn claim(&mut self, bytes: u64) -> Result<(), ModelError> {
        self.expect(bytes)?;
        self.at += bytes;
        Ok(())
    }

    fn u32(&mut self) -> Result<u32, ModelError> {
        self.claim(4)?;
        let mut bytes = [0; 4];
        self.file.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Refuses a length that reaches beyond the end.
    fn expect(&self, bytes: u64) -> Result<(), ModelError> {
        match self.at.checked_add(bytes) {
            Some(end) if end <= self.length => Ok(()),
            _ => Err(ModelError::Truncated { length: self.length }),
        }
    }

    fn bytes(&mut self, count: u64) -> Result<Vec<u8>, ModelError> {
        self.claim(count)?;
        let mut bytes = Vec::with_capacity(count as usize);
        self.file.by_ref().take(count).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), ModelError> {
        self.claim(bytes)?;
        // Short hops stay in the reader's buffer; `claim` has bounded the number.
        self.file.seek_relative(bytes.cast_signed())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
