//! Encodings of a ggml file's matrices.

use std::fmt;

use candle_core::quantized::GgmlDType;
use serde::{Deserialize, Serialize};

use crate::{Result, error::Problem};

/// How the matrices of a model file are stored. Other tensors are f16 or f32 in every format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Format {
    /// Half-precision floating point, 16 bits per weight.
    #[default]
    #[serde(rename = "f16")]
    F16,
    /// Blocks of 32 weights with 5 bits each and a scale: 5.5 bits per weight.
    #[serde(rename = "q5_0")]
    Q5_0,
    /// Blocks of 32 weights with 5 bits each, a scale and a minimum: 6 bits per weight.
    #[serde(rename = "q5_1")]
    Q5_1,
    /// Blocks of 32 weights with 8 bits each and a scale: 8.5 bits per weight.
    #[serde(rename = "q8_0")]
    Q8_0,
}

/// whisper.cpp's `GGML_QNT_VERSION * GGML_QNT_VERSION_FACTOR`, added to the file type of quantised files.
const QUANTISATION_VERSION: u32 = 2 * QUANTISATION_VERSION_FACTOR;
pub(crate) const QUANTISATION_VERSION_FACTOR: u32 = 1_000;

impl Format {
    /// Every format that can be written.
    pub const ALL: [Self; 4] = [Self::F16, Self::Q8_0, Self::Q5_1, Self::Q5_0];

    /// The format called `name`, e.g. `q8_0`.
    pub fn by_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            Problem::Unknown { what: "format", name: name.to_owned(), known }.into()
        })
    }

    /// Its name in file names and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::Q8_0 => "q8_0",
        }
    }

    /// The file type in a ggml header (`ggml_ftype`).
    pub(crate) fn file_type(self) -> u32 {
        match self {
            Self::F16 => 1,
            Self::Q8_0 => QUANTISATION_VERSION + 7,
            Self::Q5_0 => QUANTISATION_VERSION + 8,
            Self::Q5_1 => QUANTISATION_VERSION + 9,
        }
    }

    /// Candle's quantised type, `None` for f16.
    pub(crate) fn quantised(self) -> Option<GgmlDType> {
        match self {
            Self::F16 => None,
            Self::Q5_0 => Some(GgmlDType::Q5_0),
            Self::Q5_1 => Some(GgmlDType::Q5_1),
            Self::Q8_0 => Some(GgmlDType::Q8_0),
        }
    }

    /// The encoding of matrices.
    pub(crate) fn encoding(self) -> Encoding {
        match self {
            Self::F16 => Encoding::F16,
            Self::Q5_0 => Encoding::Q5_0,
            Self::Q5_1 => Encoding::Q5_1,
            Self::Q8_0 => Encoding::Q8_0,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A tensor encoding (`ggml_type`): its number, the elements of a block, the bytes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoding {
    pub(crate) id: u32,
    pub(crate) block: usize,
    pub(crate) bytes: usize,
}

impl Encoding {
    pub(crate) const F32: Self = Self { id: 0, block: 1, bytes: 4 };
    pub(crate) const F16: Self = Self { id: 1, block: 1, bytes: 2 };
    const Q4_0: Self = Self { id: 2, block: 32, bytes: 18 };
    const Q4_1: Self = Self { id: 3, block: 32, bytes: 20 };
    const Q5_0: Self = Self { id: 6, block: 32, bytes: 22 };
    const Q5_1: Self = Self { id: 7, block: 32, bytes: 24 };
    const Q8_0: Self = Self { id: 8, block: 32, bytes: 34 };
    const Q2_K: Self = Self { id: 10, block: 256, bytes: 84 };
    const Q3_K: Self = Self { id: 11, block: 256, bytes: 110 };
    const Q4_K: Self = Self { id: 12, block: 256, bytes: 144 };
    const Q5_K: Self = Self { id: 13, block: 256, bytes: 176 };
    const Q6_K: Self = Self { id: 14, block: 256, bytes: 210 };

    /// The encoding of matrices in a file of type `file_type` (`ggml_ftype`, quantisation version removed).
    pub(crate) fn of_file_type(file_type: u32) -> Option<Self> {
        Some(match file_type {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::Q4_0,
            3 => Self::Q4_1,
            7 => Self::Q8_0,
            8 => Self::Q5_0,
            9 => Self::Q5_1,
            10 => Self::Q2_K,
            11 => Self::Q3_K,
            12 => Self::Q4_K,
            13 => Self::Q5_K,
            14 => Self::Q6_K,
            _ => return None,
        })
    }

    /// Bytes of a tensor of `elements` in rows of `row`; `None` where rows are not whole blocks.
    pub(crate) fn size(self, elements: usize, row: usize) -> Option<u64> {
        row.is_multiple_of(self.block).then(|| elements as u64 / self.block as u64 * self.bytes as u64)
    }
}
