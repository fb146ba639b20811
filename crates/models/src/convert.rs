//! From any model that we can read to a ggml file.

use std::{io::Write, path::Path, sync::atomic::AtomicBool};

use crate::{
    Result, ct2,
    error::{Error, Problem},
    format::Format,
    ggml::{self, Ggml},
    hf,
    progress::{Meter, Progress},
    whisper::Whisper,
};

/// Opens a Whisper model: a `CTranslate2` directory, a Hugging Face safetensors directory, or a ggml file with f16 or
/// f32 weights. Weights are read later, tensor by tensor.
pub fn open(input: &Path) -> Result<Whisper> {
    if input.is_dir() {
        return if ct2::is_dir(input) {
            ct2::open_dir(input)
        } else if hf::is_dir(input) {
            hf::open_dir(input)
        } else {
            Err(Error::format(
                input,
                "neither a CTranslate2 directory (model.bin, vocabulary.json) nor a Hugging Face directory \
                 (model.safetensors, config.json)",
            ))
        };
    }
    if !input.exists() {
        return Err(Problem::NoSuchFile { path: input.to_owned() }.into());
    }
    Ggml::open(input)?.into_whisper()
}

/// Writes the model at `input` to `output` as a ggml file in `format`.
///
/// The same input and format give the same bytes. Memory: about twice the largest tensor at f16 and
/// 64 MiB; 130 MB for base.
/// A set `cancel` flag ends it within one tensor.
pub fn convert(
    input: &Path,
    output: &mut dyn Write,
    format: Format,
    cancel: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<()> {
    let mut whisper = open(input)?;
    ggml::write(output, &mut whisper, format, input, &mut Meter::new(progress, cancel))
}
